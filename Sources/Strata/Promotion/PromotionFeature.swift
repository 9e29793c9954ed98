/// What a learned promotion looks at. Every feature is bounded or grows with a logarithm, and is computed from what the
/// engine knows at the time of the decision. The definitions with their reasons are in docs/promotion.md.
public enum PromotionFeature: String, Sendable, Codable, CaseIterable {
    /// ln(1 + expressions of time in the text): dates, weekdays, months, clock times, "yesterday".
    case timeReference = "time_reference"
    /// 1 − e^(−d/2), d being the number of records between this one and the nearer end of its session: greetings and
    /// farewells stand at the ends.
    case sessionDepth = "session_depth"
    /// 2^(−days since the last use / 7); 0 when it was never used.
    case useRecency = "use_recency"
    /// ln(1 + number of uses).
    case useCount = "use_count"
    /// The importance that the caller gave, 0 through 1.
    case statedImportance = "stated_importance"
    /// ln(1 + Σ idf) over the text's distinct terms, idf = ln((N + 1) / (n + ½)) in the namespace.
    case information
    /// ln(1 + numbers + names + quotations).
    case detail
    /// 1 − Π(1 − w) over the cues of ``SignificanceLexicon`` that the text holds: the weight of evidence that it says of
    /// itself that it matters.
    case significance
    /// The cosine to the nearest of the memorable prototypes less that to the nearest of the small talk.
    case prototypeMargin = "prototype_margin"
    /// ln(1 + terms that no other record holds) + 2·(1 − cosine to the nearest older record).
    case novelty
    /// 1 for an answer to another speaker's question, −1 for a question, 0 for anything else.
    case dialogueRole = "dialogue_role"
    /// The cosine to the mean direction of its session.
    case topicRelevance = "topic_relevance"

    /// The four groups of features.
    public enum Group: String, Sendable, Codable, CaseIterable {
        /// When, and about when.
        case temporal
        /// How it was used and marked.
        case usage
        /// What it says.
        case semantic
        /// What it stands among.
        case context
    }

    /// The group of the feature.
    public var group: Group {
        switch self {
        case .timeReference, .sessionDepth, .useRecency: .temporal
        case .useCount, .statedImportance: .usage
        case .information, .detail, .significance, .prototypeMargin, .novelty: .semantic
        case .dialogueRole, .topicRelevance: .context
        }
    }

    /// The version of these definitions. A model that was trained on others is refused.
    public static let definitionsVersion = 1
}

/// The features of one record at one time. A feature that cannot be known (a cosine without an embedder, a place in a
/// session that the record does not have) is nil, and a model puts its training mean there: it then speaks neither for
/// nor against.
public struct PromotionFeatures: Sendable, Hashable {
    private var values: [Double?]

    /// Features of which none is known yet.
    public init() { values = Array(repeating: nil, count: PromotionFeature.allCases.count) }

    /// The value of a feature.
    public subscript(feature: PromotionFeature) -> Double? {
        get { values[feature.place] }
        set { values[feature.place] = newValue }
    }

    /// All values in the order of ``PromotionFeature/allCases``, unknown ones from `means`.
    public func row(means: [Double]) -> [Double] { zip(values, means).map { $0 ?? $1 } }
}

extension PromotionFeatures: Codable {
    /// Reads an object of the known features; an unknown name is an error, because it means other definitions.
    public init(from decoder: any Decoder) throws {
        self.init()
        for (name, value) in try decoder.singleValueContainer().decode([String: Double].self) {
            guard let feature = PromotionFeature(rawValue: name) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "there is no feature of that name"))
            }
            self[feature] = value
        }
    }

    /// Writes the known features as an object.
    public func encode(to encoder: any Encoder) throws {
        var known: [String: Double] = [:]
        for feature in PromotionFeature.allCases { known[feature.rawValue] = self[feature] }
        var container = encoder.singleValueContainer()
        try container.encode(known)
    }
}

extension PromotionFeature {
    /// The place among all features.
    var place: Int { Self.places[self] ?? 0 }
    private static let places = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}
