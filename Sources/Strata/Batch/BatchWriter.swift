internal import StrataCore

/// Carries out what ``BatchQueue`` decides: a timer, a few workers, retries, dead letters, and room for a bounded number
/// of records.
actor BatchWriter {
    typealias Entry = BatchQueue.Entry
    /// Stores memories of one namespace and says of each what became of it.
    typealias Store =
        @Sendable ([NewMemory], String, DuplicatePolicy) async throws -> [Result<RememberOutcome, StrataError>]

    private let options: BatchOptions
    private let environment: EngineEnvironment
    private let store: Store
    private let deadLetters: DeadLetterFile?

    private var queue: BatchQueue
    private var ready: [[Entry]] = []
    private var timer: Task<Void, Never>?
    private var workers: [Int: Task<Void, Never>] = [:]
    private var workerLast = 0
    private var waiters: [(id: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    private var waiterLast = 0
    private var isClosed = false
    private var counts = BatchStatistics()
    private var firstSubmission: Timestamp?
    private var lastOutcome: Timestamp?
    /// A ring of the last latencies in milliseconds.
    private var latencies: [Double] = []
    private var latencyCount = 0

    private static let latencyCountMax = 4096

    init(
        options: BatchOptions, environment: EngineEnvironment, deadLetters: DeadLetterFile?, store: @escaping Store
    ) {
        self.options = options
        self.environment = environment
        self.deadLetters = deadLetters
        self.store = store
        queue = BatchQueue(countMax: options.countMax)
    }

    /// Takes records in, waiting for room.
    ///
    /// - Throws: ``StrataError/Code/closed``, ``StrataError/Code/overloaded``, `CancellationError`; nothing of the call
    ///   is taken in then.
    func submit(
        _ memories: [NewMemory], in namespace: String, onDuplicate: DuplicatePolicy
    ) async throws -> BatchTicket {
        // A call larger than the bound goes in alone.
        while !isClosed, counts.pendingCount > 0, counts.pendingCount + memories.count > options.pendingCountMax {
            try await waitForRoom()
        }
        guard !isClosed else { throw StrataError(.closed, "the engine is closed; open it again to write") }
        let now = environment.now()
        firstSubmission = firstSubmission ?? now
        let ticket = BatchTicket(count: memories.count)
        counts.submittedCount += memories.count
        counts.pendingCount += memories.count
        let action = queue.add(
            memories.enumerated().map { position, memory in
                Entry(
                    memory: memory, namespace: namespace, onDuplicate: onDuplicate, submittedAt: now, ticket: ticket,
                    position: position)
            })
        switch action {
        case .none: break
        case .startTimer: startTimer()
        case .flush: flush()
        }
        return ticket
    }

    /// Writes what waits, now.
    func flush() {
        timer?.cancel()
        timer = nil
        ready += queue.takeBatches()
        startWorkers()
    }

    /// Writes what waits and returns when everything has its outcome; takes nothing more.
    func close() async {
        isClosed = true
        resumeWaiters()
        flush()
        while let worker = workers.values.first { await worker.value }
    }

    /// How it went so far.
    func statistics() -> BatchStatistics {
        var statistics = counts
        let sorted = latencies.sorted()
        if let last = sorted.indices.last {
            statistics.millisecondsMedian = sorted[last / 2]
            statistics.milliseconds99 = sorted[last * 99 / 100]
        }
        if let firstSubmission, let lastOutcome {
            let seconds = max(0.001, (lastOutcome - firstSubmission) / .seconds(1))
            statistics.recordsPerSecond = Double(counts.storedCount) / seconds
        }
        return statistics
    }

    private func startTimer() {
        timer = Task { [environment, options, weak self] in
            do {
                try await environment.sleep(options.interval)
            } catch {
                return
            }
            await self?.flush()
        }
    }

    private func startWorkers() {
        while workers.count < options.workerCount, !ready.isEmpty {
            workerLast += 1
            let number = workerLast
            let batch = ready.removeFirst()
            workers[number] = Task { await self.work(batch, as: number) }
        }
    }

    private func work(_ first: [Entry], as number: Int) async {
        var next: [Entry]? = first
        while let batch = next {
            await write(batch)
            next = ready.isEmpty ? nil : ready.removeFirst()
        }
        workers[number] = nil
    }

    /// Writes a batch; what fails and may succeed later is tried again, alone with others that failed with it.
    private func write(_ batch: [Entry]) async {
        var left = batch
        var attempt = 0
        counts.batchCount += 1
        while !left.isEmpty {
            attempt += 1
            let results = await attempted(left)
            let delay = options.retry.delay(after: attempt, bits: environment.randomBits())
            var again: [Entry] = []
            for (entry, result) in zip(left, results) {
                if delay != nil, case .failure(let error) = result, error.isRetryable {
                    again.append(entry)
                } else {
                    await finish(entry, result, attemptCount: attempt)
                }
            }
            left = again
            guard !left.isEmpty, let delay else { break }
            counts.retryCount += left.count
            try? await environment.sleep(delay)
        }
    }

    private func attempted(_ entries: [Entry]) async -> [Result<RememberOutcome, StrataError>] {
        do {
            return try await store(entries.map(\.memory), entries[0].namespace, entries[0].onDuplicate)
        } catch {
            let failure =
                error as? StrataError
                ?? StrataError(
                    .internal, "the batch was given up by an unforeseen error; please report this", cause: error)
            return entries.map { _ in .failure(failure) }
        }
    }

    private func finish(
        _ entry: Entry, _ result: Result<RememberOutcome, StrataError>, attemptCount: Int
    ) async {
        var result = result
        let now = environment.now()
        switch result {
        case .success: counts.storedCount += 1
        case .failure(let error):
            counts.failedCount += 1
            let letter = DeadLetter(
                memory: entry.memory, namespace: entry.namespace, onDuplicate: entry.onDuplicate, error: error,
                attemptCount: attemptCount, at: now)
            do {
                try await deadLetters?.append([letter])
            } catch {
                result = .failure(
                    StrataError(
                        error.code, "\(error.message); it could not be kept among the dead letters either",
                        isRetryable: error.isRetryable, cause: error))
            }
        }
        let latency = (now - entry.submittedAt) / .milliseconds(1)
        if latencies.count < Self.latencyCountMax {
            latencies.append(latency)
        } else {
            latencies[latencyCount % Self.latencyCountMax] = latency
        }
        latencyCount += 1
        lastOutcome = now
        counts.pendingCount -= 1
        entry.ticket.complete(entry.position, result)
        resumeWaiters()
    }

    private func waitForRoom() async throws {
        guard waiters.count < options.waiterCountMax else {
            throw StrataError(
                .overloaded, "\(waiters.count) calls wait for room in the batch queue, which is the limit; try later",
                isRetryable: true)
        }
        // What is asked to wait must not wait for the timer as well.
        flush()
        waiterLast += 1
        let id = waiterLast
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiters.append((id, continuation))
                }
            }
        } onCancel: {
            Task { await self.cancelWaiter(id) }
        }
    }

    private func cancelWaiter(_ id: Int) {
        guard let place = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: place).continuation.resume(throwing: CancellationError())
    }

    /// Whoever waits looks again whether there is room.
    private func resumeWaiters() {
        let all = waiters
        waiters = []
        for waiter in all { waiter.continuation.resume() }
    }
}
