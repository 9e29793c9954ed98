public import StrataCore
internal import Synchronization

extension MemoryEngine {
    /// Changes with a number greater than `change`, oldest first.
    ///
    /// - Parameters:
    ///   - change: 0 for the beginning; else the number of the last change that the caller has seen.
    ///   - namespace: nil for all namespaces.
    ///   - limit: 1 through 10 000.
    public func changes(since change: Int64, in namespace: String? = nil, limit: Int = 1000) async throws -> [Change] {
        try Validation.count(limit, named: "limit", in: 1...10_000)
        if let namespace { try Validation.namespace(namespace, limits: configuration.limits) }
        guard namespace == nil else { return try await store.changes(since: change, in: namespace, limit: limit) }
        var change = change
        while true {
            let page = try await store.changes(since: change, in: nil, limit: limit)
            let shown = page.filter { $0.namespace != Self.probeNamespace }
            guard shown.isEmpty, page.count == limit, let last = page.last else { return shown }
            change = last.number
        }
    }

    /// What happened to one record, oldest first; empty when it is not there and never was.
    public func history(of id: RecordID, in namespace: String = defaultNamespace) async throws -> [Change] {
        try Validation.namespace(namespace, limits: configuration.limits)
        return try await store.history(of: id, in: namespace)
    }

    /// All changes after `change`, first those of the past, then each as it is committed, until the engine is closed or
    /// the task is cancelled.
    ///
    /// The feed reads the change log at the pace of its reader, so that a slow reader costs no memory and misses
    /// nothing.
    public func changeFeed(since change: Int64, in namespace: String? = nil) -> ChangeFeed {
        ChangeFeed(engine: self, change: change, namespace: namespace)
    }
}

/// The changes of a memory, past and future, in order.
public struct ChangeFeed: AsyncSequence, Sendable {
    /// One change.
    public typealias Element = Change

    let engine: MemoryEngine
    let change: Int64
    let namespace: String?

    /// A reader that starts after the feed's first change number.
    public func makeAsyncIterator() -> Iterator {
        Iterator(engine: engine, change: change, namespace: namespace)
    }

    /// Reads the change log in pages and waits for commits at its end.
    public struct Iterator: AsyncIteratorProtocol {
        private let engine: MemoryEngine
        private var change: Int64
        private let namespace: String?
        private var page: ArraySlice<Change> = []

        init(engine: MemoryEngine, change: Int64, namespace: String?) {
            self.engine = engine
            self.change = change
            self.namespace = namespace
        }

        /// The next change; nil when the engine is closed.
        public mutating func next() async throws -> Change? {
            while page.isEmpty {
                try Task.checkCancellation()
                // The generation is read before the log, so that a commit in between ends the wait at once.
                guard let generation = engine.feed.generation else { return nil }
                do {
                    page = try await engine.changes(since: change, in: namespace)[...]
                } catch let error as StrataError where error.code == .closed {
                    return nil
                }
                if page.isEmpty { await engine.feed.wait(after: generation) }
            }
            let next = page.removeFirst()
            change = next.number
            return next
        }
    }
}

/// Tells those who wait that something was committed.
final class ChangeSignal: Sendable {
    private struct State {
        var generation: UInt64? = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let state = Mutex(State())

    /// How often ``signal()`` was called; nil once the feed is finished.
    var generation: UInt64? { state.withLock { $0.generation } }

    /// Wakes everybody.
    func signal() {
        wake { $0.generation = $0.generation.map { $0 + 1 } }
    }

    /// Wakes everybody for the last time.
    func finish() {
        wake { $0.generation = nil }
    }

    /// Returns when a signal came after `generation`, the feed is finished, or the task is cancelled.
    func wait(after generation: UInt64) async {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    guard state.generation == generation, !Task.isCancelled else { return true }
                    state.waiters[waiter] = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }
}
