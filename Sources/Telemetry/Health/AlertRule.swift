public import StrataCore

/// When a figure becomes an alert.
///
/// A limit is passed when the value is *at* it or beyond. An alert comes when the value has been past a limit for
/// `holdSeconds` without a break, and goes when it has been back by `margin` of the limit for `clearSeconds`, so that a
/// value that wavers around its limit gives one alert.
public struct AlertRule: Sendable, Hashable, Codable {
    /// Which side of a limit is bad.
    public enum Direction: String, Sendable, Codable, CaseIterable {
        /// More is worse.
        case above
        /// Less is worse.
        case below
    }

    /// A stable name, in snake case; what silences and ignore patterns go by.
    public var code: String
    /// Whose figure is looked at.
    public var component: HealthComponent
    /// Which figure.
    public var metric: String
    /// Which side of a limit is bad.
    public var direction: Direction
    /// The limits; a graver one lies further out.
    public var limits: [AlertSeverity: Double]
    /// How long a value must be past a limit, 0 through 86 400 seconds.
    public var holdSeconds: Double
    /// How long it must be back, 0 through 86 400 seconds.
    public var clearSeconds: Double
    /// How far it must be back, as a share of the limit, 0 through 1.
    public var margin: Double
    /// What is wrong, in one sentence.
    public var summary: String
    /// The command that helps, or that says more.
    public var command: String

    /// A rule.
    public init(
        _ code: String, _ component: HealthComponent, _ metric: String, _ direction: Direction,
        _ limits: [AlertSeverity: Double], hold: Double = 0, clear: Double = 60, margin: Double = 0.1,
        summary: String, command: String
    ) {
        self.code = code
        self.component = component
        self.metric = metric
        self.direction = direction
        self.limits = limits
        holdSeconds = hold
        clearSeconds = clear
        self.margin = margin
        self.summary = summary
        self.command = command
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case code, component, metric, direction, limits, holdSeconds, clearSeconds, margin, summary, command
    }

    /// Reads a rule; `holdSeconds`, `clearSeconds` and `margin` may be left out.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try values.decode(String.self, forKey: .code),
            try values.decode(HealthComponent.self, forKey: .component),
            try values.decode(String.self, forKey: .metric),
            try values.decode(Direction.self, forKey: .direction),
            try values.decode([AlertSeverity: Double].self, forKey: .limits),
            hold: try values.decodeIfPresent(Double.self, forKey: .holdSeconds) ?? 0,
            clear: try values.decodeIfPresent(Double.self, forKey: .clearSeconds) ?? 60,
            margin: try values.decodeIfPresent(Double.self, forKey: .margin) ?? 0.1,
            summary: try values.decode(String.self, forKey: .summary),
            command: try values.decode(String.self, forKey: .command))
    }

    /// The worst severity of a value for somebody who has `current` already: those up to it hold on until the value is
    /// back by the margin.
    func severity(of value: Double, current: AlertSeverity?) -> AlertSeverity? {
        AlertSeverity.allCases.reversed().first { severity in
            guard let limit = limits[severity] else { return false }
            if passes(value, limit) { return true }
            guard let current, severity <= current else { return false }
            let slack = abs(limit) * margin
            // The way back must have an end: one step inside the limit is enough where it is 0.
            return slack > 0 && passes(value, direction == .above ? limit - slack : limit + slack)
        }
    }

    private func passes(_ value: Double, _ limit: Double) -> Bool {
        direction == .above ? value >= limit : value <= limit
    }

    /// Throws what is wrong with the rule.
    public func validate() throws(StrataError) {
        func refuse(_ problem: String) -> StrataError {
            StrataError(.invalidArgument, "alert rule \(code.isEmpty ? "without a code" : code): \(problem)")
        }
        let isWord = { (text: String) in
            !text.isEmpty && text.utf8.count <= 64
                && text.unicodeScalars.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_" }
        }
        guard isWord(code) else { throw refuse("the code must be 1 through 64 of a-z, 0-9 and _") }
        guard isWord(metric) else { throw refuse("the metric must be 1 through 64 of a-z, 0-9 and _") }
        guard !limits.isEmpty else { throw refuse("it has no limits; give one of info, warning, critical, fatal") }
        guard limits.values.allSatisfy(\.isFinite) else { throw refuse("a limit is not a finite number") }
        for (name, seconds) in [("holdSeconds", holdSeconds), ("clearSeconds", clearSeconds)]
        where !(0...86_400).contains(seconds) {
            throw refuse("\(name) is \(seconds), expected 0 through 86400")
        }
        guard (0...1).contains(margin) else { throw refuse("margin is \(margin), expected 0 through 1") }
        guard !summary.isEmpty, !command.isEmpty else { throw refuse("summary and command must say something") }
        let ordered = AlertSeverity.allCases.compactMap { limits[$0] }
        guard zip(ordered, ordered.dropFirst()).allSatisfy({ direction == .above ? $0 < $1 : $0 > $1 }) else {
            throw refuse("the limit of a graver severity must lie further \(direction.rawValue)")
        }
    }
}
