internal import StrataCore

/// The union of what the signals found, with each candidate's score under every signal that could score it.
///
/// Pure: it decides which scores are still missing and how scores become relevance; the caller fetches them.
struct Candidates {
    /// What is known about one candidate.
    struct Signals: Equatable {
        /// BM25; 0 when no word matches.
        var bm25 = 0.0
        /// The cosine; nil when the record has no vector or vectors were not searched.
        var cosine: Float?
    }

    private(set) var signals: [RecordKey: Signals] = [:]
    private var keywordKeys: Set<RecordKey> = []

    /// The candidates of both searches. A search that did not run brings none.
    init(keyword: [KeywordHit], vector: [VectorHit]) {
        for hit in keyword {
            signals[hit.key, default: Signals()].bm25 = hit.score
            keywordKeys.insert(hit.key)
        }
        for hit in vector { signals[hit.key, default: Signals()].cosine = hit.score }
    }

    /// The candidates whose cosine is not known yet, ascending.
    var withoutCosine: [RecordKey] { signals.filter { $0.value.cosine == nil }.keys.sorted() }

    /// What a keyword search says about the scores that it did not return.
    struct KeywordBounds {
        /// The most that a candidate can score which the search did not return.
        var absentMax = 0.0
        /// The most that a candidate's returned score can still grow by the terms that did not lead.
        var growthMax = 0.0
    }

    /// The candidates whose keyword score is not certain and could bring them among the first `limit`, ascending.
    ///
    /// The rest need no look-up: whatever their words are worth, at least `limit` others are better even when the
    /// priors are as uneven as they can be.
    func uncertain(
        _ bounds: KeywordBounds, limit: Int, information: Double, weights: RankingWeights, usesVector: Bool
    ) -> [RecordKey] {
        guard bounds.absentMax > 0 || bounds.growthMax > 0 else { return [] }
        func relevance(_ signals: Signals) -> Double {
            Relevance(signals, information: information, weights: weights, usesKeyword: true, usesVector: usesVector)
                .total
        }
        let ranges = signals.map { key, signals in
            var best = signals
            best.bm25 = keywordKeys.contains(key) ? signals.bm25 + bounds.growthMax : bounds.absentMax
            return (key: key, low: relevance(signals), high: relevance(best))
        }
        let lows = ranges.map(\.low).sorted(by: >)
        let floor = lows.count > limit ? weights.relevanceShare * lows[limit - 1] : -1
        return ranges.filter { $0.low < $0.high && weights.relevanceShare * $0.high + weights.priorShare >= floor }
            .map(\.key).sorted()
    }

    /// Takes in keyword scores; candidates that are not among them share no word with the query.
    mutating func add(keyword hits: [KeywordHit]) {
        for hit in hits { signals[hit.key]?.bm25 = hit.score }
    }

    /// Takes in the cosines of keys, nil for those without a vector.
    mutating func add(cosines: [Float?], of keys: [RecordKey]) {
        for (key, cosine) in zip(keys, cosines) { signals[key]?.cosine = cosine }
    }

    /// The relevance of every candidate, best first, ties by key.
    ///
    /// - Parameters:
    ///   - usesKeyword: whether the query has terms and words were searched.
    ///   - usesVector: whether vectors were searched. A candidate without a vector is then judged by its words alone.
    func relevances(
        information: Double, weights: RankingWeights, usesKeyword: Bool, usesVector: Bool
    ) -> [(key: RecordKey, relevance: Relevance)] {
        signals.map { key, signals in
            (
                key,
                Relevance(
                    signals, information: information, weights: weights, usesKeyword: usesKeyword,
                    usesVector: usesVector)
            )
        }
        .sorted { ($1.relevance.total, $0.key) < ($0.relevance.total, $1.key) }
    }
}

/// How well a candidate's content answers, 0 through 1, and what that is made of.
struct Relevance {
    let total: Double
    /// Name, raw value, scaled value and weight; the weights of the parts present add up to 1.
    let parts: [(name: ScorePart.Name, raw: Double, value: Double, weight: Double)]

    init(
        _ signals: Candidates.Signals, information: Double, weights: RankingWeights, usesKeyword: Bool,
        usesVector: Bool
    ) {
        var parts: [(name: ScorePart.Name, raw: Double, value: Double, weight: Double)] = []
        if usesKeyword {
            let value = weights.keywordPart(bm25: signals.bm25, information: information)
            parts.append((.keyword, signals.bm25, value, weights.keyword))
        }
        if usesVector, let cosine = signals.cosine {
            parts.append((.vector, Double(cosine), weights.vectorPart(cosine: cosine), weights.vector))
        }
        let weightSum = parts.reduce(0) { $0 + $1.weight }
        self.parts = parts.map { ($0.name, $0.raw, $0.value, weightSum > 0 ? $0.weight / weightSum : 0) }
        total = self.parts.reduce(0) { $0 + $1.value * $1.weight }
    }
}
