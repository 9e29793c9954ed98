/// How often and how long after a failed attempt the next one is made. Pure.
///
/// The pause grows exponentially and is drawn between its half and its whole ("equal jitter"), so that clients that
/// failed together do not come back together; a server that says when to come back (`Retry-After`) is obeyed.
public struct RetryPolicy: Sendable, Hashable {
    /// Attempts without any progress between them before the error is given up to the caller, at least 1.
    public var attemptCountMax = 6
    /// The pause after the first failure, before jitter.
    public var pauseMin = Duration.milliseconds(500)
    /// The longest pause that the policy itself makes.
    public var pauseMax = Duration.seconds(30)
    /// The longest pause that a server may ask for; a longer wish ends the attempts.
    public var retryAfterMax = Duration.seconds(120)

    /// The defaults.
    public init() {}

    /// The pause before the next attempt; nil when there is to be none.
    ///
    /// - Parameters:
    ///   - failureCount: failures in a row so far, at least 1.
    ///   - retryAfter: what the server asked for.
    ///   - random: any 64 bits; they place the pause between half and whole.
    public func pause(afterFailure failureCount: Int, retryAfter: Duration?, random: UInt64) -> Duration? {
        guard failureCount < attemptCountMax else { return nil }
        if let retryAfter, retryAfter > retryAfterMax { return nil }
        let doubled = pauseMin * Double(1 << min(failureCount - 1, 20))
        let share = 0.5 + Double(random >> 11) / Double(1 << 54)
        return max(min(doubled, pauseMax) * share, retryAfter ?? .zero)
    }
}
