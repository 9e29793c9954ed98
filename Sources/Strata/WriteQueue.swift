internal import StrataCore

/// The engine's only writer: takes whatever units wait, commits them in one transaction, then tells the followers in
/// commit order, then answers.
///
/// Many callers share one sync to disk (group commit), and the index can never see changes in another order than the
/// store. A unit that was handed in is always carried out, also when its caller is cancelled: what the store holds and
/// what the caller was told must agree.
actor WriteQueue {
    /// A unit, its outcomes, and when they were committed.
    struct Committed: Sendable {
        let mutations: [StoreMutation]
        let outcomes: [StoreOutcome]
    }

    /// What became of the units of a request, or what failed them all.
    typealias Answer = Result<[Result<[StoreOutcome], StrataError>], any Error>

    private struct Pending {
        let units: [[StoreMutation]]
        let answer: @Sendable (Answer) -> Void
    }

    private let store: any MemoryStore
    private let now: @Sendable () -> Timestamp
    private let pendingCountMax: Int
    private let metrics: EngineMetrics
    private let didCommit: @Sendable ([Committed]) async -> Void
    private var pending: [Pending] = []
    private var drain: Task<Void, Never>?
    private var isClosed = false

    /// A queue before `store`; `didCommit` is called once a transaction, before its callers are answered.
    init(
        store: any MemoryStore, now: @escaping @Sendable () -> Timestamp, pendingCountMax: Int,
        metrics: EngineMetrics, didCommit: @escaping @Sendable ([Committed]) async -> Void
    ) {
        self.store = store
        self.now = now
        self.pendingCountMax = pendingCountMax
        self.metrics = metrics
        self.didCommit = didCommit
    }

    /// How many requests wait.
    var pendingCount: Int { pending.count }

    /// Commits a unit and returns its outcomes, one a mutation.
    func commit(_ mutations: [StoreMutation]) async throws -> [StoreOutcome] {
        try await commit(units: [mutations])[0].get()
    }

    /// Commits units, each of which holds or fails on its own, in one transaction.
    ///
    /// - Throws: what fails them all: a full queue, a closed engine, a store that cannot write.
    func commit(units: [[StoreMutation]]) async throws -> [Result<[StoreOutcome], StrataError>] {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try accept(units: units) { continuation.resume(with: $0) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Takes units in and returns at once; `answer` is called when they are committed or have failed.
    ///
    /// - Throws: what keeps them out: a full queue, a closed engine.
    func accept(units: [[StoreMutation]], answer: @escaping @Sendable (Answer) -> Void) throws(StrataError) {
        guard !isClosed else { throw StrataError(.closed, "the engine is closed; open it again to write") }
        guard pending.count < pendingCountMax else {
            throw StrataError(
                .overloaded, "\(pending.count) writes are waiting, which is the limit; try again later",
                isRetryable: true)
        }
        pending.append(Pending(units: units, answer: answer))
        if drain == nil { drain = Task { await self.drainPending() } }
    }

    /// Takes no more units and returns when those that wait are answered.
    func close() async {
        isClosed = true
        await drain?.value
    }

    private func drainPending() async {
        while !pending.isEmpty {
            let batch = pending
            pending = []
            await commit(batch)
        }
        drain = nil
    }

    private func commit(_ batch: [Pending]) async {
        let units = batch.flatMap(\.units)
        do {
            let start = ContinuousClock.now
            let results = try await store.commit(units, at: now())
            metrics.noteCommit(unitCount: units.count, since: start)
            precondition(results.count == units.count, "a store answers every unit")
            await didCommit(
                zip(units, results).compactMap { unit, result in
                    (try? result.get()).map { Committed(mutations: unit, outcomes: $0) }
                })
            var rest = results[...]
            for request in batch {
                request.answer(.success(Array(rest.prefix(request.units.count))))
                rest = rest.dropFirst(request.units.count)
            }
        } catch {
            for request in batch { request.answer(.failure(error)) }
        }
    }
}
