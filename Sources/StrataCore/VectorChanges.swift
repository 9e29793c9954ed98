/// An entry of the change log by which a copy of the store's data can say how far it has come.
///
/// The record and the time tell apart the logs of two stores, and of a store before and after it was restored, which
/// number their changes alike.
public struct ChangeMark: Sendable, Hashable, Codable {
    /// The number of the change.
    public let number: Int64
    /// The record that changed.
    public let record: RecordID
    /// When it did.
    public let at: Timestamp

    /// The mark of that entry.
    public init(_ change: Change) {
        number = change.number
        record = change.record
        at = change.at
    }
}

/// What turns the vectors of a namespace in one space, as they were at a mark, into those of now.
public struct VectorChanges: Sendable, Hashable {
    /// The last change of the store.
    public let change: Int64
    /// The layer tag of every record of the namespace; a vector of another key is gone.
    public let tags: [RecordKey: UInt8]
    /// The vectors of the records that changed since, also of those whose vector did not.
    public let changed: VectorSnapshot
    /// The records that changed since and have no vector now.
    public let withoutVector: [RecordKey]
    /// Whether a text was forgotten or replaced since, in some record of the namespace.
    public let hasRemovals: Bool
    /// How many vectors there are now.
    public let count: Int

    /// Changes of those parts.
    public init(
        change: Int64, tags: [RecordKey: UInt8], changed: VectorSnapshot, withoutVector: [RecordKey],
        hasRemovals: Bool, count: Int
    ) {
        self.change = change
        self.tags = tags
        self.changed = changed
        self.withoutVector = withoutVector
        self.hasRemovals = hasRemovals
        self.count = count
    }
}

extension Change {
    /// Whether what was remembered before the change is not to be found after it: the record is gone, or has another
    /// text.
    public var isRemoval: Bool { operation == .forgotten || previous["text"] != nil }
}
