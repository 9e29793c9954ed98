internal import StrataCore

/// How well a record's content and surroundings answer, and what that is made of.
struct Relevance: Sendable {
    /// The raw values, where they are in play.
    var information = 0.0
    var bm25: Double?
    var bm25Context: Double?
    var cosine: Float?
    var cosineContext: Double?
    var neighbour: Double?
    var isSpeakerNamed: Bool?
    var timeAgreement: Double?
    var rerank: Double?

    /// Σ weight · value.
    fileprivate(set) var sum = 0.0
    /// Σ weight.
    fileprivate(set) var weight = 0.0

    /// The highest score that the record can have, whatever its priors are.
    func reach(priorSum: Double) -> Double {
        weight + priorSum > 0 ? (sum + priorSum) / (weight + priorSum) : 0
    }
}

/// A record that may be among the hits.
struct RankedCandidate: Sendable {
    /// Its place in the neighbourhood.
    let index: Int
    let key: RecordKey
    let relevance: Relevance
    /// The highest score that it can have, whatever its priors are.
    let reach: Double

    /// The candidate with a cross-encoder's score in it.
    func reranked(score: Double, weights: RankingWeights) -> RankedCandidate {
        var relevance = relevance
        relevance.rerank = score
        relevance.add(score, weights.rerank)
        return RankedCandidate(
            index: index, key: key, relevance: relevance, reach: relevance.reach(priorSum: weights.priorSum))
    }
}

/// Scores the records of a neighbourhood, each by itself and together with those around it. Pure.
///
/// What a turn says is often in the turn before it: the question that it answers, the noun that its "it" stands for. So
/// each record has four views: its own words, the best words of it and the two before it, its own vector, and the mean
/// cosine of it and its neighbours, which is what an embedding of the three texts together comes to. Nothing is stored
/// or embedded for this (docs/recall.md).
struct ContextScorer {
    let neighbourhood: Neighbourhood
    private let weights: RankingWeights
    private let information: Double
    private let usesVector: Bool
    private var bm25: [Double]
    private var cosine: [Float?]
    private let indexes: [RecordKey: Int]

    /// A scorer of what is known after both searches.
    ///
    /// - Parameters:
    ///   - information: the query's; 0 when it has no terms or words were not searched.
    ///   - usesVector: whether vectors were searched. A record without a vector is then judged by its words alone.
    ///   - keywordHits: the scores that the keyword search returned; other records count as not matching.
    ///   - vectorHits: the cosines that the vector search returned.
    init(
        neighbourhood: Neighbourhood, weights: RankingWeights, information: Double, usesVector: Bool,
        keywordHits: [KeywordHit], vectorHits: [VectorHit]
    ) {
        self.neighbourhood = neighbourhood
        self.weights = weights
        self.information = information
        self.usesVector = usesVector
        bm25 = Array(repeating: 0, count: neighbourhood.keys.count)
        cosine = Array(repeating: nil, count: neighbourhood.keys.count)
        indexes = Dictionary(uniqueKeysWithValues: neighbourhood.keys.enumerated().map { ($1, $0) })
        add(keyword: keywordHits)
        for hit in vectorHits { if let index = indexes[hit.key] { cosine[index] = hit.score } }
    }

    private var usesKeyword: Bool { information > 0 }

    /// The records whose cosine is not known, as indexes into the neighbourhood.
    var withoutCosine: [Int] { cosine.indices.filter { cosine[$0] == nil } }

    /// Takes in cosines, nil for records without a vector.
    mutating func add(cosines: [Float?], at indexes: [Int]) {
        for (index, cosine) in zip(indexes, cosines) { self.cosine[index] = cosine }
    }

    /// Takes in keyword scores; records that are not in the neighbourhood are passed over.
    mutating func add(keyword hits: [KeywordHit]) {
        for hit in hits { if let index = indexes[hit.key] { bm25[index] = hit.score } }
    }

    /// The keys of records and of all whose words count for them, ascending.
    func context(of records: [Int]) -> [RecordKey] {
        var context = Set<Int>()
        for record in records {
            context.insert(record)
            context.formUnion(neighbourhood.before(record, count: ThreadTable.contextBefore))
        }
        return context.sorted().map { neighbourhood.keys[$0] }
    }

    /// Every record of the neighbourhood, the one that can reach the highest score first, ties by key.
    func ranked() -> [RankedCandidate] {
        relevances().enumerated().map { index, relevance in
            RankedCandidate(
                index: index, key: neighbourhood.keys[index], relevance: relevance,
                reach: relevance.reach(priorSum: weights.priorSum))
        }
        .sorted { ($1.reach, $0.key) < ($0.reach, $1.key) }
    }

    /// The relevance of every record of the neighbourhood, in its order.
    private func relevances() -> [Relevance] {
        let own = neighbourhood.keys.indices.map(views)
        return own.indices.map { index in
            var relevance = own[index]
            let around = [neighbourhood.previous[index], neighbourhood.next[index]].filter { $0 != Neighbourhood.none }
            // A record that stands alone is its own neighbour, so that it competes on equal terms.
            let best = around.map { mean(own[$0]) }.max() ?? mean(own[index])
            relevance.neighbour = best
            relevance.add(best, weights.neighbour)
            if neighbourhood.hasSpeakerCue {
                relevance.isSpeakerNamed = neighbourhood.isSpeakerNamed[index]
                relevance.add(neighbourhood.isSpeakerNamed[index] ? 1 : 0, weights.speaker)
            }
            if neighbourhood.hasTimeCue {
                relevance.timeAgreement = neighbourhood.timeAgreement[index]
                relevance.add(neighbourhood.timeAgreement[index], weights.time)
            }
            return relevance
        }
    }

    /// What the views alone come to, 0 through 1.
    private func mean(_ relevance: Relevance) -> Double {
        relevance.weight > 0 ? relevance.sum / relevance.weight : 0
    }

    private func views(_ index: Int) -> Relevance {
        var relevance = Relevance()
        if usesKeyword {
            let context = neighbourhood.before(index, count: ThreadTable.contextBefore).reduce(bm25[index]) {
                max($0, bm25[$1])
            }
            relevance.bm25 = bm25[index]
            relevance.information = information
            relevance.bm25Context = context
            relevance.add(weights.keywordPart(bm25: bm25[index], information: information), weights.keyword)
            relevance.add(weights.keywordPart(bm25: context, information: information), weights.keywordContext)
        }
        if usesVector, let cosine = cosine[index] {
            var (sum, count) = (weights.vectorPart(cosine: cosine), 1.0)
            for around in [neighbourhood.previous[index], neighbourhood.next[index]] where around != Neighbourhood.none
            {
                guard let cosine = self.cosine[around] else { continue }
                sum += weights.vectorPart(cosine: cosine)
                count += 1
            }
            relevance.cosine = cosine
            relevance.cosineContext = sum / count
            relevance.add(weights.vectorPart(cosine: cosine), weights.vector)
            relevance.add(sum / count, weights.vectorContext)
        }
        return relevance
    }
}

extension Relevance {
    fileprivate mutating func add(_ value: Double, _ weight: Double) {
        sum += weight * value
        self.weight += weight
    }
}
