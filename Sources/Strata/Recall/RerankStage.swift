internal import StrataCore
internal import TextModels

/// The stage of a recall that has a cross-encoder read the best candidates together with the query.
///
/// Candidates are read in the order in which fusion left them, a few at a time, until the budget is gone; those that
/// were not read keep their place behind. Its score is one more part of the weighted mean, with ``RankingWeights/rerank``;
/// for candidates that were not read it counts as 0, so that no unread one overtakes a read one for want of a bad score.
struct RerankStage {
    typealias Ranked = [RankedCandidate]

    let engine: MemoryEngine
    let query: String
    let namespace: String
    let wanted: RecallOptions.Rerank
    let weights: RankingWeights

    /// The candidates in their new order, and how the stage went.
    struct Outcome {
        var ranked: Ranked
        var stages: [StageReport] = []
        var degradations: [Degradation] = []
    }

    /// Runs the stage; without a wish or a candidate it does nothing.
    ///
    /// - Throws: `CancellationError` only; whatever else goes wrong leaves the order as it was and is said.
    func apply(to ranked: Ranked) async throws -> Outcome {
        guard case .budget(let milliseconds, let candidateCount) = wanted, !ranked.isEmpty else {
            return Outcome(ranked: ranked)
        }
        guard let reranker = engine.reranker else {
            return Outcome(ranked: ranked, degradations: [.notReranked(engine.rerankerProblem)])
        }
        let clock = ContinuousClock()
        let start = clock.now
        var outcome = Outcome(ranked: ranked)
        let chosen = Array(ranked.prefix(candidateCount))
        var scores: [RecordKey: Double] = [:]
        do {
            let records = try await engine.store.records(chosen.map(\.key), in: namespace)
            let texts = Dictionary(records.map { ($0.key, $0.record.searchableText) }) { first, _ in first }
            // A record that was forgotten meanwhile has no text and no place in the answer either.
            let present = chosen.compactMap { candidate in texts[candidate.key].map { (key: candidate.key, text: $0) } }
            scores = try await read(present, with: reranker, until: start + .milliseconds(milliseconds), clock)
            if scores.count < present.count {
                outcome.degradations.append(
                    .rerankBudgetSpent(milliseconds: milliseconds, read: scores.count, of: present.count))
            }
            outcome.ranked = reordered(ranked, by: scores)
        } catch let error as StrataError {
            outcome.degradations.append(.notReranked(error))
        }
        outcome.stages.append(
            StageReport(
                name: .rerank, milliseconds: (clock.now - start).milliseconds, candidateCount: scores.count))
        return outcome
    }

    /// Scores candidates, the first ones first, until the deadline.
    private func read(
        _ candidates: [(key: RecordKey, text: String)], with reranker: any Reranker,
        until deadline: ContinuousClock.Instant, _ clock: ContinuousClock
    ) async throws -> [RecordKey: Double] {
        var scores: [RecordKey: Double] = [:]
        var pace = RerankPace()
        while scores.count < candidates.count {
            let count = pace.nextCount(remaining: deadline - clock.now, waiting: candidates.count - scores.count)
            guard count > 0 else { break }
            let part = candidates[scores.count..<scores.count + count]
            let start = clock.now
            guard let made = try await score(part.map(\.text), with: reranker, until: deadline, clock) else { break }
            guard made.count == part.count else {
                throw StrataError(.internal, "the reranker gave \(made.count) scores for \(part.count) texts")
            }
            for (candidate, score) in zip(part, made) { scores[candidate.key] = score }
            pace.note(count: part.count, took: clock.now - start)
        }
        return scores
    }

    /// The scores, or nil when the deadline came first; the reranker's work is then taken back.
    private func score(
        _ texts: [String], with reranker: any Reranker, until deadline: ContinuousClock.Instant,
        _ clock: ContinuousClock
    ) async throws -> [Double]? {
        let query = query
        return try await withThrowingTaskGroup(of: [Double]?.self) { group in
            group.addTask { try await reranker.scores(of: texts, for: query) }
            group.addTask {
                try await clock.sleep(until: deadline)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func reordered(_ ranked: Ranked, by scores: [RecordKey: Double]) -> Ranked {
        ranked.map { $0.reranked(score: scores[$0.key] ?? 0, weights: weights) }
            .sorted { ($1.reach, $0.key) < ($0.reach, $1.key) }
    }
}

/// How many candidates to read next, so that the budget is kept: few while their cost is unknown, then as many as the
/// rest of the time allows by the pace so far.
struct RerankPace: Equatable {
    static let firstCount = 4
    static let countMax = 16
    private var readCount = 0
    private var time = Duration.zero

    /// At most `waiting`; 0 when not even one would be done in time.
    func nextCount(remaining: Duration, waiting: Int) -> Int {
        guard remaining > .zero else { return 0 }
        guard readCount > 0, time > .zero else { return min(Self.firstCount, waiting) }
        let affordable = remaining / (time / readCount)
        return min(waiting, Self.countMax, affordable >= Double(Self.countMax) ? Self.countMax : Int(affordable))
    }

    /// Takes in what reading some took.
    mutating func note(count: Int, took duration: Duration) {
        readCount += count
        time += duration
    }
}

extension Degradation {
    fileprivate static func notReranked(_ problem: StrataError?) -> Self {
        Self(
            code: "not_reranked",
            message: problem.map { "candidates were not reranked (\($0.message))" }
                ?? "candidates were not reranked: the engine was opened without a reranker")
    }

    fileprivate static func rerankBudgetSpent(milliseconds: Int, read: Int, of wanted: Int) -> Self {
        Self(
            code: "rerank_budget_spent",
            message: """
                \(read) of \(wanted) candidates were reranked within \(milliseconds) ms; the others keep their order \
                behind them
                """)
    }
}
