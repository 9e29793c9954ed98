import Backup
import Foundation
import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct ForgettingTests {
    /// The words that some file of a folder holds.
    private func found(_ words: [String], in folder: String) throws -> [String: String] {
        var found: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            guard let data = try? Data(contentsOf: URL(filePath: folder + "/" + name)) else { continue }
            for word in words where data.range(of: Data(word.utf8)) != nil { found[word] = name }
        }
        return found
    }

    @Test func afterCompactingNothingOfAForgottenTextIsInTheDataDirectory() async throws {
        let scratch = try Scratch()
        let data = scratch.path + "/data"
        let folder = BackupFolder(path: scratch.path + "/backups")
        var engine = try await openEngine(at: data)
        for number in 0..<60 { try await engine.remember(NewMemory("ordinary memory \(number) about the garden")) }
        let secrets = ["Xylophone", "jigsaw-mark", "Quartzite", "zephyr-tag"]
        let id = try await engine.remember(
            NewMemory("Xylophone jigsaw-mark in the drawer", speaker: "Nora", tags: ["zephyr-tag"])
        ).record.id
        try await engine.update(id, RecordPatch(text: "Quartzite jigsaw-mark in the cellar"))
        _ = try await engine.recall("Quartzite")
        try await engine.backUp(to: folder)
        #expect(try Set(found(secrets, in: data).keys) == Set(secrets))
        try await engine.close()
        // A restore keeps the old database aside, with the words in it.
        _ = try await MemoryEngine.restore(from: folder, to: data)
        engine = try await openEngine(at: data, seed: 2)
        let receipt = try await engine.forget(.ids([id]))
        #expect(receipt.recordCount == 1 && receipt.vectorCount == 1 && receipt.keywordCount == 1)
        #expect(receipt.historyCount == 1)
        let compaction = try await engine.compact()
        #expect(compaction.isComplete)
        #expect(try found(secrets + ["xylophon", "quartzit", "jigsaw"], in: data) == [:])
        try await engine.close()
        #expect(try found(secrets + ["xylophon", "quartzit", "jigsaw"], in: data) == [:])
    }

    @Test func spaceGoesBackInSmallSteps() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        for number in 0..<120 {
            let text = "memory \(number) " + String(repeating: "word\(number) ", count: 40)
            try await engine.remember(NewMemory(text))
        }
        try await engine.forget(.everything)
        let before = try await engine.compact().fileBytesBefore
        #expect(try await engine.stats().store.fileBytes < before / 2)
        while try await engine.reclaimSpace(changeCountMax: 10) {}
        #expect(try await engine.changes(since: 0).count == 10)
        try await engine.remember("still in use")
        #expect(try await engine.recall("still in use").count == 1)
        try await engine.close()
    }
}
