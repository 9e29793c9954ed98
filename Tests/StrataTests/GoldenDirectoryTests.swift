import Backup
import Foundation
import Strata
import StrataCore
import StrataTesting
import Testing

/// A data directory and a backup of each released schema, opened by the present program.
///
/// `STRATA_WRITE_FIXTURE=1 swift test --filter GoldenDirectoryTests` writes those of the present schema anew, which is
/// right only as long as that schema has not been released.
@Suite struct GoldenDirectoryTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")
    private static let writesFixture = ProcessInfo.processInfo.environment["STRATA_WRITE_FIXTURE"] != nil

    private static func embedder() -> SeededEmbedder { SeededEmbedder(dimension: 8) }

    private func write(_ folder: URL) async throws {
        try? FileManager.default.removeItem(at: folder)
        let data = folder.appending(path: "data").path
        let clock = ManualClock()
        let engine = try await openEngine(at: data, embedder: Self.embedder(), clock: clock) {
            $0.nearDuplicates = nil
            $0.cache = nil
        }
        let texts = ["The ferry leaves at nine.", "Nora is allergic to hazelnuts.", "日本語のテキスト", "naïve café 🌻"]
        for (number, text) in texts.enumerated() {
            clock.advance(by: .seconds(60))
            try await engine.remember(
                NewMemory(
                    text, speaker: number == 1 ? "Ann" : nil, layer: Layer.allCases[number % 3], kind: "fact",
                    tags: ["one", "tag \(number)"], project: "p", session: "s",
                    metadata: ["list": [1, 2.5, "x"], "none": .null], importance: 0.25 * Double(number),
                    pinned: number == 2, occurredAt: clock.now), in: number == 3 ? "other" : "default")
        }
        let first = try await engine.list().records[0].id
        try await engine.update(first, RecordPatch(text: "The ferry leaves at ten."))
        let gone = try await engine.remember("The door code is 1234.").record.id
        try await engine.forget(.ids([gone]))
        try await engine.remember("The ferry leaves at ten.", onDuplicate: .link)
        try await engine.backUp(to: BackupFolder(path: folder.path + "/backups"))
        let records = try await engine.list().records + engine.list(in: "other").records
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(records).write(to: folder.appending(path: "records.json"))
        try await engine.close()
        // The log is empty after closing; an owner makes both anew.
        for name in ["lock", "strata.sqlite-wal", "strata.sqlite-shm"] {
            try? FileManager.default.removeItem(atPath: data + "/" + name)
        }
    }

    private func check(_ data: String, _ expected: [MemoryRecord]) async throws {
        let engine = try await openEngine(at: data, embedder: Self.embedder())
        #expect(try await engine.list().records + engine.list(in: "other").records == expected)
        for record in expected {
            let hits = try await engine.recall(record.searchableText, in: record.namespace)
            #expect(hits.first?.record.text == record.text)
        }
        let history = try await engine.history(of: expected[0].id)
        #expect(history.map(\.operation) == [.remembered, .updated])
        #expect(history.last?.previous["text"] == "The ferry leaves at nine.")
        #expect(try await engine.stats().vectorMissingCount == 0)
        try await engine.remember("A memory of a later program.")
        try await engine.close()
        var configuration = EngineConfiguration()
        configuration.model = .embedder(Self.embedder())
        let report = await MemoryEngine.diagnose(at: data, configuration: configuration, verification: .check)
        #expect(report.checks.filter { $0.status == .failure } == [])
    }

    @Test(arguments: ["schema-1"])
    func aDirectoryOfEverySchemaOpensWithAllThatIsInIt(name: String) async throws {
        let fixture = Self.fixtures.appending(path: name)
        if Self.writesFixture { try await write(fixture) }
        let expected = try JSONDecoder().decode(
            [MemoryRecord].self, from: Data(contentsOf: fixture.appending(path: "records.json")))
        #expect(expected.count == 5)
        let scratch = try Scratch()
        let copy = scratch.path + "/data"
        try FileManager.default.copyItem(atPath: fixture.path + "/data", toPath: copy)
        try await check(copy, expected)
        let backups = BackupFolder(path: fixture.path + "/backups")
        #expect(try await MemoryEngine.verifyBackup(in: backups).recordCount == 5)
        let restored = scratch.path + "/restored"
        #expect(try await MemoryEngine.restore(from: backups, to: restored).recordCount == 5)
        try await check(restored, expected)
    }
}
