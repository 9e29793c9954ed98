/// What says where a record stands among the others of its session.
public struct ThreadRow: Sendable, Hashable {
    /// The record.
    public let key: RecordKey
    /// Its session; nil when it belongs to none.
    public let session: String?
    /// Who spoke; nil when nobody is named.
    public let speaker: String?
    /// When what it tells happened, or when it was stored if nothing else is known.
    public let time: Timestamp

    /// A row of those values.
    public init(key: RecordKey, session: String?, speaker: String?, time: Timestamp) {
        self.key = key
        self.session = session
        self.speaker = speaker
        self.time = time
    }

    /// The row of a stored record.
    public init(_ stored: StoredRecord) {
        let record = stored.record
        self.init(
            key: stored.key, session: record.session, speaker: record.speaker,
            time: record.occurredAt ?? record.createdAt)
    }
}
