public import StrataCore

/// The work that goes on behind the calls, and how little it may be felt.
public struct BackgroundConfiguration: Sendable {
    /// Whether the engine does this work by itself. Off by default: a process that ends soon has no use for it; turn it on
    /// where one lives for hours.
    public var isEnabled = false
    /// How often promotion is looked at. 1 hour.
    public var promotionInterval: Duration = .seconds(3600)
    /// How often while memories stream in. 15 s.
    public var streamingPromotionInterval: Duration = .seconds(15)
    /// How often caps, orphans, history and free pages are looked at. 1 hour.
    public var cleanupInterval: Duration = .seconds(3600)
    /// How often the log of commits moves into the database file. 5 minutes.
    public var checkpointInterval: Duration = .seconds(300)
    /// How often the uses of recalls are written down. 5 s.
    public var useInterval: Duration = .seconds(5)
    /// By which share of its interval a job is moved about, so that many engines do not work at the same moment, 0 through
    /// 0.5. 0.1.
    public var jitter = 0.1
    /// The share of the time that jobs may work while they run, above 0 through 1; between their steps they rest. 0.2.
    public var timeShareMax = 0.2
    /// With how many calls running at a time jobs hold still. 4.
    public var busyCallCount = 4
    /// How long a job holds still at most before it takes its next step all the same. 30 s.
    public var holdMax: Duration = .seconds(30)
    /// Further jobs, for example backups.
    public var jobs: [any BackgroundJob] = []
    /// Is told every event as it happens, from whatever task it happens in; it must not block.
    public var onEvent: (@Sendable (EngineEvent) -> Void)?

    /// The default settings.
    public init() {}

    func validate() throws(StrataError) {
        for (name, interval) in [
            ("promotionInterval", promotionInterval), ("streamingPromotionInterval", streamingPromotionInterval),
            ("cleanupInterval", cleanupInterval), ("checkpointInterval", checkpointInterval),
            ("useInterval", useInterval), ("holdMax", holdMax),
        ] { try Self.check(interval > .zero, name, "above 0") }
        try Self.check((0...0.5).contains(jitter), "jitter", "0 through 0.5")
        try Self.check(timeShareMax > 0 && timeShareMax <= 1, "timeShareMax", "above 0 through 1")
        try Self.check(busyCallCount > 0, "busyCallCount", "1 or more")
        for job in jobs { try Self.check(job.interval > .zero, "the interval of job \(job.name)", "above 0") }
    }

    private static func check(_ holds: Bool, _ name: String, _ range: String) throws(StrataError) {
        guard !holds else { return }
        throw StrataError(.invalidArgument, "the background setting \(name) is out of range; it must be \(range)")
    }
}

/// Periodic work.
public protocol BackgroundJob: Sendable {
    /// A stable word for it, in snake case.
    var name: String { get }
    /// How often it runs.
    var interval: Duration { get }
    /// Runs once, in steps of some milliseconds with ``JobPace/rest()`` between them.
    ///
    /// - Returns: what was done, as named counts.
    func run(_ pace: JobPace) async throws -> [String: Int]
}

/// A job of one closure.
struct ClosureJob: BackgroundJob {
    let name: String
    let interval: Duration
    let body: @Sendable (JobPace) async throws -> [String: Int]

    func run(_ pace: JobPace) async throws -> [String: Int] { try await body(pace) }
}

/// How a job did so far, also in earlier processes.
public struct JobStatus: Sendable, Hashable, Codable {
    /// Its name.
    public let name: String
    /// How often it runs, in seconds.
    public var intervalSeconds = 0.0
    /// Whether it runs now.
    public var isRunning = false
    /// When it last began.
    public var lastStartedAt: Timestamp?
    /// When it last ended well.
    public var lastSucceededAt: Timestamp?
    /// How long its last run took, rests included.
    public var lastMilliseconds: Double?
    /// When it runs next; nil when it is only run by hand.
    public var nextAt: Timestamp?
    /// Why the last run failed; nil when it did not.
    public var lastError: String?
    /// How often it ran.
    public var runCount = 0
    /// How often it failed.
    public var failureCount = 0
    /// What the last run that ended well did, as named counts.
    public var lastFigures: [String: Int] = [:]

    init(name: String) { self.name = name }
}
