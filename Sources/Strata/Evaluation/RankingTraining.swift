internal import Learning
internal import StrataCore

/// Fits the weights of cues and priors to labelled sets.
///
/// Each query's first hundred hits are examples: is this one of its answers? The features are how far the content of a
/// hit falls short of the best candidate's, and the values of the cues and priors. A logistic regression says how many
/// units of relevance each of them is worth, and that ratio is its weight. The views keep their weights: what they
/// measure depends on one another, and moving them by half changes recall@10 by less than a point.
public struct RankingTraining: Sendable {
    /// The parts that are fitted. Recency and use depend on how a memory is lived with, which labelled texts do not tell.
    public static let fittedParts: [ScorePart.Name] = [.speaker, .time, .statement, .number, .length, .importance]

    /// Where the fit starts, and what parts keep that are the same in all examples.
    public var start = RankingWeights()
    /// How strongly coefficients are pulled to 0, in units of a standardised feature. 1.
    public var penalty = 1.0

    /// A training of the defaults.
    public init() {}

    /// A query's hits with what their scores are made of.
    struct Asked: Sendable {
        struct Candidate: Sendable {
            /// Values of the parts in play.
            let values: [ScorePart.Name: Double]
            let name: String?
        }
        let set: Int
        let relevant: Set<String>
        let candidates: [Candidate]
    }

    /// Asks all queries in a scratch folder and fits the weights.
    ///
    /// With two sets or more the weights are also fitted on all but one and measured on that one, each in turn; the means
    /// are the figures in the file.
    ///
    /// - Parameters:
    ///   - path: a folder for the engine, which must not hold a memory.
    ///   - description: the data in words.
    /// - Throws: ``StrataError/Code/invalidArgument`` when there is nothing to learn from.
    public func train(
        _ sets: [RetrievalSet], at path: String, model: ModelChoice, description: String,
        finished: @escaping @Sendable (Double) -> Void = { _ in }
    ) async throws -> RankingFile {
        try start.check()
        let (asked, space) = try await ask(sets, at: path, model: model, finished: finished)
        let weights = try fit(asked)
        return RankingFile(
            weights: weights,
            training: RankingFile.Training(
                data: description, setCount: sets.count, queryCount: asked.count, embeddingSpace: space,
                fitted: Self.fittedParts.map(\.rawValue), figures: try heldOutFigures(asked)))
    }

    private func ask(
        _ sets: [RetrievalSet], at path: String, model: ModelChoice, finished: @Sendable (Double) -> Void
    ) async throws -> (asked: [Asked], space: String?) {
        var evaluation = RetrievalEvaluation()
        evaluation.model = model
        let options = RecallOptions(countsUse: false, ranking: start)
        return try await evaluation.withEngine(at: path) { engine, clock in
            var asked: [Asked] = []
            var space: String?
            for (number, set) in sets.enumerated() {
                let namespace = RetrievalEvaluation.namespace(number)
                let names = try await RetrievalEvaluation.store(set, in: namespace, of: engine)
                for query in set.queries where query.isInTotal {
                    clock.set(query.askedAt)
                    let answer = try await engine.recall(query.text, in: namespace, limit: 100, options: options)
                    space = space ?? answer.embeddingSpace
                    asked.append(
                        Asked(
                            set: number, relevant: Set(query.relevant),
                            candidates: answer.map { hit in
                                Asked.Candidate(
                                    values: Dictionary(uniqueKeysWithValues: hit.parts.map { ($0.name, $0.value) }),
                                    name: names[hit.record.id])
                            }))
                }
                clock.set(nil)
                finished(Double(number + 1) / Double(sets.count))
            }
            return (asked, space)
        }
    }

    /// Fits the weights to what was asked.
    func fit(_ asked: [Asked]) throws -> RankingWeights {
        var examples = Examples(featureCount: 1 + Self.fittedParts.count)
        for query in asked {
            let contents = query.candidates.map(content)
            let best = contents.max() ?? 0
            for (candidate, content) in zip(query.candidates, contents) {
                let isRelevant = candidate.name.map(query.relevant.contains) ?? false
                examples.append(
                    [content - best] + Self.fittedParts.map { candidate.values[$0] ?? 0 }, label: isRelevant ? 1 : 0,
                    group: query.set)
            }
        }
        var regression = LogisticRegression()
        regression.penalty = penalty
        let model: LogisticModel
        do {
            model = try regression.fit(examples)
        } catch {
            throw StrataError(
                .invalidArgument,
                "the labelled queries cannot be learned from: among their hits are no answers, or nothing but answers",
                cause: error)
        }
        let unit = model.weights[0]
        guard unit > 0 else {
            throw StrataError(
                .invalidArgument,
                "in the labelled queries answers are no nearer to the query than other hits; check the labels")
        }
        var weights = start
        for (place, part) in Self.fittedParts.enumerated() {
            let column = 1 + place
            guard isVaried(column, in: examples) else { continue }
            // A weight below nothing would make a score leave 0 … 1; what speaks against an answer is left out instead.
            weights[part] = max(0, min(model.weights[column] / unit, 1000))
        }
        return weights
    }

    /// Whether a feature tells any examples apart; one that does not is nothing to fit.
    private func isVaried(_ column: Int, in examples: Examples) -> Bool {
        (0..<examples.count).contains { examples.features[$0, column] != examples.features[0, column] }
    }

    /// Σ weight · value over what tells how well the content answers: the unit that weights are given in.
    private func content(_ candidate: Asked.Candidate) -> Double {
        Self.contentParts.reduce(0) { $0 + start[$1] * (candidate.values[$1] ?? 0) }
    }

    private static let contentParts: [ScorePart.Name] = [
        .keyword, .keywordContext, .vector, .vectorContext, .neighbour,
    ]

    /// What weights fitted on all sets but one reach on that one, over all of them, and what the start reaches.
    private func heldOutFigures(_ asked: [Asked]) throws -> [String: Double] {
        let sets = Set(asked.map(\.set)).sorted()
        guard sets.count > 1 else { return [:] }
        var held: [RetrievalFigures] = []
        for set in sets {
            let weights = try fit(asked.filter { $0.set != set })
            held += asked.filter { $0.set == set }.map { $0.figures(weights) }
        }
        let (after, before) = (RetrievalFigures(mean: held), RetrievalFigures(mean: asked.map { $0.figures(start) }))
        return [
            "recall@10": after.recall10, "mrr": after.mrr, "recall@10 before": before.recall10,
            "mrr before": before.mrr,
        ]
    }
}

extension RankingTraining.Asked {
    /// How well the hits answer when they are ordered by other weights.
    fileprivate func figures(_ weights: RankingWeights) -> RetrievalFigures {
        let scored = candidates.enumerated().map { place, candidate in
            // A part that is in play for one candidate is so for all, but for vectors that are not made yet.
            let weightSum = candidate.values.keys.reduce(0) { $0 + weights[$1] }
            let score = candidate.values.reduce(0) { $0 + weights[$1.key] * $1.value }
            return (score: weightSum > 0 ? score / weightSum : 0, place: place)
        }
        let order = scored.sorted { ($1.score, $0.place) < ($0.score, $1.place) }
        return RetrievalFigures(ranking: order.map { candidates[$0.place].name }, relevant: relevant)
    }
}
