import Foundation
import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct EmbeddingCacheTests {
    private func cacheFile(_ scratch: Scratch) -> String { scratch.path + "/embedding-cache.sqlite" }

    private func missCount(_ engine: MemoryEngine) async throws -> Int {
        try #require(try await engine.stats().cache).missCount
    }

    @Test func aTextIsEmbeddedOnceAlsoAcrossNamespacesAndStarts() async throws {
        let scratch = try Scratch()
        var engine = try await openEngine(at: scratch.path)
        let first = try await engine.remember("the ferry leaves at nine")
        #expect(first.chunkCount == 1 && !first.isTruncated)
        try await engine.remember("the ferry leaves at nine", in: "other")
        _ = try await engine.recall("when does the ferry leave")
        _ = try await engine.recall("when does the ferry leave")
        #expect(try await missCount(engine) == 2)
        try await engine.close()
        let embedder = SeededEmbedder()
        engine = try await openEngine(at: scratch.path, embedder: embedder, seed: 2)
        let third = try await engine.remember("the ferry leaves at nine", in: "third")
        #expect(third.degradations.isEmpty && embedder.embeddedTexts.isEmpty)
        #expect(try await engine.stats().cache?.diskHitCount == 1)
        #expect(try await engine.recall("the ferry leaves at nine", in: "third").first?.record.id == third.record.id)
        try await engine.close()
    }

    @Test func forgettingRemovesTheCachedVectorAndThatOfEarlierTexts() async throws {
        let scratch = try Scratch()
        var engine = try await openEngine(at: scratch.path)
        let id = try await engine.remember(NewMemory("the code is 1234", speaker: "Nora")).record.id
        try await engine.remember("the bins go out on Tuesday")
        try await engine.update(id, RecordPatch(text: "the code is 5678"))
        try await engine.forget(.ids([id]))
        #expect(try await engine.stats().cache?.entryCount == 1)
        #expect(try await engine.stats().cache?.disk?.entryCount == 1)
        try await engine.close()
        let embedder = SeededEmbedder()
        engine = try await openEngine(at: scratch.path, embedder: embedder, seed: 2)
        _ = try await engine.remember([
            NewMemory("the code is 1234", speaker: "Nora"), NewMemory("the code is 5678", speaker: "Nora"),
        ])
        #expect(embedder.embeddedTexts == [["Nora: the code is 1234", "Nora: the code is 5678"]])
        try await engine.close()
    }

    @Test func forgettingWithoutAModelOrACacheLeavesNoCacheFile() async throws {
        for hasModel in [true, false] {
            let scratch = try Scratch()
            var engine = try await openEngine(at: scratch.path)
            let id = try await engine.remember("the code is 1234").record.id
            try await engine.close()
            #expect(FileManager.default.fileExists(atPath: cacheFile(scratch)))
            engine = try await openEngine(at: scratch.path, embedder: hasModel ? SeededEmbedder() : nil) {
                $0.cache = nil
            }
            #expect(try await engine.stats().cache == nil)
            try await engine.forget(.ids([id]))
            #expect(!FileManager.default.fileExists(atPath: cacheFile(scratch)))
            try await engine.close()
        }
    }

    @Test func aDamagedOrMissingCacheFileIsNoTroubleForAnyone() async throws {
        let scratch = try Scratch()
        var engine = try await openEngine(at: scratch.path)
        try await engine.remember("one memory")
        try await engine.close()
        let url = URL(filePath: cacheFile(scratch))
        try Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }).write(to: url)
        engine = try await openEngine(at: scratch.path, seed: 2)
        #expect(try await engine.remember("another memory").degradations.isEmpty)
        #expect(try await engine.recall("another memory").count == 2)
        #expect(try await engine.stats().cache?.disk?.resetCount == 1)
        try await engine.close()
        try FileManager.default.removeItem(at: url)
        engine = try await openEngine(at: scratch.path, seed: 3)
        #expect(try await engine.remember("a third memory").status == .stored)
        try await engine.close()
    }

    @Test func embeddingsGrowTooOldByTheEnginesClock() async throws {
        let scratch = try Scratch()
        let (clock, embedder) = (ManualClock(), SeededEmbedder())
        let engine = try await openEngine(at: scratch.path, embedder: embedder, clock: clock)
        try await engine.remember("the ferry leaves at nine")
        clock.advance(by: .seconds(8 * 86_400))
        try await engine.remember("the ferry leaves at nine", in: "other")
        #expect(embedder.embeddedTexts.count == 2)
        try await engine.close()
    }
}
