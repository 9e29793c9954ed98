import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import Strata

@Suite struct RerankTests {
    private let texts = (0..<30).map { "note \($0) about the garden gate" } + ["the gate needs blue paint"]

    private func engine(
        _ scratch: Scratch, _ reranker: (any Reranker)?, configure: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> MemoryEngine {
        let engine = try await openEngine(at: scratch.path) {
            if let reranker { $0.reranker = .reranker(reranker) }
            configure(&$0)
        }
        _ = try await engine.remember(texts.map { NewMemory($0) })
        return engine
    }

    @Test func whatTheCrossEncoderReadsComesInItsOrderAndSaysSo() async throws {
        let scratch = try Scratch()
        let reranker = OverlapReranker()
        let engine = try await engine(scratch, reranker)
        let query = "note 17 about the garden gate"
        let answer = try await engine.recall(
            query, limit: 5, options: RecallOptions(rerank: .budget(milliseconds: 60_000, candidateCount: 31)))
        #expect(answer.first?.record.text == query && answer.degradations.isEmpty)
        for hit in answer {
            let part = try #require(hit.parts.first { $0.name == .rerank })
            let shared = Set(query.split(separator: " ")).intersection(hit.record.text.split(separator: " ")).count
            #expect(abs(part.raw - Double(shared) / 6) < 1e-9)
            #expect(abs(hit.score - hit.parts.reduce(0) { $0 + $1.contribution }) < 1e-9 && (0...1).contains(hit.score))
        }
        let stage = try #require(answer.stages.first { $0.name == .rerank })
        #expect(stage.candidateCount == 31 && reranker.scoredTexts.flatMap(\.self).count == 31)
        try await engine.close()
    }

    @Test func theBestCandidatesAreReadFirstAndNoneBeyondTheCount() async throws {
        let scratch = try Scratch()
        let reranker = OverlapReranker()
        let engine = try await engine(scratch, reranker)
        let query = "blue paint for the gate"
        let plain = try await engine.recall(query, limit: 6, options: RecallOptions(countsUse: false))
        let options = RecallOptions(countsUse: false, rerank: .budget(milliseconds: 60_000, candidateCount: 6))
        _ = try await engine.recall(query, limit: 10, options: options)
        #expect(Set(reranker.scoredTexts.flatMap(\.self)) == Set(plain.map(\.record.text)))
        #expect(reranker.scoredTexts.first?.first == plain.first?.record.text)
        try await engine.close()
    }

    @Test func aRerankerThatHangsCostsTheBudgetAndNotTheAnswer() async throws {
        let scratch = try Scratch()
        let reranker = OverlapReranker()
        let engine = try await engine(scratch, reranker)
        reranker.hang(true)
        let plain = try await engine.recall("blue paint", options: RecallOptions(countsUse: false))
        let answer = try await engine.recall(
            "blue paint", options: RecallOptions(countsUse: false, rerank: .budget(milliseconds: 5)))
        #expect(answer.map(\.record.id) == plain.map(\.record.id))
        #expect(answer.degradations.map(\.code) == ["rerank_budget_spent"])
        #expect(answer.stages.first { $0.name == .rerank }?.candidateCount == 0)
        try await engine.close()
    }

    @Test func aRerankerThatFailsOrIsMissingCostsItsSignalAndNotTheAnswer() async throws {
        for reranker in [OverlapReranker(), nil] {
            let scratch = try Scratch()
            let engine = try await engine(scratch, reranker)
            reranker?.fail(with: StrataError(.inferenceFailed, "NaN"))
            let plain = try await engine.recall("blue paint", options: RecallOptions(countsUse: false))
            let answer = try await engine.recall(
                "blue paint", options: RecallOptions(countsUse: false, rerank: .budget(milliseconds: 60_000)))
            #expect(answer.map(\.record.id) == plain.map(\.record.id))
            #expect(answer.degradations.map(\.code) == ["not_reranked"])
            try await engine.close()
        }
    }

    @Test func aFolderThatCannotBeLoadedIsSaidByTheAnswer() async throws {
        let scratch = try Scratch()
        let engine = try await engine(scratch, nil) { $0.reranker = .folder("/nowhere/reranker") }
        let answer = try await engine.recall("blue paint", options: RecallOptions(rerank: .budget(milliseconds: 100)))
        #expect(answer.degradations.first?.message.contains("/nowhere/reranker") == true && !answer.isEmpty)
        try await engine.close()
    }

    @Test func aBudgetOutOfRangeIsRefused() async throws {
        let scratch = try Scratch()
        let engine = try await engine(scratch, OverlapReranker())
        for wish in [RecallOptions.Rerank.budget(milliseconds: 0), .budget(milliseconds: 5, candidateCount: 0)] {
            await #expect(throws: StrataError.self) {
                try await engine.recall("gate", options: RecallOptions(rerank: wish))
            }
        }
        try await engine.close()
    }

    @Test func forgettingReachesTheScores() async throws {
        let scratch = try Scratch()
        let reranker = OverlapReranker()
        let engine = try await engine(scratch, reranker)
        let options = RecallOptions(rerank: .budget(milliseconds: 60_000, candidateCount: 31))
        func readCount() async throws -> Int {
            _ = try await engine.recall("blue paint for the gate", options: options)
            return reranker.scoredTexts.reduce(0) { $0 + $1.count }
        }
        #expect(try await readCount() == 31)
        #expect(try await readCount() == 31)
        _ = try await engine.forget(.everything)
        _ = try await engine.remember(texts.map { NewMemory($0) })
        #expect(try await readCount() == 62)
        try await engine.close()
    }

    @Test func thePaceKeepsTheBudget() {
        var pace = RerankPace()
        #expect(pace.nextCount(remaining: .milliseconds(10), waiting: 50) == RerankPace.firstCount)
        #expect(pace.nextCount(remaining: .milliseconds(10), waiting: 2) == 2)
        pace.note(count: 4, took: .milliseconds(8))
        #expect(pace.nextCount(remaining: .milliseconds(11), waiting: 50) == 5)
        #expect(pace.nextCount(remaining: .milliseconds(1), waiting: 50) == 0)
        #expect(pace.nextCount(remaining: .seconds(10), waiting: 50) == RerankPace.countMax)
        #expect(pace.nextCount(remaining: .seconds(10), waiting: 3) == 3)
        #expect(pace.nextCount(remaining: .zero, waiting: 3) == 0)
        #expect(pace.nextCount(remaining: .seconds(-1), waiting: 3) == 0)
    }
}
