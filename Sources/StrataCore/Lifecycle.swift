/// What somebody said about a memory that was recalled.
public enum Feedback: String, Sendable, Codable, CaseIterable {
    /// It helped.
    case useful
    /// It was beside the point or wrong.
    case notUseful
}

/// What decides how long a record lives: everything about it but its content.
public struct LifecycleFacts: Sendable, Hashable {
    /// The record.
    public let key: RecordKey
    /// Its name.
    public let id: RecordID
    /// Its layer.
    public let layer: Layer
    /// Its importance as somebody set it, 0 through 1.
    public let importance: Double
    /// Where it came from.
    public let source: MemoryRecord.Source
    /// When it was stored.
    public let createdAt: Timestamp
    /// When it came into its layer.
    public let enteredLayerAt: Timestamp
    /// When it was last used.
    public let lastAccessedAt: Timestamp?
    /// How often it was used.
    public let accessCount: Int
    /// How often it was used in its layer.
    public let layerUseCount: Int
    /// How often it was called useful.
    public let usefulCount: Int
    /// How often it was called not useful.
    public let notUsefulCount: Int
    /// The number of its last change.
    public let change: Int64

    /// Facts given one by one.
    public init(
        key: RecordKey, id: RecordID, layer: Layer, importance: Double, source: MemoryRecord.Source,
        createdAt: Timestamp, enteredLayerAt: Timestamp, lastAccessedAt: Timestamp?, accessCount: Int,
        layerUseCount: Int, usefulCount: Int, notUsefulCount: Int, change: Int64
    ) {
        self.key = key
        self.id = id
        self.layer = layer
        self.importance = importance
        self.source = source
        self.createdAt = createdAt
        self.enteredLayerAt = enteredLayerAt
        self.lastAccessedAt = lastAccessedAt
        self.accessCount = accessCount
        self.layerUseCount = layerUseCount
        self.usefulCount = usefulCount
        self.notUsefulCount = notUsefulCount
        self.change = change
    }

    /// The facts of a stored record.
    public init(_ stored: StoredRecord) {
        let record = stored.record
        self.init(
            key: stored.key, id: record.id, layer: record.layer, importance: record.importance, source: record.source,
            createdAt: record.createdAt, enteredLayerAt: record.enteredLayerAt, lastAccessedAt: record.lastAccessedAt,
            accessCount: record.accessCount, layerUseCount: record.layerUseCount, usefulCount: record.usefulCount,
            notUsefulCount: record.notUsefulCount, change: record.change)
    }

    /// Where the record stands in the order of coming into the layer.
    public var position: LifecyclePosition { LifecyclePosition(enteredLayerAt: enteredLayerAt, key: key) }
    /// The record as it was when these facts were read.
    public var version: RecordVersion {
        RecordVersion(id: id, change: change, useCount: accessCount + usefulCount + notUsefulCount)
    }
}

/// A place in the order in which records came into a layer.
public struct LifecyclePosition: Sendable, Hashable {
    /// When the record there came into the layer.
    public let enteredLayerAt: Timestamp
    /// Its key.
    public let key: RecordKey

    /// The place of a record.
    public init(enteredLayerAt: Timestamp, key: RecordKey) {
        self.enteredLayerAt = enteredLayerAt
        self.key = key
    }
}

/// A record at one moment, so that what was decided about it is carried out only while it is the same.
public struct RecordVersion: Sendable, Hashable {
    /// The record.
    public let id: RecordID
    /// The number of its last change then.
    public let change: Int64
    /// Its uses and verdicts then.
    public let useCount: Int

    /// A version of those figures.
    public init(id: RecordID, change: Int64, useCount: Int) {
        self.id = id
        self.change = change
        self.useCount = useCount
    }

    /// Whether the record is still this version.
    public func matches(_ record: MemoryRecord) -> Bool {
        record.id == id && record.change == change
            && record.accessCount + record.usefulCount + record.notUsefulCount == useCount
    }
}

extension MemoryRecord {
    /// Counts a verdict.
    public mutating func count(_ feedback: Feedback) {
        switch feedback {
        case .useful: usefulCount += 1
        case .notUseful: notUsefulCount += 1
        }
    }
}

/// Work on a store that no memory depends on; each kind is done in small steps.
public enum StoreUpkeep: Sendable, Hashable {
    /// Removes vectors, keyword rows and tags that belong to no record, looking at `limit` of each behind `row`, 0 for
    /// the start.
    case orphans(after: Int64)
    /// Removes the oldest entries of the change log, of before `moment`; the last entry of each namespace stays.
    case history(before: Timestamp)
    /// Removes rows of the log of promotion decisions that are of before `moment` or older than the newest `countMax`.
    case decisions(before: Timestamp, countMax: Int)
    /// Gives pages that removals left free back to the file system.
    case freePages
    /// Moves the log of commits into the database file.
    case checkpoint
}

/// What a step of upkeep did.
public struct UpkeepOutcome: Sendable, Hashable {
    /// How many rows or pages were removed or moved.
    public let doneCount: Int
    /// Where the next step goes on; nil when there is nothing left to do.
    public let next: Int64?

    /// An outcome of that count.
    public init(doneCount: Int, next: Int64?) {
        self.doneCount = doneCount
        self.next = next
    }
}
