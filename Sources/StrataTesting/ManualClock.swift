public import StrataCore
internal import Synchronization

/// A wall clock that stands still until it is told to move.
public final class ManualClock: Sendable {
    private struct State {
        var now: Timestamp
        var sleepers: [Int: (until: Timestamp, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var sleeperLast = 0
        var sleepCount = 0
        var watchers: [Watcher] = []
        typealias Watcher = (sleepCount: Int, continuation: CheckedContinuation<Void, Never>)
    }

    private let state: Mutex<State>

    /// A clock that shows that moment.
    public init(_ moment: Timestamp = Timestamp(milliseconds: 1_777_914_720_000)) {
        state = Mutex(State(now: moment))
    }

    /// What the clock shows.
    public var now: Timestamp { state.withLock { $0.now } }

    /// Moves the clock on, or back when the duration is negative, and wakes whoever slept until then.
    public func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now = state.now + duration
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.sorted { ($0.value.until, $0.key) < ($1.value.until, $1.key) }.map(\.value.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Returns when the clock has been moved on by that much.
    ///
    /// - Throws: `CancellationError`.
    public func sleep(for duration: Duration) async throws {
        let number = state.withLock { state in
            state.sleeperLast += 1
            return state.sleeperLast
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (result, watchers) = state.withLock { state -> (Result<Void, any Error>?, [State.Watcher]) in
                    if Task.isCancelled { return (.failure(CancellationError()), []) }
                    if duration <= .zero { return (.success(()), []) }
                    state.sleepers[number] = (state.now + duration, continuation)
                    state.sleepCount += 1
                    let count = state.sleepCount
                    defer { state.watchers.removeAll { $0.sleepCount <= count } }
                    return (nil, state.watchers.filter { $0.sleepCount <= count })
                }
                if let result { continuation.resume(with: result) }
                for watcher in watchers { watcher.continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: number) }?.continuation
                .resume(throwing: CancellationError())
        }
    }

    /// How often somebody fell asleep so far.
    public var sleepCount: Int { state.withLock { $0.sleepCount } }

    /// Returns when somebody has fallen asleep for the `count`-th time, so that a test moves the clock on only when the work
    /// before the sleep is done.
    public func untilAsleep(count: Int) async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.sleepCount >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isDone { continuation.resume() }
        }
    }
}
