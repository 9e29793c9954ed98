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
}

/// One ingredient of a score.
public struct ScorePart: Sendable, Hashable, Codable {
    /// The ingredients.
    public enum Name: String, Sendable, Codable, CaseIterable {
        /// Shared words; the raw value is the BM25 score.
        case keyword
        /// Nearness of meaning; the raw value is the cosine similarity.
        case vector
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
    /// What it adds to the score: the value times its weight.
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
}
