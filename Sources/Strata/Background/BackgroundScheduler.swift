internal import StrataCore

/// Runs periodic jobs one after another, at the times that a ``JobTable`` names and at the pace of a ``JobPace``.
actor BackgroundScheduler {
    private var jobs: [String: any BackgroundJob] = [:]
    private let configuration: BackgroundConfiguration
    private let environment: EngineEnvironment
    private let isBusy: @Sendable () -> Bool
    private let didEnd: @Sendable (JobStatus) async -> Void
    private var table: JobTable
    private var loop: Task<Void, Never>?
    private var sleeper: Task<Void, Never>?

    /// A scheduler without jobs.
    ///
    /// - Parameter didEnd: is told how a job did, after each of its runs.
    init(
        _ configuration: BackgroundConfiguration, environment: EngineEnvironment,
        isBusy: @escaping @Sendable () -> Bool, didEnd: @escaping @Sendable (JobStatus) async -> Void
    ) {
        self.configuration = configuration
        self.environment = environment
        self.isBusy = isBusy
        self.didEnd = didEnd
        table = JobTable(jobs: [], jitter: configuration.jitter)
    }

    /// How the jobs do.
    var statuses: [JobStatus] { table.statuses }

    /// Takes over the jobs, and what earlier processes noted of them.
    func prepare(_ jobs: [any BackgroundJob], _ earlier: [JobStatus]) {
        self.jobs = Dictionary(jobs.map { ($0.name, $0) }) { $1 }
        table = JobTable(jobs: jobs.map { ($0.name, $0.interval) }, jitter: configuration.jitter)
        table.adopt(earlier)
    }

    /// Begins to run the jobs.
    func start() {
        guard loop == nil else { return }
        table.begin(at: environment.now(), lots: jobs.map { _ in lot() })
        loop = Task { await self.work() }
    }

    /// Cancels what runs and returns when it has ended.
    func stop() async {
        loop?.cancel()
        sleeper?.cancel()
        await loop?.value
        loop = nil
    }

    /// Changes how often a job runs.
    func setInterval(_ interval: Duration, of name: String) {
        table.setInterval(interval, of: name, at: environment.now())
        sleeper?.cancel()
    }

    /// Runs `body` as that job, by hand, and notes how it did.
    func byHand<Value: Sendable>(
        _ name: String, figures: @Sendable (Value) -> [String: Int],
        _ body: @Sendable (JobPace) async throws -> Value
    ) async throws -> Value {
        table.started(name, at: environment.now())
        do {
            let value = try await body(.immediate(environment))
            await end(name, .success(figures(value)), lot: nil)
            return value
        } catch {
            await end(name, .failure(Self.mapped(error)), lot: nil)
            throw error
        }
    }

    private func work() async {
        while !Task.isCancelled {
            switch table.next(at: environment.now()) {
            case .idle: return
            case .wait(let duration): await wait(duration)
            case .run(let name): await run(name)
            }
        }
    }

    private func wait(_ duration: Duration) async {
        let environment = environment
        let sleeper = Task { _ = try? await environment.sleep(duration) }
        self.sleeper = sleeper
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        self.sleeper = nil
    }

    private func run(_ name: String) async {
        guard let job = jobs[name] else { return }
        let pace = JobPace(
            timeShareMax: configuration.timeShareMax, holdMax: configuration.holdMax, isBusy: isBusy,
            environment: environment)
        table.started(name, at: environment.now())
        do {
            try await pace.hold()
            await end(name, .success(try await job.run(pace)), lot: lot())
        } catch {
            await end(name, .failure(Self.mapped(error)), lot: lot())
        }
    }

    private func end(_ name: String, _ result: Result<[String: Int], StrataError>, lot: Double?) async {
        table.ended(name, at: environment.now(), result, lot: lot)
        if let status = table.statuses.first(where: { $0.name == name }) { await didEnd(status) }
    }

    private func lot() -> Double { Double(environment.randomBits() >> 11) / Double(UInt64(1) << 53) }

    private static func mapped(_ error: any Error) -> StrataError {
        switch error {
        case let error as StrataError: error
        case is CancellationError: StrataError(.closed, "the job was cancelled; its next run goes on")
        default: StrataError(.internal, "an unforeseen error in a background job; please report this", cause: error)
        }
    }
}
