/// One stored memory.
///
/// How well a record answers a query is never part of it; that is a ``Hit``.
public struct MemoryRecord: Sendable, Hashable, Codable, Identifiable {
    /// Where a memory came from.
    public enum Source: String, Sendable, Codable, CaseIterable {
        /// A person said it.
        case user
        /// A model said it.
        case assistant
        /// A tool returned it.
        case tool
        /// It was read from a file or another system.
        case `import`
        /// It is recalled text that came back; it is no new evidence.
        case recall

        /// Whether telling the same thing again counts as a use of it: reading a file twice or hearing one's own answer
        /// says nothing about what matters.
        public var isEvidence: Bool { self != .import && self != .recall }
    }

    /// The record's name, unique in the whole store.
    public var id: RecordID
    /// The tenant it belongs to; no operation crosses namespaces.
    public var namespace: String
    /// What is remembered, not empty.
    public var text: String
    /// Who said it, when it was said by somebody. It is searched together with the text.
    public var speaker: String?
    /// How long it is meant to last.
    public var layer: Layer
    /// The caller's own kind of memory, `general` by default.
    public var kind: String
    /// Labels, without duplicates, in the caller's order.
    public var tags: [String]
    /// The project it belongs to.
    public var project: String?
    /// The conversation or run it belongs to.
    public var session: String?
    /// Any JSON object.
    public var metadata: [String: JSONValue]
    /// How much it matters, 0 through 1; 0.5 by default.
    public var importance: Double
    /// Whether it is exempt from expiry and eviction.
    public var pinned: Bool
    /// Where it came from.
    public var source: Source
    /// When it was stored.
    public var createdAt: Timestamp
    /// When it was last changed.
    public var updatedAt: Timestamp
    /// When the remembered thing happened, if that is known.
    public var occurredAt: Timestamp?
    /// When it was last recalled or remembered again.
    public var lastAccessedAt: Timestamp?
    /// How often it was recalled or remembered again.
    public var accessCount: Int
    /// When it came into its layer; what its time there is counted from.
    public var enteredLayerAt: Timestamp
    /// How many of its uses fell into its time in this layer.
    public var layerUseCount: Int
    /// How often it was called useful.
    public var usefulCount: Int
    /// How often it was called not useful.
    public var notUsefulCount: Int
    /// The record that this one nearly repeats.
    public var duplicateOf: RecordID?
    /// The identifier of the embedding space that holds its vector; nil while it has none.
    public var embeddingSpace: String?
    /// The number of its last change; 0 before it is stored.
    public var change: Int64

    /// A record with the defaults of a new memory.
    public init(
        id: RecordID, namespace: String, text: String, speaker: String? = nil, layer: Layer = .interact,
        kind: String = "general", tags: [String] = [], project: String? = nil, session: String? = nil,
        metadata: [String: JSONValue] = [:], importance: Double = 0.5, pinned: Bool = false, source: Source = .user,
        createdAt: Timestamp, updatedAt: Timestamp? = nil, occurredAt: Timestamp? = nil,
        lastAccessedAt: Timestamp? = nil, accessCount: Int = 0, duplicateOf: RecordID? = nil,
        embeddingSpace: String? = nil, change: Int64 = 0, enteredLayerAt: Timestamp? = nil, layerUseCount: Int = 0,
        usefulCount: Int = 0, notUsefulCount: Int = 0
    ) {
        self.id = id
        self.namespace = namespace
        self.text = text
        self.speaker = speaker
        self.layer = layer
        self.kind = kind
        self.tags = tags
        self.project = project
        self.session = session
        self.metadata = metadata
        self.importance = importance
        self.pinned = pinned
        self.source = source
        self.createdAt = createdAt
        self.updatedAt = updatedAt ?? createdAt
        self.occurredAt = occurredAt
        self.lastAccessedAt = lastAccessedAt
        self.accessCount = accessCount
        self.duplicateOf = duplicateOf
        self.embeddingSpace = embeddingSpace
        self.change = change
        self.enteredLayerAt = enteredLayerAt ?? createdAt
        self.layerUseCount = layerUseCount
        self.usefulCount = usefulCount
        self.notUsefulCount = notUsefulCount
    }

    /// The text as it is embedded and indexed: who said it, then what.
    public var searchableText: String { Self.searchableText(speaker: speaker, text: text) }

    /// The searchable form of a text that `speaker` said.
    public static func searchableText(speaker: String?, text: String) -> String {
        if let speaker { "\(speaker): \(text)" } else { text }
    }
}

/// What an update changes; nil leaves a field as it is.
public struct RecordPatch: Sendable, Hashable, Codable {
    /// A new text; it is embedded and indexed anew.
    public var text: String?
    /// A new layer: a promotion or demotion by hand.
    public var layer: Layer?
    /// A new kind.
    public var kind: String?
    /// The tags that replace the old ones.
    public var tags: [String]?
    /// The metadata object that replaces the old one.
    public var metadata: [String: JSONValue]?
    /// A new importance, 0 through 1.
    public var importance: Double?
    /// Pins or unpins.
    public var pinned: Bool?
    /// When the remembered thing happened.
    public var occurredAt: Timestamp?

    /// A patch of the given fields.
    public init(
        text: String? = nil, layer: Layer? = nil, kind: String? = nil, tags: [String]? = nil,
        metadata: [String: JSONValue]? = nil, importance: Double? = nil, pinned: Bool? = nil,
        occurredAt: Timestamp? = nil
    ) {
        self.text = text
        self.layer = layer
        self.kind = kind
        self.tags = tags
        self.metadata = metadata
        self.importance = importance
        self.pinned = pinned
        self.occurredAt = occurredAt
    }

    /// Whether nothing would change.
    public var isEmpty: Bool { self == RecordPatch() }
}
