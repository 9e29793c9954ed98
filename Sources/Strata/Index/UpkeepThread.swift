internal import Foundation
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// One thread of low priority for work that may take long and that nobody waits for.
///
/// It starts with the first piece of work and ends with ``stop()`` or when nobody holds it any more.
final class UpkeepThread: Sendable {
    private final class Work: Sendable {
        private struct State {
            var pieces: [@Sendable () -> Void] = []
            var isStarted = false
            var isStopped = false
        }

        private let state = Mutex(State())
        private let wake = DispatchSemaphore(value: 0)

        /// Hands a piece over; true for the first.
        func add(_ piece: @escaping @Sendable () -> Void) -> Bool {
            let isFirst = state.withLock { state in
                defer { state.isStarted = true }
                state.pieces.append(piece)
                return !state.isStarted
            }
            wake.signal()
            return isFirst
        }

        func stop() {
            state.withLock { $0.isStopped = true }
            wake.signal()
        }

        func run() {
            while true {
                wake.wait()
                let (piece, isStopped) = state.withLock { state in
                    (state.pieces.isEmpty ? nil : state.pieces.removeFirst(), state.isStopped)
                }
                if let piece { piece() } else if isStopped { return }
            }
        }
    }

    private let work = Work()

    deinit { work.stop() }

    /// Carries out work on the thread and returns what it gives.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let isFirst = work.add { continuation.resume(with: Result { try body() }) }
            guard isFirst else { return }
            let thread = Thread { [work] in
                #if os(Linux)
                    // Linux counts niceness by thread: searches and the model go first.
                    _ = setpriority(__priority_which_t(0), 0, 10)
                #endif
                work.run()
            }
            thread.name = "strata.upkeep"
            thread.start()
        }
    }

    /// Ends the thread after the work that it has.
    func stop() { work.stop() }
}

/// Carries blocking work to a thread that may block, which those of Swift's own pool may not.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
}
