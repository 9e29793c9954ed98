public import StrataCore

/// The values of one figure over the last hour, in slots of ten seconds, so that its memory is bounded however often it is
/// measured.
public struct SampleHistory: Sendable {
    /// How long a slot is.
    public static let slot = Duration.seconds(10)
    /// How many slots there are: an hour of them.
    public static let slotCount = 360

    /// What was measured in a slot.
    public struct Point: Sendable, Hashable, Codable {
        /// When the slot began.
        public var at: Timestamp
        /// The least value.
        public var min: Double
        /// The greatest value.
        public var max: Double
        /// The last value.
        public var last: Double
        /// How many values there were.
        public var count: Int
    }

    private var ring: [Point] = []
    private var start = 0

    /// A history without values.
    public init() {}

    /// Notes a value. One that is older than the last slot, after a clock was set back, counts in that slot.
    public mutating func add(_ value: Double, at now: Timestamp) {
        let length = Self.slot.components.seconds * 1000
        // Rounded down also before 1970, where the remainder is negative.
        let offset = (now.milliseconds % length + length) % length
        let at = Timestamp(milliseconds: now.milliseconds - offset)
        if let last = lastIndex, ring[last].at >= at {
            ring[last].min = Swift.min(ring[last].min, value)
            ring[last].max = Swift.max(ring[last].max, value)
            ring[last].last = value
            ring[last].count += 1
            return
        }
        let point = Point(at: at, min: value, max: value, last: value, count: 1)
        if ring.count < Self.slotCount {
            ring.append(point)
        } else {
            ring[start] = point
            start = (start + 1) % Self.slotCount
        }
    }

    private var lastIndex: Int? { ring.isEmpty ? nil : (start + ring.count - 1) % ring.count }

    /// The slots of the hour before a moment, oldest first.
    public func points(at now: Timestamp) -> [Point] {
        let oldest = now - Self.slot * Self.slotCount
        return (ring[start...] + ring[..<start]).filter { $0.at >= oldest }
    }
}
