public import StrataCore

/// A memory to be stored: a text, and whatever else is known about it.
public struct NewMemory: Sendable, Hashable, Codable, ExpressibleByStringLiteral {
    /// The record's id, when the caller has one: the same id with the same text again is the same memory.
    public var id: RecordID?
    /// What to remember: not blank, at most ``EngineLimits/textBytesMax`` bytes.
    public var text: String
    /// Who said it.
    public var speaker: String?
    /// Where it starts.
    public var layer: Layer
    /// The caller's own kind of memory.
    public var kind: String
    /// Labels.
    public var tags: [String]
    /// The project it belongs to.
    public var project: String?
    /// The conversation or run it belongs to.
    public var session: String?
    /// Any JSON object.
    public var metadata: [String: JSONValue]
    /// How much it matters, 0 through 1.
    public var importance: Double
    /// Whether it is exempt from expiry and eviction.
    public var pinned: Bool
    /// Where it comes from.
    public var source: MemoryRecord.Source
    /// When the remembered thing happened.
    public var occurredAt: Timestamp?
    /// The caller's own vector for the text, of the engine's embedding space; nil has the engine embed the text.
    public var vector: [Float]?

    /// A memory with the defaults of a new record.
    public init(
        _ text: String, id: RecordID? = nil, speaker: String? = nil, layer: Layer = .interact,
        kind: String = "general", tags: [String] = [], project: String? = nil, session: String? = nil,
        metadata: [String: JSONValue] = [:], importance: Double = 0.5, pinned: Bool = false,
        source: MemoryRecord.Source = .user, occurredAt: Timestamp? = nil, vector: [Float]? = nil
    ) {
        self.id = id
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
        self.occurredAt = occurredAt
        self.vector = vector
    }

    /// A memory of that text.
    public init(stringLiteral value: String) { self.init(value) }

    var searchableText: String { MemoryRecord.searchableText(speaker: speaker, text: text) }
}

/// What became of a memory that was to be stored.
public struct RememberOutcome: Sendable, Codable {
    /// The kind of outcome.
    public enum Status: String, Sendable, Codable, CaseIterable {
        /// A new record is stored.
        case stored
        /// The namespace already held this content; the record is the old one, and it counts as used.
        case duplicate
        /// The old record of this content took over the new one's fields.
        case replaced
        /// The memory is on its way to the disk (``Acknowledgement/buffered``); the record is what it will be unless the
        /// namespace holds the content already.
        case accepted
    }

    /// What became of it.
    public let status: Status
    /// The record that now holds the content.
    public let record: MemoryRecord
    /// Whether the text was longer than what was read of it, so that its end is found by words only.
    public let isTruncated: Bool
    /// In how many parts the text was embedded, more than one when it is longer than the model reads; 0 when it was not
    /// embedded: a duplicate, a given vector, no model.
    public let chunkCount: Int
    /// What could not be done as usual, for example no vector for want of a model.
    public let degradations: [Degradation]
}

/// Something that was done with less than the usual means.
public struct Degradation: Sendable, Hashable, Codable {
    /// A stable word for it, in snake case.
    public let code: String
    /// What is missing, what was done instead and what helps.
    public let message: String

    /// A degradation of that code.
    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
