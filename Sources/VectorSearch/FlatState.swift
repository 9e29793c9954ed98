internal import StrataCore

/// All that a search looks at: a value, so that a reader keeps the one it took while a writer makes the next.
///
/// Copies share the vectors; what a copy does duplicate when it is changed is small (one shard of the key map, one
/// byte a row of one segment).
struct FlatState: Sendable {
    let layout: RowLayout
    /// A segment keeps its index for life; nil marks an index that is free.
    private(set) var segments: [Segment?] = []
    private(set) var locations = KeyMap()
    private(set) var count = 0
    /// The segment that takes new rows.
    private var tail: Int?
    /// How many rows are announced and have not come yet.
    private var reservedCount = 0

    init(layout: RowLayout) { self.layout = layout }

    /// Adds a row, or replaces the one under the key.
    ///
    /// - Parameters:
    ///   - vector: `dimension` components; multiplied by `factor` they are what is stored.
    ///   - bits: one bit, that of the tag.
    mutating func upsert(
        _ key: RecordKey, _ vector: UnsafePointer<Float>, factor: Double, bits: UInt8, kernels: VectorKernels
    ) {
        let old = locations[key]
        locations[key] = append(bits: bits) { storage, row in
            storage.write(row, key: key, vector: vector, factor: factor, kernels: kernels)
        }
        count += 1
        if let old { bury(old) }
    }

    /// Removes a row; a key that is not there is passed over.
    mutating func delete(_ key: RecordKey) {
        guard let old = locations[key] else { return }
        locations[key] = nil
        bury(old)
    }

    /// Changes the bits of a row; a key that is not there is passed over.
    mutating func setBits(_ bits: UInt8, of key: RecordKey) {
        guard let location = locations[key] else { return }
        segments[Int(location.segment)]?.bits[Int(location.row)] = bits
    }

    /// Makes room for so many rows to come, so that the first segments are as large as the later ones.
    mutating func reserveCapacity(_ rowCount: Int) {
        locations.reserveCapacity(rowCount)
        reservedCount = rowCount
    }

    /// Puts a row behind the last one.
    private mutating func append(bits: UInt8, write: (SegmentStorage, Int) -> Void) -> Location {
        if let index = tail, segments[index]?.isFull ?? true { tail = nil }
        let index = tail ?? openSegment()
        tail = index
        // The tail is always the index of a segment.
        let row = segments[index]!.bits.count
        write(segments[index]!.storage, row)
        segments[index]!.bits.append(bits)
        segments[index]!.liveCount += 1
        reservedCount = max(reservedCount - 1, 0)
        return Location(segment: UInt32(index), row: UInt32(row))
    }

    /// Opens a segment as large as all rows so far, so that space and number of segments stay in proportion.
    private mutating func openSegment() -> Int {
        let capacity = min(max(count, reservedCount, RowLayout.rowsMin), layout.rowsMax)
        let segment = Segment(storage: SegmentStorage(layout: layout, capacity: capacity))
        if let free = segments.firstIndex(where: { $0 == nil }) {
            segments[free] = segment
            return free
        }
        segments.append(segment)
        return segments.count - 1
    }

    /// Marks a row as dead, and moves the live rows of its segment when a quarter of that is dead.
    ///
    /// A move copies at most three rows for each one that died, so that a delete costs the same however large the
    /// index is, and it needs room for one segment only.
    private mutating func bury(_ location: Location) {
        let index = Int(location.segment)
        count -= 1
        segments[index]?.bits[Int(location.row)] = 0
        segments[index]?.liveCount -= 1
        guard let segment = segments[index], segment.isSparse else { return }
        if tail == index { tail = nil }
        for row in segment.bits.indices where segment.bits[row] != 0 {
            locations[segment.storage.keys[row]] = append(bits: segment.bits[row]) { storage, target in
                storage.copy(target, from: segment.storage, row: row)
            }
        }
        segments[index] = nil
    }

    /// The bytes in memory.
    var byteCount: Int {
        segments.reduce(locations.byteCount) { $0 + ($1.map { $0.storage.byteCount + $0.bits.capacity } ?? 0) }
    }
}
