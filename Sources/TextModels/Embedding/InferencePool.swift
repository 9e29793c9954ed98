import Dispatch
import Foundation
import StrataCore
import Synchronization

/// Carries out what ``RunScheduler`` decides, on its own threads, off Swift's cooperative pool.
///
/// A run that fails is repeated piece by piece, so that only the call with the guilty piece fails. A call that is
/// cancelled is answered at once; its waiting pieces are taken back, and what is running for it is dropped.
final class InferencePool<Input: Sendable, Output: Sendable>: Sendable {
    /// One call's inputs and what came of them so far.
    private struct Batch {
        let inputs: [Input]
        var outputs: [Output?]
        var leftCount: Int
        let answer: CheckedContinuation<[Output], any Error>
    }

    /// What the worker threads share; it outlives the pool until they have ended.
    private final class Queue: Sendable {
        struct State {
            var scheduler: RunScheduler
            var batches: [Int: Batch] = [:]
            var isStopped = false
        }

        let state: Mutex<State>
        let wakeups = DispatchSemaphore(value: 0)
        let run: @Sendable ([Input]) throws -> [Output]

        init(limits: RunScheduler.Limits, run: @escaping @Sendable ([Input]) throws -> [Output]) {
            state = Mutex(State(scheduler: RunScheduler(limits: limits)))
            self.run = run
        }

        /// Works until the pool has gone.
        func work() {
            while true {
                wakeups.wait()
                while let (pieces, inputs) = take() { carryOut(pieces, inputs) }
                if state.withLock({ $0.isStopped }) { return }
            }
        }

        private func take() -> ([RunScheduler.Piece], [Input])? {
            state.withLock { state in
                guard let run = state.scheduler.next() else { return nil }
                let inputs = run.pieces.compactMap { state.batches[$0.call]?.inputs[$0.index] }
                precondition(inputs.count == run.pieces.count, "a call that has gone left no waiting pieces")
                return (run.pieces, inputs)
            }
        }

        private func carryOut(_ pieces: [RunScheduler.Piece], _ inputs: [Input]) {
            do {
                let outputs = try run(inputs)
                precondition(outputs.count == inputs.count, "a run answers every input")
                finish(pieces, outputs)
            } catch  where pieces.count > 1 {
                for (piece, input) in zip(pieces, inputs) { carryOut([piece], [input]) }
            } catch {
                for piece in pieces { fail(piece.call, with: error) }
            }
        }

        private func finish(_ pieces: [RunScheduler.Piece], _ outputs: [Output]) {
            let complete = state.withLock { state -> [Batch] in
                var complete: [Batch] = []
                for (piece, output) in zip(pieces, outputs) where state.batches[piece.call] != nil {
                    state.batches[piece.call]?.outputs[piece.index] = output
                    state.batches[piece.call]?.leftCount -= 1
                    if state.batches[piece.call]?.leftCount == 0,
                        let batch = state.batches.removeValue(forKey: piece.call)
                    {
                        complete.append(batch)
                    }
                }
                return complete
            }
            for batch in complete {
                let outputs = batch.outputs.compactMap { $0 }
                precondition(outputs.count == batch.inputs.count, "a batch without pieces left is complete")
                batch.answer.resume(returning: outputs)
            }
        }

        /// Answers a call with an error, unless it has been answered.
        func fail(_ call: Int, with error: any Error) {
            let batch = state.withLock { state in
                state.scheduler.drop(call)
                return state.batches.removeValue(forKey: call)
            }
            batch?.answer.resume(throwing: error)
        }
    }

    let workerCount: Int
    private let queue: Queue

    /// Calls under way.
    var callCount: Int { queue.state.withLock(\.scheduler.callCount) }
    /// Pieces that wait for a worker.
    var waitingCount: Int { queue.state.withLock(\.scheduler.waitingCount) }

    /// Starts the threads, ``RunScheduler/Limits/workerCount`` of them.
    ///
    /// - Parameters:
    ///   - name: of the threads, up to 12 characters.
    ///   - run: does the work of one run on a worker's thread: one output an input, in order.
    init(name: String, limits: RunScheduler.Limits, run: @escaping @Sendable ([Input]) throws -> [Output]) {
        workerCount = limits.workerCount
        queue = Queue(limits: limits, run: run)
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

    /// A place in the pool, for one batch after another.
    struct Call: Sendable {
        fileprivate let pool: InferencePool
        fileprivate let id: Int

        /// Does work on the pool's threads.
        ///
        /// - Parameters:
        ///   - tokenCounts: what each input costs.
        ///   - isShared: whether inputs may run together with those of other such calls.
        ///   - rowCountMax: the most inputs of a run, at least 1.
        /// - Returns: one output an input, in order.
        /// - Throws: what the run of one of the inputs throws; `CancellationError`.
        func perform(
            _ inputs: [Input], tokenCounts: [Int], isShared: Bool, rowCountMax: Int
        ) async throws -> [Output] {
            precondition(inputs.count == tokenCounts.count)
            guard !inputs.isEmpty else { return [] }
            let (queue, id) = (pool.queue, id)
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { answer in
                    queue.state.withLock { state in
                        state.batches[id] = Batch(
                            inputs: inputs, outputs: Array(repeating: nil, count: inputs.count),
                            leftCount: inputs.count, answer: answer)
                        state.scheduler.enqueue(
                            id, tokenCounts: tokenCounts, isShared: isShared, rowCountMax: rowCountMax)
                    }
                    // A cancellation that came before the batch was there has found nothing to answer.
                    if Task.isCancelled { queue.fail(id, with: CancellationError()) }
                    for _ in 0..<min(inputs.count, pool.workerCount) { queue.wakeups.signal() }
                }
            } onCancel: {
                queue.fail(id, with: CancellationError())
            }
        }
    }

    /// Holds a place in a lane while `body` uses it.
    ///
    /// - Throws: ``StrataError/Code/overloaded`` at once when the lane is full; `CancellationError`; what `body` throws.
    func withCall<Result>(
        _ lane: RunScheduler.Lane, textCount: Int, _ body: (Call) async throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        guard let id = queue.state.withLock({ $0.scheduler.open(lane, textCount: textCount) }) else {
            throw StrataError(
                .overloaded,
                """
                \(callCount) embedding calls with \(waitingCount) texts waiting are under way, which is the limit; \
                try again later
                """, isRetryable: true)
        }
        defer { queue.state.withLock { $0.scheduler.close(id) } }
        return try await body(Call(pool: self, id: id))
    }
}
