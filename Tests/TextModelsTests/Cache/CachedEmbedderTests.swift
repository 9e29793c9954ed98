import StrataCore
import StrataTesting
import Testing

@testable import TextModels

struct CachedEmbedderTests {
    private let base = SeededEmbedder()
    private let store = InMemoryEmbeddingCacheStore()
    private let clock = ManualClock()

    private func embedder(onDisk: Bool = true, _ limits: EmbeddingCacheLimits = EmbeddingCacheLimits())
        -> CachedEmbedder
    {
        CachedEmbedder(base, limits: limits, store: onDisk ? store : nil) { [clock] in clock.now }
    }

    private func forget(_ texts: [String], in embedder: CachedEmbedder) async throws {
        try await embedder.forgetting { ((), textsOf: texts.map { SHA256.digest(of: $0) }) }
    }

    @Test func aKnownTextGivesTheSameBitsWithoutTheModel() async throws {
        let embedder = embedder()
        let first = try await embedder.embed(["a b", "c", "a b", ""], as: .document)
        #expect(first == (try await base.embed(["a b", "c", "a b", ""], as: .document)))
        #expect(base.embeddedTexts[0].sorted() == ["", "a b", "c"])
        let second = try await embedder.embed(["", "new", "c", "a b"], as: .document)
        #expect([second[0], second[2], second[3]] == [first[3], first[1], first[0]])
        #expect(base.embeddedTexts.last == ["new"])
        #expect(try await embedder.embed([], as: .query).isEmpty)
        let statistics = await embedder.statistics()
        #expect(statistics.entryCount == 4 && statistics.missCount == 4 && statistics.hitCount == 3)
        #expect(statistics.hitRate == 3.0 / 7)
    }

    @Test func aQueryIsNoDocumentAndStaysOffTheDisk() async throws {
        let embedder = embedder()
        _ = try await embedder.embed(["a"], as: .document)
        _ = try await embedder.embed(["a"], as: .query)
        #expect(base.embeddedTexts.count == 2)
        _ = try await embedder.embed(["a"], as: .query)
        #expect(base.embeddedTexts.count == 2)
        await embedder.close()
        #expect(await store.statistics().entryCount == 1)
    }

    @Test func theNextStartFindsDocumentsOnDisk() async throws {
        let old = embedder()
        let first = try await old.embed(["a", "b"], as: .document)
        await old.close()
        let new = embedder()
        #expect(try await new.embed(["b", "a"], as: .document) == [first[1], first[0]])
        #expect(base.embeddedTexts.count == 1)
        #expect(try await new.embed(["b"], as: .document) == [first[1]])
        let statistics = await new.statistics()
        #expect(statistics.diskHitCount == 2 && statistics.hitCount == 1 && statistics.missCount == 0)
        clock.advance(by: .seconds(8 * 86_400))
        _ = try await embedder().embed(["a"], as: .document)
        #expect(base.embeddedTexts.count == 2)
    }

    @Test func aForgottenTextIsGoneFromMemoryAndDisk() async throws {
        let embedder = embedder()
        _ = try await embedder.embed(["secret", "other"], as: .document)
        _ = try await embedder.embed(["secret"], as: .query)
        try await forget(["secret"], in: embedder)
        #expect(await store.statistics().entryCount == 1)
        #expect(await store.removalCount == 0)
        #expect(await embedder.statistics().entryCount == 1)
        _ = try await embedder.embed(["other", "secret"], as: .document)
        #expect(base.embeddedTexts.last == ["secret"])
    }

    @Test func aLookUpThatAForgettingOvertakesBringsNothingBack() async throws {
        let old = embedder()
        _ = try await old.embed(["secret"], as: .document)
        await old.close()
        let embedder = embedder()
        await store.pause()
        let lookUp = Task { try await embedder.embed(["secret"], as: .document) }
        while await store.waitingCount == 0 { await Task.yield() }
        try await forget(["secret"], in: embedder)
        await store.resume()
        _ = try await lookUp.value
        #expect(await embedder.statistics().entryCount == 0)
        #expect(await store.statistics().entryCount == 0)
    }

    @Test func anEmbeddingThatAForgettingOvertakesIsNotKept() async throws {
        let embedder = embedder()
        await store.pause()
        let embedding = Task { try await embedder.embed(["secret"], as: .document) }
        while await store.waitingCount == 0 { await Task.yield() }
        try await forget(["secret"], in: embedder)
        await store.resume()
        #expect(try await embedding.value.count == 1)
        await embedder.close()
        #expect(await embedder.statistics().entryCount == 0)
        #expect(await store.statistics().entryCount == 0)
    }

    @Test func whatCannotBeForgottenOnDiskIsSaidBeforeAnythingIsRemoved() async throws {
        let embedder = embedder()
        await store.failRemovals(with: StrataError(.storageFailure, "read-only"))
        let error = await #expect(throws: StrataError.self) {
            try await embedder.forgetting { () -> (Void, textsOf: [SHA256.Digest]) in
                Issue.record("the removal ran though it could not be prepared")
                return ((), textsOf: [])
            }
        }
        #expect(error?.code == .storageFailure)
    }

    @Test func aRemovalThatFailsLeavesNoneOpen() async throws {
        struct Broken: Error {}
        let embedder = embedder()
        await #expect(throws: Broken.self) {
            try await embedder.forgetting { () -> (Void, textsOf: [SHA256.Digest]) in throw Broken() }
        }
        #expect(await store.removalCount == 0)
    }

    @Test func aFailingModelFailsOnlyForWhatIsNotThere() async throws {
        let embedder = embedder(onDisk: false)
        let known = try await embedder.embed(["a"], as: .document)
        base.fail(with: StrataError(.inferenceFailed, "broken"))
        #expect(try await embedder.embed(["a"], as: .document) == known)
        await #expect(throws: StrataError.self) { try await embedder.embed(["a", "b"], as: .document) }
        base.fail(with: nil)
        #expect(try await embedder.embed(["a", "b"], as: .document).count == 2)
    }

    @Test func manyCallersGetTheirOwnTexts() async throws {
        var limits = EmbeddingCacheLimits()
        limits.entryCountMax = 20
        let embedder = embedder(limits)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<16 {
                group.addTask { [base] in
                    for round in 0..<20 {
                        let texts = (0..<5).map { "text \((caller * 3 + round * 5 + $0) % 40)" }
                        let embeddings = try await embedder.embed(texts, as: .document)
                        let expected = try await base.embed(texts, as: .document)
                        #expect(embeddings == expected)
                        if round % 7 == 0 { try await forget([texts[0]], in: embedder) }
                    }
                }
            }
            try await group.waitForAll()
        }
        let statistics = await embedder.statistics()
        #expect(statistics.entryCount <= 20 && statistics.evictionCount > 0 && statistics.hitCount > 0)
    }
}
