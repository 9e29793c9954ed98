/// Repeated measurements of one quantity.
public struct Samples: Sendable {
    private var values: [Double] = []

    /// No measurements yet.
    public init() {}

    /// These measurements.
    public init(_ values: [Double]) { self.values = values }

    /// How many there are.
    public var count: Int { values.count }
    /// Their sum.
    public var total: Double { values.reduce(0, +) }

    /// Adds one.
    public mutating func add(_ value: Double) { values.append(value) }

    /// The smallest value that at least `share` (0 through 1) of all values do not exceed; 0 when there are none.
    public func percentile(_ share: Double) -> Double {
        guard !values.isEmpty else { return 0 }
        let place = Int((share * Double(values.count)).rounded(.up)) - 1
        return values.sorted()[min(max(place, 0), values.count - 1)]
    }

    /// The 50th percentile.
    public var median: Double { percentile(0.5) }
}

/// A duration's mean and two customary percentiles, in milliseconds.
public struct Latency: Sendable, Hashable, Codable {
    /// The arithmetic mean; unlike percentiles, means of stages add up.
    public let mean: Double
    /// Half of all took no longer.
    public let p50: Double
    /// 99 of 100 took no longer.
    public let p99: Double
    /// How many were measured.
    public let count: Int

    /// The percentiles of measurements in milliseconds.
    public init(_ samples: Samples) {
        mean = samples.count == 0 ? 0 : samples.total / Double(samples.count)
        p50 = samples.percentile(0.5)
        p99 = samples.percentile(0.99)
        count = samples.count
    }
}

extension Duration {
    /// The duration in seconds.
    public var inSeconds: Double { self / .seconds(1) }
    /// The duration in milliseconds.
    public var inMilliseconds: Double { self / .milliseconds(1) }
}
