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
    /// What one signal brings.
    struct Part {
        let name: ScorePart.Name
        let raw: Double
        /// The raw value, scaled to 0 through 1.
        let value: Double
        var weight: Double
    }

    let total: Double
    private var keyword: Part?
    private var vector: Part?

    init(
        _ signals: Candidates.Signals, information: Double, weights: RankingWeights, usesKeyword: Bool,
        usesVector: Bool
    ) {
        if usesKeyword {
            let value = weights.keywordPart(bm25: signals.bm25, information: information)
            keyword = Part(name: .keyword, raw: signals.bm25, value: value, weight: weights.keyword)
        }
        if usesVector, let cosine = signals.cosine {
            let value = weights.vectorPart(cosine: cosine)
            vector = Part(name: .vector, raw: Double(cosine), value: value, weight: weights.vector)
        }
        let weightSum = (keyword?.weight ?? 0) + (vector?.weight ?? 0)
        keyword?.weight = weightSum > 0 ? weights.keyword / weightSum : 0
        vector?.weight = weightSum > 0 ? weights.vector / weightSum : 0
        total = (keyword.map { $0.value * $0.weight } ?? 0) + (vector.map { $0.value * $0.weight } ?? 0)
    }

    /// The signals that were there; their weights add up to 1.
    var parts: [Part] { [keyword, vector].compactMap(\.self) }
}
