internal import Foundation
internal import Learning
internal import Strata
internal import StrataCore

/// What the engine still finds when it keeps only some turns, and when confidence takes part in ranking.
struct RecallExperiment {
    let outcomes: [ConversationReplay.Outcome]
    let model: ModelChoice

    /// Mean share of each question's evidence among the first ten, and mean reciprocal rank of the first, 0 beyond ten.
    private struct Score {
        var recall = 0.0
        var reciprocalRank = 0.0
    }

    func printForgetting(_ set: EvaluationSet, predictors: [Predictor], at path: String) async throws {
        print("### Forgetting: only what is kept can be found\n\n| kept by | recall@10, MRR@10 at 30 % |\n|---|---|")
        let everything = try await score(kept: Set(set.labels.indices), importance: nil, weight: nil, at: path + "-all")
        print("| everything (100 %) | \(text(everything)) |")
        for (number, predictor) in predictors.enumerated() {
            var columns: [String] = []
            for share in [0.3] {
                let kept = Metrics.kept(scores: predictor.scores, groups: set.groups, share: share)
                let result = try await score(
                    kept: Set(kept), importance: nil, weight: nil, at: "\(path)-\(number)-\(Int(share * 100))")
                columns.append(text(result))
            }
            print("| \(predictor.name) | \(columns.joined(separator: " | ")) |")
        }
        print("")
    }

    /// - Parameter confidences: one a turn, from a model that has not seen its conversation.
    func printPriors(title: String, confidences: [Double], at path: String) async throws {
        print("### Confidence as importance in ranking: \(title)\n")
        print("| weight of importance | recall@10, MRR@10 |\n|---|---|")
        let all = Set(confidences.indices)
        let plain = try await score(kept: all, importance: nil, weight: nil, at: path + "-plain")
        print("| default, 0.5 for every record | \(text(plain)) |")
        for weight in [0.05, 0.1, 0.2] {
            let result = try await score(
                kept: all, importance: confidences, weight: weight, at: "\(path)-\(Int(weight * 100))")
            print("| \(weight), the confidence | \(text(result)) |")
        }
        print("")
    }

    private func text(_ score: Score) -> String {
        "\((100 * score.recall).rounded(1)), \((100 * score.reciprocalRank).rounded(1))"
    }

    /// - Parameters:
    ///   - kept: places over all turns of all conversations.
    ///   - importance: one a turn.
    private func score(
        kept: Set<Int>, importance: [Double]?, weight: Double?, at path: String
    ) async throws -> Score {
        var configuration = EngineConfiguration()
        configuration.model = model
        if let weight { configuration.ranking.importance = weight }
        let engine = try await MemoryEngine.open(at: path, configuration: configuration)
        var sum = Score()
        var questionCount = 0
        var first = 0
        for (number, outcome) in outcomes.enumerated() {
            let namespace = "conversation-\(number)"
            let places = outcome.turns.indices.filter { kept.contains(first + $0) }
            let memories = places.map { place in
                let record = outcome.records[place]
                return NewMemory(
                    record.text, speaker: record.speaker, session: record.session,
                    importance: importance?[first + place] ?? 0.5, occurredAt: record.occurredAt)
            }
            let stored = try await engine.remember(memories, in: namespace, onDuplicate: .keep)
            var turnIDs: [RecordName: String] = [:]
            for (place, result) in zip(places, stored) {
                turnIDs[try result.get().record.id.description] = outcome.turns[place].id
            }
            for question in outcome.conversation.questions
            where (1...4).contains(question.category) && !question.evidence.isEmpty {
                let answer = try await engine.recall(
                    question.text, in: namespace, limit: 10, options: RecallOptions(countsUse: false))
                let found = answer.map { turnIDs[$0.record.id.description] ?? "" }
                let evidence = Set(question.evidence)
                sum.recall += Double(found.count { evidence.contains($0) }) / Double(evidence.count)
                if let place = found.firstIndex(where: evidence.contains) {
                    sum.reciprocalRank += 1 / Double(place + 1)
                }
                questionCount += 1
            }
            first += outcome.turns.count
        }
        try await engine.close()
        sum.recall /= Double(max(1, questionCount))
        sum.reciprocalRank /= Double(max(1, questionCount))
        return sum
    }

    private typealias RecordName = String
}
