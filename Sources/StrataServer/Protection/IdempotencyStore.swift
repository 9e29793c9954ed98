internal import HTTPTypes
internal import StrataCore
internal import Synchronization

/// The answers to requests with an `Idempotency-Key`, so that a repeated request is answered and not carried out again.
///
/// Kept in memory, for 24 hours at most; the oldest leave first when the bound is reached.
final class IdempotencyStore: Sendable {
    /// What to do with a request.
    enum Decision {
        /// Carry it out, then call `finish` or `abandon`.
        case run
        /// Send this answer, which the same request got before.
        case replay(Reply)
    }

    private enum Entry {
        case running(SHA256.Digest)
        case done(SHA256.Digest, Reply, byteCount: Int, at: Duration)
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// Names of finished entries, oldest first.
        var order: [String] = []
        var byteCount = 0
    }

    private static let countMax = 10_000
    private static let bytesMax = 64 << 20
    private static let lifetime: Duration = .seconds(86_400)

    private let state = Mutex(State())

    /// - Throws: `idempotency_mismatch` when the name came with another body; ``StrataError/Code/conflict`` while the first
    ///   request still runs.
    func begin(_ name: String, body: SHA256.Digest, at time: Duration) throws -> Decision {
        try state.withLock { state in
            Self.expire(&state, at: time)
            switch state.entries[name] {
            case nil:
                state.entries[name] = .running(body)
                return .run
            case .running(let digest):
                try Self.check(digest, body)
                throw StrataError(
                    .conflict, "the first request with this Idempotency-Key still runs; wait for it", isRetryable: true)
            case .done(let digest, let reply, _, _):
                try Self.check(digest, body)
                return .replay(reply)
            }
        }
    }

    /// Keeps the answer.
    func finish(_ name: String, _ reply: Reply, at time: Duration) {
        guard case .bytes(let bytes) = reply.body else { return abandon(name) }
        state.withLock { state in
            guard case .running(let digest) = state.entries[name] else { return }
            state.entries[name] = .done(digest, reply, byteCount: bytes.count, at: time)
            state.order.append(name)
            state.byteCount += bytes.count
            Self.expire(&state, at: time)
        }
    }

    /// Forgets a request that was not carried out, so that it can be tried again.
    func abandon(_ name: String) {
        state.withLock { state in
            if case .running = state.entries[name] { state.entries[name] = nil }
        }
    }

    private static func check(_ old: SHA256.Digest, _ new: SHA256.Digest) throws {
        guard old == new else {
            throw StrataError(
                .idempotencyMismatch, "this Idempotency-Key came with another body before; use a new key")
        }
    }

    private static func expire(_ state: inout State, at time: Duration) {
        var goneCount = 0
        for name in state.order {
            guard case .done(_, _, let byteCount, let then) = state.entries[name] else { break }
            let isTooMuch = state.order.count - goneCount > countMax || state.byteCount > bytesMax
            guard isTooMuch || time - then > lifetime else { break }
            state.entries[name] = nil
            state.byteCount -= byteCount
            goneCount += 1
        }
        state.order.removeFirst(goneCount)
    }
}
