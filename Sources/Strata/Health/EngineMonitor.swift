public import StrataCore
public import Telemetry

/// Watches an engine: measures, keeps an hour of history, raises and resolves alerts and tells people of them.
///
/// ```swift
/// let monitor = try EngineMonitor(engine, configuration: MonitoringConfiguration())
/// async let watching: Void = monitor.run()
/// ```
/// Nothing here is on the way of a call. ``liveness`` asks nothing of the engine, so that a slow disk does not get a
/// process restarted that would only be slower after that.
public actor EngineMonitor {
    /// How alerts are told, and how it goes.
    public nonisolated let notifier: Notifier

    private let engine: MemoryEngine
    private let configuration: MonitoringConfiguration
    private let backend: PrometheusMetrics?
    private let startedAt: Timestamp
    private var board: HealthBoard
    private var sampler: HealthSampler
    private var figures: EngineFigures?
    private var isMeasuring = false

    /// A monitor of an engine that measures nothing before it is asked or run.
    ///
    /// - Parameters:
    ///   - metrics: the backend that the engine was opened with, for ``exposition(_:)``.
    ///   - outlets: how consoles, logs and web addresses are reached.
    ///   - environment: the environment variables that secrets of sinks may name.
    /// - Throws: ``StrataError/Code/invalidArgument``: what is wrong with the configuration.
    public init(
        _ engine: MemoryEngine, configuration: MonitoringConfiguration = MonitoringConfiguration(),
        metrics: PrometheusMetrics? = nil, outlets: Notifier.Outlets = Notifier.Outlets(),
        environment: [String: String] = [:]
    ) throws(StrataError) {
        try configuration.validate()
        self.engine = engine
        self.configuration = configuration
        backend = metrics
        let surroundings = engine.configuration.environment
        startedAt = surroundings.now()
        board = try HealthBoard(rules: configuration.effectiveRules)
        sampler = HealthSampler(engine.healthUse(since: startedAt))
        notifier = try Notifier(
            configuration.notifications, outlets: outlets, environment: environment, now: surroundings.now,
            randomBits: surroundings.randomBits)
    }

    /// Measures and tells until the task is cancelled; then tells what still waited and removes the test record.
    public func run() async {
        let environment = engine.configuration.environment
        let interval = configuration.intervalSeconds
        await withTaskGroup(of: Void.self) { group in
            // Telling has a loop of its own: a receiver that does not answer must not hold up the measuring.
            group.addTask { [notifier] in
                while !Task.isCancelled {
                    await notifier.deliver()
                    try? await environment.sleep(.seconds(1))
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    await self.measure()
                    try? await environment.sleep(.seconds(interval))
                }
            }
        }
        await notifier.deliver(flushes: true)
        await engine.endProbes()
    }

    /// Measures once and returns how everything is. Calls at the same time share one measurement's outcome.
    @discardableResult
    public func measure() async -> HealthReport {
        guard !isMeasuring else { return report }
        isMeasuring = true
        defer { isMeasuring = false }
        let probe = await engine.probe()
        // What cannot be read now keeps its last value; the probe's failure is what is told.
        let current = try? await engine.figures(backups: configuration.backupFolder)
        if let current { figures = current }
        let samples = sampler.samples(probe, current)
        let events = board.observe(samples, at: now)
        await notifier.accept(events)
        return report
    }

    /// Removes the test record, for a process that measured once.
    public func end() async { await engine.endProbes() }

    private var now: Timestamp { engine.configuration.environment.now() }

    /// How everything was when it was last measured.
    public var report: HealthReport {
        board.report(at: now, startedAt: startedAt, version: StrataVersion.current)
    }

    /// Whether calls can be answered: the store has been measured and neither it nor the search is down.
    public var isReady: Bool {
        let components = report.components.filter { $0.name == .store || $0.name == .index }
        return components.contains { $0.status != nil } && components.allSatisfy { $0.status != .down }
    }

    /// The alerts that were resolved, oldest first, at most 100.
    public var resolvedAlerts: [Alert] { board.resolvedAlerts }

    /// What was last measured; nil before the first time.
    public var lastFigures: EngineFigures? { figures }

    /// The last hour of a figure, in slots of ten seconds, oldest first.
    public func history(of metric: String, _ component: HealthComponent) -> [SampleHistory.Point] {
        board.history(of: metric, component, at: now)
    }

    /// That the process answers; it asks nothing of engine, store or model.
    public nonisolated var liveness: Liveness {
        Liveness(
            version: StrataVersion.current,
            uptimeSeconds: max(0, Double((engine.configuration.environment.now() - startedAt).components.seconds)))
    }

    /// The metrics at this moment, for a scraper: what calls recorded, and counts and sizes as they are now.
    public func exposition(_ format: MetricsFormat = .prometheus) async -> String {
        if let current = try? await engine.figures(backups: configuration.backupFolder) { figures = current }
        var families = report.metricFamilies + (await notifier.statuses.metricFamilies)
        if let figures { families += figures.metricFamilies(startedAt: startedAt) }
        if let backend { families = backend.families(adding: families) }
        return format.text(of: families)
    }
}

/// That a process answers.
public struct Liveness: Sendable, Hashable, Codable {
    /// `ok`.
    public var status = "ok"
    /// The version of Strata.
    public var version: String
    /// For how long the engine has been watched, in seconds.
    public var uptimeSeconds: Double
}

extension MemoryEngine {
    fileprivate func healthUse(since start: Timestamp) -> HealthSampler.Use {
        var hasModel = true
        if case .none = configuration.model { hasModel = false }
        var hasReranker = true
        if case .none = configuration.reranker { hasReranker = false }
        return HealthSampler.Use(
            hasModel: hasModel, hasReranker: hasReranker, rerankerProblem: rerankerProblem,
            isBackgroundEnabled: configuration.background.isEnabled,
            pendingWriteCountMax: configuration.limits.pendingWriteCountMax, startedAt: start)
    }
}
