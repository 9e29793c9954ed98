public import StrataCore

/// What a recall found, and how.
///
/// The answer is a collection of its hits, best first.
public struct RecallAnswer: Sendable, RandomAccessCollection, Codable {
    /// The records found, best first; ties in the order in which they were stored.
    public let hits: [Hit]
    /// The stages that ran, in order of their start.
    public let stages: [StageReport]
    /// What could not be done as usual; empty in good times.
    public let degradations: [Degradation]
    /// The words of the query that were left out before it was embedded, because too many records hold them.
    public let cutWords: [String]
    /// The identifier of the space that was searched; nil when no vectors were.
    public let embeddingSpace: String?
    /// How long the whole recall took, in milliseconds.
    public let milliseconds: Double
    /// What became of ``RecallOptions/tokenBudget``; nil without one.
    public let packing: Packing?

    /// 0.
    public var startIndex: Int { hits.startIndex }
    /// The number of hits.
    public var endIndex: Int { hits.endIndex }
    /// The hit at a place, 0 being the best.
    public subscript(position: Int) -> Hit { hits[position] }
}

/// A record that a recall found.
public struct Hit: Sendable, Hashable, Codable {
    /// The record, with its counts as they were before this recall.
    public let record: MemoryRecord
    /// How well it answers, 0 through 1; the sum of the parts' contributions.
    public let score: Double
    /// What the score is made of.
    public let parts: [ScorePart]
    /// What happened before it in its session, oldest first; nil when ``RecallOptions`` asks for no neighbours. A record
    /// that is a hit itself, or a better hit's neighbour, is not repeated.
    public internal(set) var before: [MemoryRecord]?
    /// What happened after it, oldest first.
    public internal(set) var after: [MemoryRecord]?
    /// The part of the text that says most, where ``RecallOptions/snippetLength`` is shorter than the text.
    public internal(set) var snippet: Snippet?
}

/// One ingredient of a score.
public struct ScorePart: Sendable, Hashable, Codable {
    /// The ingredients.
    public enum Name: String, Sendable, Codable, CaseIterable {
        /// Shared words; the raw value is the BM25 score.
        case keyword
        /// Shared words of the best among the record and the two before it in its session; raw as above.
        case keywordContext = "keyword_context"
        /// Nearness of meaning; the raw value is the cosine similarity.
        case vector
        /// Mean nearness of the record and its two neighbours in its session.
        case vectorContext = "vector_context"
        /// How well the better neighbour answers.
        case neighbour
        /// Whether the query names the record's speaker.
        case speaker
        /// How well the record's time fits the times that the query names.
        case time
        /// Whether the record states something rather than asks.
        case statement
        /// Whether it holds a number.
        case number
        /// How much it says; the raw value is its number of characters.
        case length
        /// What the cross-encoder makes of query and record, when it read the record.
        case rerank
        /// The record's own importance.
        case importance
        /// How recent it is; the raw value is its age in days.
        case recency
        /// How often it was used; the raw value is the count.
        case use
    }

    /// Which ingredient.
    public let name: Name
    /// The measured value, in its own unit.
    public let raw: Double
    /// The value on the scale 0 through 1.
    public let value: Double
    /// What it adds to the score: the value times its share of the weights.
    public let contribution: Double
}

/// How one stage of a recall went.
public struct StageReport: Sendable, Hashable, Codable {
    /// The stages.
    public enum Name: String, Sendable, Codable, CaseIterable {
        /// Splitting the query into terms and looking up how frequent they are.
        case analysis
        /// The model's run on the query.
        case embedding
        /// Turning a filter into the set of records that pass.
        case filter
        /// The search among vectors.
        case vectorSearch = "vector_search"
        /// The search among words.
        case keywordSearch = "keyword_search"
        /// Scoring each candidate by the signal that did not find it, and adding up.
        case fusion
        /// A cross-encoder reads the best candidates.
        case rerank
        /// Reading records, adding what is known about them, ordering.
        case ranking
    }

    /// Which stage.
    public let name: Name
    /// How long it took, in milliseconds. Stages that run side by side overlap.
    public let milliseconds: Double
    /// How many candidates came out of it; nil where that means nothing.
    public let candidateCount: Int?
    /// Whether a search among vectors compared with every one; nil for other stages.
    public var isExact: Bool?
    /// The share of the ten nearest vectors that searches like this one found in a sample of stored ones; nil for exact
    /// ones and before the graph was measured. A recall keeps many more candidates and finds more.
    public var measuredRecall: Double?
}
