public import StrataCore

/// Everything that can be said about a recall besides its query and limit.
public struct RecallOptions: Sendable, Hashable, Codable {
    /// The layers to search; all by default.
    public var layers: Set<Layer> = Set(Layer.allCases)
    /// A condition that hits must meet.
    public var filter: Filter?
    /// Hits of a lower score are left out; 0 keeps all.
    public var scoreMin = 0.0
    /// Which signals to search with.
    public var signals: Signals = .hybrid
    /// How many candidates each signal brings; at least the limit. 200.
    public var candidateCount = 200
    /// Whether the hits count as used.
    public var countsUse = true
    /// Where the asker is, as an IANA name such as `Europe/Berlin`: what "yesterday" means. UTC when nil.
    public var timeZone: String?
    /// The conversation that asks; with one, its repeating what it was told is not taken for new evidence.
    public var session: String?
    /// Whether a cross-encoder reads the best candidates together with the query. Off.
    public var rerank: Rerank = .off
    /// How the parts of a score are weighed in this recall; nil for ``EngineConfiguration/ranking``.
    public var ranking: RankingWeights?
    /// How many records before each hit, of its session and passing the filter, come with it; 0 through 100. 0.
    public var neighboursBefore = 0
    /// The same of records after it.
    public var neighboursAfter = 0
    /// How many characters of a longer text are enough, 1 or more; nil gives none but the whole text.
    public var snippetLength: Int?
    /// How many tokens hits and neighbours may take together, 1 or more; see ``Packing``.
    public var tokenBudget: Int?
    /// How much a hit that repeats another one is put back, 0 through 1. 0 keeps the order of the scores.
    public var diversity = 0.0

    /// The signals of a recall.
    public enum Signals: String, Sendable, Codable, CaseIterable {
        /// Words and meaning.
        case hybrid
        /// Words only.
        case keyword
        /// Meaning only.
        case vector
    }

    /// What a cross-encoder may take.
    public enum Rerank: Sendable, Hashable, Codable {
        /// It is not asked.
        case off
        /// It reads the best candidates first, until so many milliseconds or candidates are over; 1 or more of each.
        /// What was left out, and why, is among the answer's degradations.
        case budget(milliseconds: Int, candidateCount: Int = 50)
    }

    /// The default options.
    public init(
        layers: Set<Layer> = Set(Layer.allCases), filter: Filter? = nil, scoreMin: Double = 0,
        signals: Signals = .hybrid, candidateCount: Int = 200, countsUse: Bool = true,
        timeZone: String? = nil, session: String? = nil, rerank: Rerank = .off,
        ranking: RankingWeights? = nil, neighboursBefore: Int = 0, neighboursAfter: Int = 0,
        snippetLength: Int? = nil, tokenBudget: Int? = nil, diversity: Double = 0
    ) {
        self.layers = layers
        self.filter = filter
        self.scoreMin = scoreMin
        self.signals = signals
        self.candidateCount = candidateCount
        self.countsUse = countsUse
        self.timeZone = timeZone
        self.session = session
        self.rerank = rerank
        self.ranking = ranking
        self.neighboursBefore = neighboursBefore
        self.neighboursAfter = neighboursAfter
        self.snippetLength = snippetLength
        self.tokenBudget = tokenBudget
        self.diversity = diversity
    }

    /// The layers and the filter as one filter; nil when everything passes.
    var combinedFilter: Filter? {
        let layerFilter: Filter? = layers.count == Layer.allCases.count ? nil : .layers(layers)
        return switch (layerFilter, filter) {
        case (let layers?, let filter?): .all([layers, filter])
        case (let layers?, nil): layers
        case (nil, let filter): filter
        }
    }
}
