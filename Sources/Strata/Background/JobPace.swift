internal import StrataCore
internal import Synchronization

/// Counts the calls that run at the moment.
final class LoadGauge: Sendable {
    private let count = Mutex(0)

    var runningCount: Int { count.withLock { $0 } }
    func begin() { count.withLock { $0 += 1 } }
    func end() { count.withLock { $0 -= 1 } }
}

/// Keeps a job small beside the calls: it rests after each step and holds still while many calls run.
public final class JobPace: Sendable {
    private let timeShareMax: Double
    private let holdMax: Duration
    private let isBusy: @Sendable () -> Bool
    private let environment: EngineEnvironment
    private let stepStart: Mutex<Timestamp>

    /// How long a job that holds still waits before it looks again.
    private static let holdStep = Duration.milliseconds(100)

    init(
        timeShareMax: Double, holdMax: Duration, isBusy: @escaping @Sendable () -> Bool, environment: EngineEnvironment
    ) {
        self.timeShareMax = timeShareMax
        self.holdMax = holdMax
        self.isBusy = isBusy
        self.environment = environment
        stepStart = Mutex(environment.now())
    }

    /// The pace of work that somebody waits for: no rests.
    static func immediate(_ environment: EngineEnvironment) -> JobPace {
        JobPace(timeShareMax: 1, holdMax: .zero, isBusy: { false }, environment: environment)
    }

    /// To be called between two steps.
    ///
    /// - Throws: `CancellationError` when the engine is being closed.
    public func rest() async throws {
        try Task.checkCancellation()
        let worked = max(.zero, environment.now() - stepStart.withLock { $0 })
        let pause = worked * (1 / timeShareMax - 1)
        if pause > .zero { try await environment.sleep(pause) } else { await Task.yield() }
        try await hold()
        stepStart.withLock { $0 = environment.now() }
    }

    /// Waits while many calls run, but not for ever.
    func hold() async throws {
        var held = Duration.zero
        while held < holdMax, isBusy() {
            try await environment.sleep(Self.holdStep)
            held += Self.holdStep
        }
    }
}
