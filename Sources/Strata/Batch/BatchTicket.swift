public import StrataCore
internal import Synchronization

/// Stands for records that were handed in together; one outcome each comes when they are on disk or given up.
public final class BatchTicket: Sendable {
    private struct State {
        var results: [Result<RememberOutcome, StrataError>?]
        var missingCount: Int
        var waiting: [CheckedContinuation<[Result<RememberOutcome, StrataError>], Never>] = []
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(results: Array(repeating: nil, count: count), missingCount: count)) }

    /// How many records were handed in.
    public var count: Int { state.withLock { $0.results.count } }

    /// One outcome a record, in the order in which they were added: on disk, or why not.
    ///
    /// A record that failed for good is among the dead letters, from where it can be replayed.
    public func outcomes() async -> [Result<RememberOutcome, StrataError>] {
        await withCheckedContinuation { continuation in
            let finished: [Result<RememberOutcome, StrataError>]? = state.withLock { state in
                if state.missingCount == 0 { return state.results.compactMap { $0 } }
                state.waiting.append(continuation)
                return nil
            }
            if let finished { continuation.resume(returning: finished) }
        }
    }

    func complete(_ position: Int, _ result: Result<RememberOutcome, StrataError>) {
        let finished = state.withLock { state -> State? in
            if state.results[position] == nil { state.missingCount -= 1 }
            state.results[position] = result
            guard state.missingCount == 0 else { return nil }
            defer { state.waiting = [] }
            return state
        }
        guard let finished else { return }
        for continuation in finished.waiting { continuation.resume(returning: finished.results.compactMap { $0 }) }
    }
}
