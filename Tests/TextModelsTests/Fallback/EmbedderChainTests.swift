import StrataCore
import StrataTesting
import Synchronization
import Testing

@testable import TextModels

struct EmbedderChainTests {
    /// An embedder that cannot embed certain texts, alone or among others.
    private final class Picky: Embedder {
        let space = EmbeddingSpace(model: "picky", revision: "1", dimension: 4)
        let refused: Set<String>
        private let calls = Mutex(0)

        init(refused: Set<String>) { self.refused = refused }

        var callCount: Int { calls.withLock { $0 } }

        func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
            calls.withLock { $0 += 1 }
            if texts.contains(where: refused.contains) { throw StrataError(.inferenceFailed, "NaN") }
            return texts.map { _ in Embedding(vector: [1, 0, 0, 0], tokenCount: 1, isTruncated: false) }
        }
    }

    private let failed = StrataError(.inferenceFailed, "the session broke")

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func onlyTheGuiltyTextsGoToTheNextEmbedder(seed: UInt64) async throws {
        var random = SplitMix(state: seed)
        let texts = (0..<40).map { "text \($0)" }
        let refused = Set(texts.filter { _ in random.next(below: 10) == 0 })
        var limits = CircuitBreaker.Limits()
        limits.failureCountMax = 10
        let picky = Picky(refused: refused)
        let guarded = GuardedEmbedder(picky, limits: limits) { Timestamp(milliseconds: 0) }
        let answer = try await #require(EmbedderChain([guarded, HashingEmbedder()])).embed(texts, as: .document)
        for (text, served) in zip(texts, answer.served) {
            let served = try #require(served)
            #expect(served.link == (refused.contains(text) ? 1 : 0), "seed \(seed)")
            #expect(served.embedding.vector.count == (refused.contains(text) ? 256 : 4))
        }
        #expect(answer.problems.keys.sorted() == (refused.isEmpty ? [] : [0]))
        #expect(guarded.health.state == .closed)
    }

    @Test func aModelThatAlwaysFailsIsAskedAFewTimesAndThenLeftAlone() async throws {
        let clock = ManualClock()
        let texts = (0..<256).map { "text \($0)" }
        let picky = Picky(refused: Set(texts))
        let guarded = GuardedEmbedder(picky) { clock.now }
        let chain = try #require(EmbedderChain([guarded, HashingEmbedder()]))
        let answer = try await chain.embed(texts, as: .document)
        #expect(answer.served.allSatisfy { $0?.link == 1 })
        #expect(picky.callCount < 20 && guarded.health.state == .open)
        let before = picky.callCount
        let again = try await chain.embed(["text 1"], as: .query)
        #expect(picky.callCount == before && again.served[0]?.link == 1)
        #expect(again.problems[0]?.code == .modelSuspended)
    }

    @Test func aModelThatIsBackServesAgainAfterTheOpenTime() async throws {
        let clock = ManualClock()
        let base = SeededEmbedder()
        let guarded = GuardedEmbedder(base) { clock.now }
        let chain = try #require(EmbedderChain([guarded, HashingEmbedder()]))
        base.fail(with: failed)
        for _ in 0..<3 { _ = try await chain.embed(["a"], as: .document) }
        #expect(guarded.health.state == .open && guarded.health.lastProblem == .inferenceFailed)
        base.fail(with: nil)
        #expect(try await chain.embed(["a"], as: .document).served[0]?.link == 1)
        clock.advance(by: .seconds(300))
        #expect(try await chain.embed(["a"], as: .document).served[0]?.link == 0)
        #expect(guarded.health.state == .closed)
    }

    @Test func aBusyModelIsNoReasonForAnotherOne() async throws {
        let base = SeededEmbedder()
        base.fail(with: StrataError(.overloaded, "full", isRetryable: true))
        let guarded = GuardedEmbedder(base) { Timestamp(milliseconds: 0) }
        let chain = try #require(EmbedderChain([guarded, HashingEmbedder()]))
        for _ in 0..<5 { _ = try await failure(.overloaded) { _ = try await chain.embed(["a"], as: .document) } }
        #expect(guarded.health.state == .closed && guarded.health.failureCount == 0)
    }

    @Test func twoEmbeddersOfOneSpaceMakeNoChain() {
        #expect(EmbedderChain([HashingEmbedder(), HashingEmbedder()]) == nil && EmbedderChain([]) == nil)
    }
}
