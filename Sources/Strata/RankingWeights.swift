internal import Foundation
internal import StrataCore

/// How the parts of a score are weighed.
///
/// `relevance = (keyword · K + vector · V) / (keyword + vector)`, and
/// `score = (1 − p) · relevance + importance · I + recency · R + use · U` with `p = importance + recency + use`.
/// Every part is 0 through 1, so the score is too, and a weight is the most that its part can add.
public struct RankingWeights: Sendable, Hashable {
    /// The weight of K, the share of the query's information (its summed inverse document frequencies) that the
    /// record's words cover. 0.4: the plateau from 0.2 through 0.4 is flat, larger namespaces prefer more.
    public var keyword = 0.4
    /// The weight of V, the cosine similarity above ``vectorFloor``. 0.6.
    public var vector = 0.6
    /// The cosine that two unrelated texts have under the model; similarity counts from there. 0 for the MiniLM family.
    public var vectorFloor = 0.0
    /// How much of relevance is the cross-encoder's score where one is asked, 0 through 1; the rest is as without it.
    /// 0.7, which is a judgement: no cross-encoder's weights could be had to measure it with.
    public var rerank = 0.7
    /// The most that ``MemoryRecord/importance`` adds. 0.05, which is about the distance between neighbours in the first
    /// ten: it orders near-ties and overturns nothing clear.
    public var importance = 0.05
    /// The most that recency adds. 0.03.
    public var recency = 0.03
    /// The age at which recency has fallen to one half. 30 days.
    public var recencyHalfLife: Duration = .seconds(30 * 86_400)
    /// The most that use adds. 0.02.
    public var use = 0.02
    /// The number of uses that gives half of it. 8.
    public var useHalfCount = 8.0

    /// The default weights.
    public init() {}

    /// The most that everything but relevance can add.
    var priorShare: Double { importance + recency + use }
    /// The weight of relevance.
    var relevanceShare: Double { 1 - priorShare }

    /// How much a record covers of the query, 0 through 1.
    ///
    /// BM25 can exceed the query's information for short records with repeats; it is cut off there.
    func keywordPart(bm25: Double, information: Double) -> Double {
        information > 0 ? min(1, bm25 / information) : 0
    }

    /// The cosine above the floor, 0 through 1.
    func vectorPart(cosine: Float) -> Double {
        min(1, max(0, (Double(cosine) - vectorFloor) / (1 - vectorFloor)))
    }

    /// One at the present moment (and for times to come), halved every half-life.
    func recencyPart(of record: MemoryRecord, now: Timestamp) -> Double {
        let age = now - (record.occurredAt ?? record.createdAt)
        return exp2(-max(0, age / recencyHalfLife))
    }

    /// None for a record that was never used, towards one with many uses.
    func usePart(of record: MemoryRecord) -> Double {
        let count = Double(record.accessCount)
        return count / (count + useHalfCount)
    }
}

/// Which words are left out of the query that is embedded.
///
/// A name that occurs in half of all records says nothing about which of them is meant, but a small embedding model
/// spends most of its attention on it. Keyword search needs no such cut: its weights fall with frequency.
public struct FrequentWordCut: Sendable, Hashable {
    /// A word is left out when its term occurs in more than this share of the namespace's records, 0 through 1; 1
    /// never cuts. 0.2.
    public var recordShareMax = 0.2
    /// Below this number of records nothing is cut. 20.
    public var recordCountMin = 20

    /// The default cut.
    public init() {}
}
