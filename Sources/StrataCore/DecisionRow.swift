/// One row of the log of promotion decisions: what was known about a record, what a model said, and whether the record
/// was needed afterwards. It holds no text, and it goes when its record is forgotten.
public struct DecisionRow: Sendable, Hashable {
    /// The record.
    public let record: RecordID
    /// When it was decided on.
    public let decidedAt: Timestamp
    /// How likely the model held it that the record would be needed, 0 through 1.
    public let confidence: Double
    /// Whether the model would have promoted it.
    public let promotes: Bool
    /// Whether the model only watched and others decided.
    public let isShadow: Bool
    /// The figures that the model decided by, as an object in JSON.
    public let features: String
    /// When the record was first used, or called useful, after the decision; nil when it has not been. Set by the store.
    public let firstNeededAt: Timestamp?

    /// A row of those values.
    public init(
        record: RecordID, decidedAt: Timestamp, confidence: Double, promotes: Bool, isShadow: Bool, features: String,
        firstNeededAt: Timestamp? = nil
    ) {
        self.record = record
        self.decidedAt = decidedAt
        self.confidence = confidence
        self.promotes = promotes
        self.isShadow = isShadow
        self.features = features
        self.firstNeededAt = firstNeededAt
    }

    /// The week of the decision since 1970; a record has at most one row a week, the first.
    public var week: Int64 { decidedAt.milliseconds / 604_800_000 }
}
