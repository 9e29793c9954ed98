import Foundation
import StrataCore
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// The files of vector indexes: a cache that is right, or not used.
@Suite struct IndexFileTests {
    private static let embedder = SeededEmbedder(dimension: 24, seed: 5)
    private static let countMax = 60
    /// No two sessions make the same ids.
    private static let sessions = Mutex<UInt64>(100)

    private func open(_ scratch: Scratch, clock: ManualClock = ManualClock()) async throws -> MemoryEngine {
        let seed = Self.sessions.withLock { number in
            number += 1
            return number
        }
        return try await openEngine(at: scratch.path, embedder: Self.embedder, clock: clock, seed: seed) {
            $0.vectorIndex.exactCountMax = Self.countMax
            $0.vectorIndex.unsavedChangeCountMax = 20
            $0.nearDuplicates = nil
            $0.cache = nil
            // What is embedded is the query as the test asks it.
            $0.queryCut.recordShareMax = 1
            // The first hits are those of the highest cosines.
            ($0.ranking.importance, $0.ranking.recency, $0.ranking.use) = (0, 0, 0)
            ($0.ranking.statement, $0.ranking.number, $0.ranking.length) = (0, 0, 0)
        }
    }

    private func texts(_ range: Range<Int>) -> [NewMemory] {
        range.map { NewMemory("number \($0) of kind \($0 % 7) and sort \($0 % 11)") }
    }

    private func folder(_ scratch: Scratch) -> String { scratch.path + "/index" }

    private func files(_ scratch: Scratch) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder(scratch))) ?? []).sorted()
    }

    private func path(_ scratch: Scratch, _ suffix: String) throws -> String {
        folder(scratch) + "/" + (try #require(files(scratch).first { $0.hasSuffix(suffix) }))
    }

    /// A closed memory of 200 records whose graph is in a file.
    private func filled() async throws -> Scratch {
        let scratch = try Scratch()
        let engine = try await open(scratch)
        for result in try await engine.remember(texts(0..<200)) { _ = try result.get() }
        _ = try await engine.recall("number 3")
        await engine.indexes?.settled()
        try await engine.close()
        return scratch
    }

    private func copy(_ scratch: Scratch) throws -> Scratch {
        let copy = try Scratch()
        try FileManager.default.removeItem(atPath: copy.path)
        try FileManager.default.copyItem(atPath: scratch.path, toPath: copy.path)
        return copy
    }

    /// Compares with every stored vector.
    private func expectExact(_ engine: MemoryEngine, _ comment: String) async throws -> [Degradation] {
        let snapshot = try await engine.store.vectors(in: "default", space: Self.embedder.space)
        let dimension = Self.embedder.space.dimension
        var degradations: [Degradation] = []
        for query in ["number 17 of kind 3", "sort 5", "kind 1 and sort 2 number 150"] {
            let vector = try await Self.embedder.embed([query], as: .query)[0].vector
            let scores = snapshot.keys.indices.map { row in
                zip(vector, snapshot.components[row * dimension..<(row + 1) * dimension]).reduce(Float(0)) {
                    $0 + $1.0 * $1.1
                }
            }.sorted(by: >)
            let answer = try await engine.recall(
                query, limit: 12, options: RecallOptions(signals: .vector, countsUse: false))
            degradations += answer.degradations
            let found = answer.compactMap { hit in hit.parts.first { $0.name == .vector }?.raw }.sorted(by: >)
            #expect(found.count == min(12, snapshot.keys.count), "\(comment)")
            for (found, expected) in zip(found, scores) {
                // What lies below 0 counts as 0, and is in the order of the keys.
                #expect(abs(max(0, Float(found)) - max(0, expected)) < 1e-4, "\(comment): \(query)")
            }
        }
        return degradations
    }

    @Test func aFileIsWrittenOpenedAndCaughtUpWithTheChangeLog() async throws {
        let scratch = try await filled()
        #expect(files(scratch).count == 2)
        var engine = try await open(scratch)
        #expect(try await expectExact(engine, "as saved").isEmpty)
        var statistics = try #require(try await engine.stats().vectorIndexes.first)
        #expect(statistics.kind == .graph && statistics.linkedCount == 200 && statistics.file == .saved)
        #expect(statistics.recall != nil && statistics.fileBytes > 200 * 24 * 4)
        // Few changes: the file stays as it is, and the next opening reads them from the log.
        let before = files(scratch)
        for result in try await engine.remember(texts(200..<205)) { _ = try result.get() }
        try await engine.close()
        #expect(files(scratch) == before)
        engine = try await open(scratch)
        #expect(try await expectExact(engine, "five later").isEmpty)
        statistics = try #require(try await engine.stats().vectorIndexes.first)
        #expect(statistics.vectorCount == 205)
        let answer = try await engine.recall("number 203 of kind 0 and sort 5")
        #expect(answer.first?.record.text == "number 203 of kind 0 and sort 5")
        #expect(answer.stages.first { $0.name == .vectorSearch }?.isExact == false)
        #expect(answer.stages.first { $0.name == .vectorSearch }?.measuredRecall != nil)
        try await engine.close()
    }

    @Test func damageOfEveryKindIsFoundAnsweredExactlyAndMended() async throws {
        let source = try await filled()
        let graph = try path(source, ".graph")
        let size = try Data(contentsOf: URL(fileURLWithPath: graph)).count
        let starts = [0, 8, 16, 40, 248, 4096, 4096 * 2, 4096 * 3, size - 4096 * 3, size - 4096 * 2, size - 20_000]
        var damages: [(name: String, isGraph: Bool, change: (inout Data) -> Void)] = []
        var random = SeededGenerator(seed: 11)
        for start in starts {
            // Every section begins with bytes that count.
            let (at, bit) = (start + Int.random(in: 0..<8, using: &random), Int.random(in: 0..<8, using: &random))
            damages.append(("bit \(bit) of byte \(at)", true, { $0[at] ^= 1 << UInt8(bit) }))
        }
        for length in [0, 7, 255, 256, 4096, size / 2, size - 1] {
            damages.append(("\(length) bytes", true, { $0 = $0.prefix(length) }))
        }
        damages.append(("a longer file", true, { $0.append(0) }))
        damages.append(("a newer version", true, { $0[8] = 2 }))
        let label = try Data(contentsOf: URL(fileURLWithPath: try path(source, ".json")))
        for at in stride(from: 0, to: label.count, by: 17) {
            damages.append(("byte \(at) of the label", false, { $0[at] ^= 0x21 }))
        }
        for length in [0, 1, label.count / 2, label.count - 1] {
            damages.append(("\(length) bytes of the label", false, { $0 = $0.prefix(length) }))
        }
        for damage in damages {
            let scratch = try copy(source)
            let file = URL(fileURLWithPath: try path(scratch, damage.isGraph ? ".graph" : ".json"))
            var data = try Data(contentsOf: file)
            damage.change(&data)
            try data.write(to: file)
            let engine = try await open(scratch)
            let notices = try await expectExact(engine, damage.name)
            #expect(notices.map(\.code) == ["index_rebuilt"], "\(damage.name)")
            await engine.indexes?.settled()
            try await engine.close()
            let mended = try await open(scratch)
            #expect(try await expectExact(mended, damage.name).isEmpty, "\(damage.name)")
            try await mended.close()
        }
    }

    @Test func aFileWithoutItsOtherHalfOrOfAnotherStoreOrAnEarlierRestoreIsNotTaken() async throws {
        let source = try await filled()
        let other = try await filled()
        // Another store with the same texts, keys and change numbers, but other records.
        var scratch = try copy(source)
        try FileManager.default.removeItem(atPath: folder(scratch))
        let foreign = try Scratch()
        let clock = ManualClock()
        clock.advance(by: .seconds(5))
        let writer = try await openEngine(at: foreign.path, embedder: Self.embedder, clock: clock, seed: 9) {
            $0.vectorIndex.exactCountMax = Self.countMax
            $0.vectorIndex.unsavedChangeCountMax = 20
            $0.nearDuplicates = nil
        }
        for result in try await writer.remember(texts(300..<500)) { _ = try result.get() }
        _ = try await writer.recall("number 3")
        await writer.indexes?.settled()
        try await writer.close()
        try FileManager.default.copyItem(atPath: folder(foreign), toPath: folder(scratch))
        var engine = try await open(scratch)
        #expect(try await expectExact(engine, "foreign").map(\.code) == ["index_rebuilt"])
        try await engine.close()

        scratch = try copy(other)
        try FileManager.default.removeItem(atPath: try path(scratch, ".graph"))
        engine = try await open(scratch)
        #expect(try await expectExact(engine, "no graph").map(\.code) == ["index_rebuilt"])
        try await engine.close()

        // The store as it was before the file was saved.
        scratch = try Scratch()
        engine = try await open(scratch)
        for result in try await engine.remember(texts(0..<100)) { _ = try result.get() }
        try await engine.close()
        let early = try copy(scratch)
        engine = try await open(scratch)
        for result in try await engine.remember(texts(100..<200)) { _ = try result.get() }
        _ = try await engine.recall("number 3")
        await engine.indexes?.settled()
        try await engine.close()
        try? FileManager.default.removeItem(atPath: folder(early))
        try FileManager.default.copyItem(atPath: folder(scratch), toPath: folder(early))
        engine = try await open(early)
        #expect(try await expectExact(engine, "restored").map(\.code) == ["index_rebuilt"])
        try await engine.close()
    }

    @Test func aKillInTheMiddleOfAWriteLeavesTheOldFileAndNothingElse() async throws {
        let scratch = try await filled()
        let before = files(scratch)
        let graph = try path(scratch, ".graph")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: graph))
        let name = try #require(before.first { $0.hasSuffix(".json") }).dropLast(5)
        // Aside and cut off; whole but not named by the label yet; of a label that never came.
        try bytes.prefix(5000).write(to: URL(fileURLWithPath: "\(folder(scratch))/\(name)-999.graph.new"))
        try bytes.write(to: URL(fileURLWithPath: "\(folder(scratch))/\(name)-999.graph"))
        try bytes.prefix(90).write(to: URL(fileURLWithPath: "\(folder(scratch))/0123456789abcdef-7.graph"))
        let engine = try await open(scratch)
        #expect(files(scratch) == before)
        #expect(try await expectExact(engine, "after a kill").isEmpty)
        try await engine.close()
    }

    @Test func whatIsForgottenLeavesTheFilesBeforeForgettingReturns() async throws {
        let scratch = try Scratch()
        let clock = ManualClock()
        var engine = try await open(scratch, clock: clock)
        for result in try await engine.remember(texts(0..<200)) { _ = try result.get() }
        var secret = [Float](repeating: 0, count: 24)
        (secret[3], secret[17]) = (0.6, 0.8)
        var memory = NewMemory("the secret of number 3")
        memory.vector = secret
        let outcome = try await engine.remember(memory)
        await engine.indexes?.settled()
        try await engine.close()
        let kept = try copy(scratch)
        func hold(_ folder: String) throws -> Bool {
            let bytes = secret.withUnsafeBytes { Data($0) }.prefix(80)
            return try FileManager.default.contentsOfDirectory(atPath: folder).contains {
                try Data(contentsOf: URL(fileURLWithPath: folder + "/" + $0)).range(of: bytes) != nil
            }
        }
        // The index of this session was written with the vector in it, if only after a reopening.
        engine = try await open(kept, clock: clock)
        _ = try await engine.recall("number 3")
        await engine.indexes?.settled()
        try await engine.close()
        #expect(try hold(folder(kept)))
        let crashed = try copy(kept)

        engine = try await open(kept, clock: clock)
        _ = try await engine.recall("number 3")
        try await engine.forget(.ids([outcome.record.id]))
        #expect(try !hold(folder(kept)))
        clock.advance(by: .seconds(120))
        _ = try await engine.remember("something else")
        await engine.indexes?.settled()
        try await engine.close()
        #expect(files(kept).count == 2)
        #expect(try !hold(folder(kept)))

        // A crash right after the commit, before the file was removed: the change log tells the next session.
        let database = try copy(kept)
        try FileManager.default.removeItem(atPath: folder(database))
        try FileManager.default.copyItem(atPath: folder(crashed), toPath: folder(database))
        #expect(try hold(folder(database)))
        engine = try await open(database, clock: clock)
        #expect(try !hold(folder(database)))
        #expect(try await expectExact(engine, "after the crash").isEmpty)
        try await engine.close()

        // Words only: nobody keeps the file in step, so it goes.
        #expect(try hold(folder(crashed)))
        engine = try await openEngine(at: crashed.path, embedder: nil)
        try await engine.forget(.ids([outcome.record.id]))
        #expect(files(crashed).isEmpty)
        try await engine.close()
    }

    @Test(arguments: Seeds.ci)
    func indexesAgreeWithTheStoreThroughSeededOperationsAndRestarts(seed: UInt64) async throws {
        let scratch = try Scratch()
        let clock = ManualClock()
        var random = SeededGenerator(seed: seed)
        var engine = try await open(scratch, clock: clock)
        var ids: [RecordID] = []
        var sawFile = false
        for step in 0..<160 {
            clock.advance(by: .seconds(30))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let first = Int.random(in: 0..<900, using: &random)
                for result in try await engine.remember(texts(first..<first + 6)) {
                    ids.append(try result.get().record.id)
                }
            case 5:
                guard let id = ids.randomElement(using: &random) else { continue }
                try await engine.forget(.ids([id]))
                ids.removeAll { $0 == id }
            case 6:
                guard let id = ids.randomElement(using: &random) else { continue }
                let patch = RecordPatch(text: "edited \(step) kind \(step % 5)", layer: .insights)
                try await engine.update(id, patch)
            case 7: _ = try await expectExact(engine, "step \(step) seed \(seed)")
            case 8: await engine.indexes?.settled()
            default:
                try await engine.close()
                sawFile = sawFile || !files(scratch).isEmpty
                engine = try await open(scratch, clock: clock)
                let notices = try await expectExact(engine, "reopened at step \(step) seed \(seed)")
                #expect(notices.isEmpty, "step \(step) seed \(seed)")
            }
        }
        #expect(sawFile)
        try await engine.close()
    }
}
