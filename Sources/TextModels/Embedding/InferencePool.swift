import Dispatch
import Foundation
import StrataCore
import Synchronization

/// Runs the small pieces of many calls on its own threads, off Swift's cooperative pool.
///
/// Calls take turns: after each piece a worker puts the call back at the end of the queue. A query therefore waits for
/// one piece of each call under way, never for a whole bulk call.
final class InferencePool: Sendable {
    /// One piece of work; true when its call wants another turn.
    fileprivate typealias Turn = @Sendable () -> Bool

    /// What the worker threads share; it outlives the pool until they have ended.
    private final class Queue: Sendable {
        struct State {
            var turns: [Turn] = []
            var callCount = 0
            var isStopped = false
        }

        let state = Mutex(State())
        let wakeups = DispatchSemaphore(value: 0)

        func append(_ turn: @escaping Turn) {
            state.withLock { $0.turns.append(turn) }
            wakeups.signal()
        }

        /// Works until the pool has gone.
        func work() {
            while true {
                wakeups.wait()
                let turn = state.withLock { $0.turns.isEmpty ? nil : $0.turns.removeFirst() }
                guard let turn else {
                    if state.withLock({ $0.isStopped }) { return }
                    continue
                }
                if turn() { append(turn) }
            }
        }
    }

    let workerCount: Int
    private let callCountMax: Int
    private let queue = Queue()

    /// Calls under way.
    var callCount: Int { queue.state.withLock(\.callCount) }
    /// Turns that wait for a worker.
    var waitingCount: Int { queue.state.withLock(\.turns.count) }

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - name: of the threads, up to 12 characters.
    ///   - workerCount: at least 1.
    ///   - callCountMax: calls that may be under way; further ones are refused.
    init(name: String, workerCount: Int, callCountMax: Int) {
        precondition(workerCount > 0 && callCountMax > 0)
        self.workerCount = workerCount
        self.callCountMax = callCountMax
        for index in 0..<workerCount {
            let thread = Thread { [queue] in queue.work() }
            thread.name = "\(name)-\(index)"
            thread.start()
        }
    }

    deinit {
        queue.state.withLock { $0.isStopped = true }
        for _ in 0..<workerCount { queue.wakeups.signal() }
    }

    /// Does `count` pieces of work, several side by side, in order of their numbers.
    ///
    /// - Throws: the first error of a piece, after which no further one starts; `CancellationError` between pieces;
    ///   ``StrataError/Code/overloaded`` at once when too many calls are under way.
    func forEach(_ count: Int, _ piece: @escaping @Sendable (Int) throws -> Void) async throws {
        try Task.checkCancellation()
        guard count > 0 else { return }
        try admit()
        defer { queue.state.withLock { $0.callCount -= 1 } }
        let call = Call(count: count, turnCount: min(count, workerCount), piece: piece)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                call.begin(continuation)
                for _ in 0..<call.turnCount { queue.append { call.takeTurn() } }
            }
        } onCancel: {
            call.cancel()
        }
    }

    private func admit() throws {
        let isAdmitted = queue.state.withLock { state in
            guard state.callCount < callCountMax else { return false }
            state.callCount += 1
            return true
        }
        guard isAdmitted else {
            throw StrataError(
                .overloaded, "\(callCountMax) embedding calls are under way, which is the limit; try again later",
                isRetryable: true)
        }
    }
}

/// One caller's pieces.
private final class Call: Sendable {
    struct State {
        var next = 0
        var turnsLeft: Int
        var failure: (any Error)?
        var continuation: CheckedContinuation<Void, any Error>?
    }

    let turnCount: Int
    private let count: Int
    private let piece: @Sendable (Int) throws -> Void
    private let state: Mutex<State>

    init(count: Int, turnCount: Int, piece: @escaping @Sendable (Int) throws -> Void) {
        self.count = count
        self.turnCount = turnCount
        self.piece = piece
        state = Mutex(State(turnsLeft: turnCount))
    }

    func begin(_ continuation: CheckedContinuation<Void, any Error>) {
        state.withLock { $0.continuation = continuation }
    }

    func cancel() {
        state.withLock { if $0.failure == nil { $0.failure = CancellationError() } }
    }

    /// Does one piece; false once this turn is no longer needed.
    func takeTurn() -> Bool {
        let index = state.withLock { state -> Int? in
            guard state.failure == nil, state.next < count else { return nil }
            state.next += 1
            return state.next - 1
        }
        if let index {
            do { try piece(index) } catch { state.withLock { if $0.failure == nil { $0.failure = error } } }
        }
        return !endIfDone()
    }

    /// Gives up this turn when no piece is left; the last turn to end answers the caller.
    private func endIfDone() -> Bool {
        let (isDone, continuation, failure) = state.withLock {
            state -> (Bool, CheckedContinuation<Void, any Error>?, (any Error)?) in
            guard state.failure != nil || state.next >= count else { return (false, nil, nil) }
            state.turnsLeft -= 1
            return (true, state.turnsLeft == 0 ? state.continuation : nil, state.failure)
        }
        if let continuation {
            if let failure { continuation.resume(throwing: failure) } else { continuation.resume() }
        }
        return isDone
    }
}
