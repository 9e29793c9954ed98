internal import StrataCore

/// Which job runs when. Pure: it reads no clock, starts nothing and draws no lots; the caller does.
struct JobTable {
    enum Action: Equatable {
        case run(String)
        case wait(Duration)
        /// There is no job.
        case idle
    }

    private(set) var statuses: [JobStatus]
    private var intervals: [String: Duration]
    private let jitter: Double

    init(jobs: [(name: String, interval: Duration)], jitter: Double) {
        statuses = jobs.map { JobStatus(name: $0.name) }
        intervals = Dictionary(jobs.map { ($0.name, $0.interval) }) { $1 }
        self.jitter = jitter
        for index in statuses.indices { statuses[index].intervalSeconds = jobs[index].interval / .seconds(1) }
    }

    /// Plans every job: an interval after its last start, soon when that has passed, and spread by the lots, each 0
    /// through 1.
    mutating func begin(at now: Timestamp, lots: [Double]) {
        for index in statuses.indices {
            let status = statuses[index]
            let interval = intervals[status.name] ?? .seconds(1)
            let due = max(now, status.lastStartedAt.map { $0 + interval } ?? now)
            statuses[index].nextAt = due + interval * (jitter * lots[index % max(1, lots.count)])
        }
    }

    /// Takes over what earlier processes noted.
    mutating func adopt(_ earlier: [JobStatus]) {
        for old in earlier {
            guard let index = statuses.firstIndex(where: { $0.name == old.name }) else { continue }
            let interval = statuses[index].intervalSeconds
            statuses[index] = old
            statuses[index].intervalSeconds = interval
            statuses[index].isRunning = false
            statuses[index].nextAt = nil
        }
    }

    /// What to do at a moment: the job that has been due for longest, or how long there is nothing to do.
    func next(at now: Timestamp) -> Action {
        let planned = statuses.compactMap { status in status.nextAt.map { (at: $0, name: status.name) } }
        guard let first = planned.min(by: { $0.at < $1.at }) else { return .idle }
        return first.at <= now ? .run(first.name) : .wait(first.at - now)
    }

    mutating func started(_ name: String, at now: Timestamp) {
        change(name) { status in
            status.isRunning = true
            status.lastStartedAt = now
        }
    }

    /// Notes how a run ended and plans the next one.
    ///
    /// - Parameter lot: 0 through 1; nil for a run by hand, which leaves the plan as it is.
    mutating func ended(_ name: String, at now: Timestamp, _ result: Result<[String: Int], StrataError>, lot: Double?) {
        let next = lot.map { now + (intervals[name] ?? .seconds(1)) * (1 + jitter * (2 * $0 - 1)) }
        change(name) { status in
            status.isRunning = false
            status.runCount += 1
            status.lastMilliseconds = status.lastStartedAt.map { (now - $0).milliseconds }
            switch result {
            case .success(let figures):
                status.lastSucceededAt = now
                status.lastError = nil
                status.lastFigures = figures
            case .failure(let error):
                status.failureCount += 1
                status.lastError = error.message
            }
            if let next { status.nextAt = next }
        }
    }

    /// Changes how often a job runs; one that would now be due later than that is brought forward.
    mutating func setInterval(_ interval: Duration, of name: String, at now: Timestamp) {
        intervals[name] = interval
        change(name) { status in
            status.intervalSeconds = interval / .seconds(1)
            status.nextAt = status.nextAt.map { min($0, now + interval) }
        }
    }

    private mutating func change(_ name: String, _ body: (inout JobStatus) -> Void) {
        if let index = statuses.firstIndex(where: { $0.name == name }) { body(&statuses[index]) }
    }
}
