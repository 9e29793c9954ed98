public import StrataCore
internal import Synchronization

/// A wall clock that stands still until it is told to move.
public final class ManualClock: Sendable {
    private let moment: Mutex<Timestamp>

    /// A clock that shows that moment.
    public init(_ moment: Timestamp = Timestamp(milliseconds: 1_777_914_720_000)) { self.moment = Mutex(moment) }

    /// What the clock shows.
    public var now: Timestamp { moment.withLock { $0 } }

    /// Moves the clock on, or back when the duration is negative.
    public func advance(by duration: Duration) { moment.withLock { $0 = $0 + duration } }
}
