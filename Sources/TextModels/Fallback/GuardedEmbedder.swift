public import StrataCore
import Synchronization

/// An embedder behind a circuit breaker: while its model keeps failing, calls are refused at once.
public final class GuardedEmbedder: Embedder {
    /// How the embedder does.
    public struct Health: Sendable, Hashable {
        /// What happens to the next call.
        public let state: CircuitBreaker.State
        /// Failures in a row.
        public let failureCount: Int
        /// What the last failure said; nil before the first.
        public let lastProblem: StrataError.Code?
    }

    private struct State {
        var breaker: CircuitBreaker
        var lastProblem: StrataError.Code?
    }

    /// The space of the embedder behind.
    public var space: EmbeddingSpace { base.space }
    /// The fingerprint of the embedder behind.
    public var fingerprint: String { base.fingerprint }

    private let base: any Embedder
    private let now: @Sendable () -> Timestamp
    private let state: Mutex<State>

    /// A breaker before an embedder.
    ///
    /// - Parameter now: the clock that the open time is measured with.
    public init(
        _ base: any Embedder, limits: CircuitBreaker.Limits = CircuitBreaker.Limits(),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.base = base
        self.now = now
        state = Mutex(State(breaker: CircuitBreaker(limits: limits)))
    }

    /// How it does.
    public var health: Health {
        state.withLock {
            Health(state: $0.breaker.state, failureCount: $0.breaker.failureCount, lastProblem: $0.lastProblem)
        }
    }

    /// Embeds texts, in their order.
    ///
    /// A failure with several texts says only that one of them could not be embedded, and does not count; whoever wants
    /// to know tries them apart. A full queue, a refused argument and a cancellation are no failures of the model.
    ///
    /// - Throws: ``StrataError/Code/modelSuspended`` while the breaker is open; what the embedder behind throws.
    public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        guard !texts.isEmpty else { return [] }
        let time = now()
        let (admission, problem) = state.withLock { ($0.breaker.admit(at: time), $0.lastProblem) }
        guard let admission else {
            throw StrataError(
                .modelSuspended,
                """
                model \(space.identifier) failed repeatedly\(problem.map { " (\($0))" } ?? "") and rests; it is tried \
                again within \(Int(state.withLock(\.breaker.limits.openTime) / .seconds(1))) s
                """, isRetryable: true)
        }
        do {
            let embeddings = try await base.embed(texts, as: role)
            state.withLock { $0.breaker.succeed(admission) }
            return embeddings
        } catch let error as StrataError where error.isFaultOfModel {
            let failedAt = now()
            state.withLock { state in
                state.lastProblem = error.code
                if texts.count > 1, admission == .usual {
                    state.breaker.abandon(admission)
                } else {
                    state.breaker.fail(admission, at: failedAt)
                }
            }
            throw error
        } catch {
            state.withLock { $0.breaker.abandon(admission) }
            throw error
        }
    }
}

extension StrataError {
    /// Whether another embedder might do better.
    var isFaultOfModel: Bool {
        ![.overloaded, .invalidArgument, .tooLarge, .closed].contains(code)
    }
}
