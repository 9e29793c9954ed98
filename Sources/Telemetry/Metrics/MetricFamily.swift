/// What a metric is for, for whoever reads it from outside.
public struct MetricDescription: Sendable, Hashable {
    /// One sentence, as Prometheus shows it.
    public var help: String
    /// The inclusive upper ends of a histogram's buckets, ascending, in the metric's base unit; nil takes those that suit
    /// the unit at the end of its name.
    public var buckets: [Double]?

    /// A description.
    public init(_ help: String, buckets: [Double]? = nil) {
        self.help = help
        self.buckets = buckets
    }
}

/// Bounds of histogram buckets.
public enum MetricBuckets {
    /// Seconds, 0.1 ms through 60 s: a cached recall takes a few hundred microseconds, a large batch many seconds.
    public static let seconds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// Bytes, 1 KiB through 1 GiB.
    public static let bytes: [Double] = (10...30).filter { $0 % 2 == 0 }.map { Double(1 << $0) }
    /// Counts, 1 through 10 000.
    public static let counts: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]

    static func suiting(_ name: String) -> [Double] {
        if name.hasSuffix("_seconds") { return seconds }
        return name.hasSuffix("_bytes") ? bytes : counts
    }
}

/// A metric and its values at one moment.
public struct MetricFamily: Sendable, Hashable {
    /// What kind of metric it is.
    public enum Kind: String, Sendable, CaseIterable {
        /// Only grows.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts values by size.
        case histogram
    }

    /// The value of one set of labels.
    public enum Value: Sendable, Hashable {
        /// The value of a counter or a gauge.
        case number(Double)
        /// The counts of each bucket, one more than there are bounds, and the sum of all values.
        case histogram(bounds: [Double], counts: [Int64], sum: Double)
    }

    /// A value and its labels.
    public struct Series: Sendable, Hashable {
        /// Names and values, by name.
        public var labels: [Label]
        /// The value.
        public var value: Value

        /// A series.
        public init(labels: [Label] = [], _ value: Value) {
            self.labels = labels
            self.value = value
        }
    }

    /// A label of a series.
    public struct Label: Sendable, Hashable {
        /// Its name, of letters, digits and underscores.
        public var name: String
        /// Its value, any text.
        public var value: String

        /// A label.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The name; a counter's without `_total`.
    public var name: String
    /// What kind of metric it is.
    public var kind: Kind
    /// One sentence on what it means.
    public var help: String
    /// The values.
    public var series: [Series]

    /// A family.
    public init(name: String, kind: Kind, help: String, series: [Series]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.series = series
    }
}
