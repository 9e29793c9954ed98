public import StrataCore

/// What is known about the health of an engine. Pure: samples and the time are handed in, events come out.
public struct HealthBoard: Sendable {
    private struct Figure: Hashable {
        let component: HealthComponent
        let metric: String
    }

    /// How many figures are kept; samples of further ones are not. The engine's own are some thirty.
    public static let figureCountMax = 200

    private var trackers: [AlertTracker]
    private var samples: [Figure: (sample: HealthSample, at: Timestamp)] = [:]
    private var histories: [Figure: SampleHistory] = [:]
    /// The latest alerts that are over, oldest first.
    private var resolved: [Alert] = []
    private static let resolvedCountMax = 100

    /// A board that knows nothing yet.
    ///
    /// - Throws: what is wrong with a rule; two rules with one code.
    public init(rules: [AlertRule]) throws(StrataError) {
        var codes: Set<String> = []
        for rule in rules {
            try rule.validate()
            guard codes.insert(rule.code).inserted else {
                throw StrataError(.invalidArgument, "two alert rules have the code \(rule.code); name one differently")
            }
        }
        trackers = rules.map(AlertTracker.init)
    }

    /// Takes in samples and says which alerts changed.
    public mutating func observe(_ new: [HealthSample], at now: Timestamp) -> [AlertEvent] {
        var events: [AlertEvent] = []
        for sample in new where sample.value.isFinite {
            let figure = Figure(component: sample.component, metric: sample.metric)
            guard samples[figure] != nil || samples.count < Self.figureCountMax else { continue }
            samples[figure] = (sample, now)
            histories[figure, default: SampleHistory()].add(sample.value, at: now)
            for index in trackers.indices
            where trackers[index].rule.component == sample.component && trackers[index].rule.metric == sample.metric {
                guard let event = trackers[index].observe(sample, at: now) else { continue }
                events.append(event)
                if event.kind == .resolved {
                    resolved.append(event.alert)
                    resolved.removeFirst(max(0, resolved.count - Self.resolvedCountMax))
                }
            }
        }
        return events
    }

    /// The alerts that hold, the gravest first.
    public var alerts: [Alert] {
        trackers.compactMap(\.alert).sorted { ($1.severity, $0.since, $0.code) < ($0.severity, $1.since, $1.code) }
    }

    /// The latest alerts that are over, oldest first, at most 100.
    public var resolvedAlerts: [Alert] { resolved }

    /// The last hour of a figure, oldest first; empty when it was never measured.
    public func history(of metric: String, _ component: HealthComponent, at now: Timestamp) -> [SampleHistory.Point] {
        histories[Figure(component: component, metric: metric)]?.points(at: now) ?? []
    }

    /// How everything is.
    public func report(at now: Timestamp, startedAt: Timestamp, version: String) -> HealthReport {
        let alerts = alerts
        let components = HealthComponent.allCases.map { component in
            let own = alerts.filter { $0.component == component }
            let figures = samples.filter { $0.key.component == component }.map(\.value.sample)
                .sorted { $0.metric < $1.metric }
            return HealthReport.Component(
                name: component, status: figures.isEmpty ? nil : own.map(\.severity.status).max() ?? .healthy,
                reasons: own.map { "\($0.summary) \($0.measurement)" }, samples: figures,
                measuredAt: samples.filter { $0.key.component == component }.map(\.value.at).max())
        }
        return HealthReport(
            status: components.compactMap(\.status).max() ?? .healthy, version: version, at: now,
            uptimeSeconds: max(0, Double((now - startedAt).components.seconds)), components: components, alerts: alerts)
    }
}

/// How an engine and its components are at one moment.
public struct HealthReport: Sendable, Hashable, Codable {
    /// How a component is.
    public struct Component: Sendable, Hashable, Codable {
        /// Which one.
        public var name: HealthComponent
        /// How it is; nil when it is not in use or was not measured yet.
        public var status: HealthStatus?
        /// What is wrong with it.
        public var reasons: [String]
        /// Its latest figures, by name.
        public var samples: [HealthSample]
        /// When they were measured.
        public var measuredAt: Timestamp?
    }

    /// How the worst component is.
    public var status: HealthStatus
    /// The version of Strata.
    public var version: String
    /// When the report was made.
    public var at: Timestamp
    /// For how long the engine has been open, in seconds.
    public var uptimeSeconds: Double
    /// The components in a fixed order.
    public var components: [Component]
    /// The alerts that hold, the gravest first.
    public var alerts: [Alert]
}
