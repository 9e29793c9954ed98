public import StrataCore

/// A part of the engine that can be well or not.
public enum HealthComponent: String, Sendable, Codable, CaseIterable, Comparable {
    /// Writing and reading records.
    case store
    /// The search among vectors.
    case index
    /// The model that makes vectors.
    case embedder
    /// The model that reads candidates.
    case reranker
    /// Records moving between layers and expiring.
    case promotion
    /// The cache of embeddings.
    case cache
    /// The work behind the calls.
    case scheduler
    /// Space where the data are.
    case disk
    /// Memory of the machine or the control group.
    case memory
    /// Copies elsewhere.
    case backup

    /// In the order of their names.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// How well something is, the best first.
public enum HealthStatus: String, Sendable, Codable, CaseIterable, Comparable {
    /// Everything as it should be.
    case healthy
    /// It works, with less than the usual means.
    case degraded
    /// It fails for some, or will soon fail for all.
    case unhealthy
    /// It does not work.
    case down

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    /// The better one is less.
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// How much an alert matters, the least first.
public enum AlertSeverity: String, Sendable, Codable, CaseIterable, Comparable, CodingKeyRepresentable {
    /// Good to know.
    case info
    /// Something will have to be done.
    case warning
    /// Something has to be done today.
    case critical
    /// Memories cannot be stored or found.
    case fatal

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    /// The milder one is less.
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    /// The status of a component with such an alert.
    public var status: HealthStatus {
        switch self {
        case .info: .healthy
        case .warning: .degraded
        case .critical: .unhealthy
        case .fatal: .down
        }
    }
}

/// What a figure counts.
public enum HealthUnit: String, Sendable, Codable, CaseIterable {
    /// Just a number.
    case count
    /// Seconds.
    case seconds
    /// Bytes.
    case bytes
    /// A part of a whole, 0 through 1.
    case share

    /// The value with its unit, for people.
    public func text(_ value: Double) -> String {
        switch self {
        case .count: Self.rounded(value)
        case .share: Self.rounded(value * 100) + " %"
        case .bytes:
            if value >= Double(1 << 30) {
                Self.rounded(value / Double(1 << 30)) + " GiB"
            } else if value >= Double(1 << 20) {
                Self.rounded(value / Double(1 << 20)) + " MiB"
            } else {
                Self.rounded(value / 1024) + " KiB"
            }
        case .seconds:
            switch abs(value) {
            case ..<1: Self.rounded(value * 1000) + " ms"
            case ..<180: Self.rounded(value) + " s"
            case ..<10_800: Self.rounded(value / 60) + " min"
            default: Self.rounded(value / 3600) + " h"
            }
        }
    }

    private static func rounded(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return String(value) }
        let tenths = (value * 10).rounded()
        return tenths.truncatingRemainder(dividingBy: 10) == 0 ? String(Int64(tenths / 10)) : String(tenths / 10)
    }
}

/// A figure of a component at one moment.
public struct HealthSample: Sendable, Hashable, Codable {
    /// Whose figure it is.
    public var component: HealthComponent
    /// What it measures, in snake case.
    public var metric: String
    /// The value.
    public var value: Double
    /// What it counts.
    public var unit: HealthUnit
    /// What led to the value, when that is known: an error's code or message, never a memory's text.
    public var detail: String?

    /// A sample.
    public init(
        _ component: HealthComponent, _ metric: String, _ value: Double, _ unit: HealthUnit = .count,
        detail: String? = nil
    ) {
        self.component = component
        self.metric = metric
        self.value = value
        self.unit = unit
        self.detail = detail
    }
}

/// Something that an operator has to know, as long as it holds.
public struct Alert: Sendable, Hashable, Codable {
    /// The code of its rule.
    public var code: String
    /// Which component it concerns.
    public var component: HealthComponent
    /// How much it matters now.
    public var severity: AlertSeverity
    /// What is wrong, in one sentence.
    public var summary: String
    /// What is measured.
    public var metric: String
    /// The last value.
    public var value: Double
    /// What the value counts.
    public var unit: HealthUnit
    /// On which side of the limit the value is.
    public var direction: AlertRule.Direction
    /// The limit that the value has passed.
    public var limit: Double
    /// What led to the value, when that is known.
    public var detail: String?
    /// The command that helps, or that says more.
    public var command: String
    /// Since when the value is past a limit.
    public var since: Timestamp
    /// When the value was last measured.
    public var updatedAt: Timestamp
    /// When it was over; nil while it holds.
    public var resolvedAt: Timestamp?

    /// An alert, field by field.
    public init(
        code: String, component: HealthComponent, severity: AlertSeverity, summary: String, metric: String,
        value: Double, unit: HealthUnit, direction: AlertRule.Direction, limit: Double, detail: String?,
        command: String, since: Timestamp, updatedAt: Timestamp, resolvedAt: Timestamp?
    ) {
        self.code = code
        self.component = component
        self.severity = severity
        self.summary = summary
        self.metric = metric
        self.value = value
        self.unit = unit
        self.direction = direction
        self.limit = limit
        self.detail = detail
        self.command = command
        self.since = since
        self.updatedAt = updatedAt
        self.resolvedAt = resolvedAt
    }

    /// The figures in one line: `free_bytes is 52 MiB, limit 64 MiB`.
    public var measurement: String {
        let side = direction == .above ? "at least" : "at most"
        let figures = "\(metric) is \(unit.text(value)) (alert at \(side) \(unit.text(limit)))"
        return detail.map { "\(figures): \($0)" } ?? figures
    }
}

/// A change of an alert.
public struct AlertEvent: Sendable, Hashable, Codable {
    /// What happened to it.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// It is new, or matters more than before.
        case raised
        /// It matters less than before.
        case lowered
        /// It is over.
        case resolved
    }

    /// What happened.
    public var kind: Kind
    /// The alert as it is after that.
    public var alert: Alert

    /// An event.
    public init(_ kind: Kind, _ alert: Alert) {
        self.kind = kind
        self.alert = alert
    }
}
