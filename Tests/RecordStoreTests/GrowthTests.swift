import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import RecordStore

/// Much coming and going over few records: what the files grow to must not depend on how long it has gone on.
///
/// GROWTH_OPERATIONS=1000000 is the long run.
struct GrowthTests {
    private static let operationCount =
        ProcessInfo.processInfo.environment["GROWTH_OPERATIONS"].flatMap(Int.init) ?? 6_000
    private static let liveCount = 100
    private static let changeCount = 500

    @Test func filesStayBoundedHoweverLongItGoesOn() async throws {
        try await withScratch { path in
            let store = try await SQLiteStore.open(at: path)
            var random = SeededGenerator(seed: Seeds.ci[0])
            var live: [Int] = []
            var next = 0
            var sizes: [Int] = []
            let space = EmbeddingSpace(model: "growth", revision: "0", dimension: 96)
            func content(_ text: String) -> RecordContent {
                RecordContent(
                    digest: SHA256.digest(of: text), terms: text.split(separator: " ").map(String.init),
                    embedding: StoredEmbedding(space: space, vector: random.vector(dimension: 96)))
            }
            func text() -> String {
                (0..<20).map { _ in "w\(Int.random(in: 0..<100_000, using: &random))" }.joined(separator: " ")
            }
            var units: [[StoreMutation]] = []
            for step in 1...Self.operationCount {
                let kind = Int.random(in: 0..<3, using: &random)
                if live.count < Self.liveCount / 2 || kind == 0 && live.count < Self.liveCount {
                    next += 1
                    let text = text()
                    units.append([
                        .insert(
                            StoreSample.record(next, text, tags: ["t\(next % 9)"]), content(text), onDuplicate: .keep)
                    ])
                    live.append(next)
                } else {
                    let place = Int.random(in: 0..<live.count, using: &random)
                    let id = StoreSample.id(live[place])
                    if kind == 1 {
                        let text = text()
                        units.append([
                            .update(id, namespace: "a", RecordPatch(text: text), content: content(text), ifChange: nil)
                        ])
                    } else {
                        units.append([.forget(.ids([id]), namespace: "a")])
                        live.swapAt(place, live.count - 1)
                        live.removeLast()
                    }
                }
                guard units.count == 100 || step == Self.operationCount else { continue }
                for result in try await store.commit(units, at: StoreSample.time(Int64(step))) { _ = try result.get() }
                units = []
                // What a background job does between writes: a bounded share of the time.
                _ = try await store.trimChanges(keepingLast: Self.changeCount, stepCountMax: 400)
                _ = try await store.reclaim(pageCountMax: 64)
                if step % (Self.operationCount / 12 / 100 * 100) == 0 { sizes.append(store.fileBytes()) }
            }
            #expect(try await store.numbers().count == live.count)
            #expect(sizes.count >= 12)
            let (early, late) = (sizes[2..<6].max() ?? 0, sizes[6...].max() ?? 0)
            #expect(Double(late) < 1.25 * Double(early), "files grow: \(sizes)")
            #expect(late < 24 << 20, "files of \(late) bytes for \(Self.liveCount) records")
            #expect(try await store.verify { $0.split(separator: " ").map(String.init) } == [])
            try await store.close()
        }
    }
}
