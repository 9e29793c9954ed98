internal import Synchronization

/// What a caller that stores something waits for.
public enum Acknowledgement: String, Sendable, Hashable, Codable, CaseIterable {
    /// The memory is on disk; nothing that was acknowledged is ever lost.
    case durable
    /// The write queue has taken the memory in. It is written within moments, and at the latest when the engine is closed;
    /// a kill or a power loss before that loses it. A write that fails afterwards shows in ``WriteStatistics``, and the
    /// memory is kept among the dead letters.
    case buffered
}

/// How writes do that nobody waits for.
public struct WriteStatistics: Sendable, Hashable, Codable {
    /// Memories that were acknowledged as buffered and are not written yet.
    public var bufferedCount = 0
    /// Memories that were acknowledged as buffered and could not be written.
    public var bufferedFailedCount = 0
    /// The code of the last such failure.
    public var lastFailureCode: String?
}

/// Counts buffered writes beyond the call that made them.
final class BufferedWrites: Sendable {
    private let state = Mutex(WriteStatistics())

    /// The counts now.
    var statistics: WriteStatistics { state.withLock { $0 } }

    /// Notes so many writes that were taken in, or with a negative number were not after all.
    func take(_ count: Int) { state.withLock { $0.bufferedCount += count } }

    /// Notes that so many writes were answered, of which those failed.
    func finish(_ count: Int, failed letters: [DeadLetter]) {
        state.withLock { statistics in
            statistics.bufferedCount -= count
            statistics.bufferedFailedCount += letters.count
            statistics.lastFailureCode = letters.last?.errorCode ?? statistics.lastFailureCode
        }
    }
}
