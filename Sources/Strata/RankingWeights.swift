internal import Foundation
internal import StrataCore

/// How the parts of a score are weighed.
///
/// `score = Σ weight · value / Σ weight` over the parts that are in play. Every value is 0 through 1, so the score is too,
/// and a weight says how much a part counts beside the others. The four views of a record's content weigh 1 together;
/// cues count only when the query gives any; what is known without the query (is it a statement, how important, how
/// recent) decides between records that answer about equally well.
///
/// The weights were fitted by logistic regression on the project's own labelled conversations, rounded, and checked on the
/// development half of LoCoMo; halving or raising any of them by half moves recall@10 by less than 1.5 points
/// (docs/recall.md).
public struct RankingWeights: Sendable, Hashable, Codable {
    /// The share of the query's information (its summed inverse document frequencies) that the record's words cover.
    public var keyword = 0.25
    /// The same of the best among the record and the two before it in its session.
    public var keywordContext = 0.2
    /// The cosine similarity above ``vectorFloor``.
    public var vector = 0.25
    /// The mean of that over the record and its two neighbours.
    public var vectorContext = 0.3
    /// The better neighbour's views.
    public var neighbour = 0.25
    /// Whether the record's speaker is named in the query.
    public var speaker = 0.08
    /// How well the record's time fits the times that the query names.
    public var time = 0.08
    /// What a cross-encoder makes of query and record, in play where one is asked: about two thirds of the whole, which
    /// is a judgement; no cross-encoder's weights could be had to measure it with.
    public var rerank = 3.0
    /// Whether it states something rather than asks.
    public var statement = 0.085
    /// Whether it holds a number.
    public var number = 0.03
    /// How much it says: the logarithm of its length.
    public var length = 0.07
    /// The record's own importance.
    public var importance = 0.05
    /// How recent it is.
    public var recency = 0.03
    /// How often it was used.
    public var use = 0.02

    /// The cosine that two unrelated texts have under the model; similarity counts from there. 0 for the MiniLM family.
    public var vectorFloor = 0.0
    /// The age at which recency has fallen to one half. 30 days.
    public var recencyHalfLife: Duration = .seconds(30 * 86_400)
    /// The number of uses that gives half of the most that use can give. 8.
    public var useHalfCount = 8.0
    /// The number of characters from which a longer record gains nothing more. 2400.
    public var lengthMax = 2400.0

    /// The default weights.
    public init() {}

    /// The summed weights of what a record has whatever the query is.
    var priorSum: Double { statement + number + length + importance + recency + use }

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

    /// Nothing for an empty text, one from ``lengthMax`` characters on; ten, a word or two, are where it begins to count.
    func lengthPart(characterCount: Int) -> Double {
        min(1, log1p(Double(characterCount) / 10) / log1p(lengthMax / 10))
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
