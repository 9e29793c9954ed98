/// How records that are handed in to be stored soon are gathered and written.
public struct BatchOptions: Sendable, Hashable {
    /// So many waiting records are written at once, 1 through 10 000; also the size of the largest batch.
    public var countMax = 1000
    /// What waits so long is written, however little it is.
    public var interval = Duration.seconds(5)
    /// How many batches are embedded and written side by side.
    public var workerCount = 4
    /// How many records may wait or be on their way; whoever hands in more waits for room.
    public var pendingCountMax = 10_000
    /// How many calls may wait for room before the next is refused.
    public var waiterCountMax = 1000
    /// When and how often a write that failed is tried again.
    public var retry = RetryPolicy()

    /// The defaults.
    public init() {}
}

/// Exponential back-off with jitter ("equal jitter" of Brooker, "Exponential Backoff and Jitter", 2015): half of the delay
/// is certain, half is drawn, so that many callers that failed together do not come back together.
public struct RetryPolicy: Sendable, Hashable {
    /// How often a write is tried in all, 1 or more.
    public var attemptCountMax = 5
    /// The longest delay before the second attempt.
    public var delayFirst = Duration.milliseconds(100)
    /// No delay is longer.
    public var delayMax = Duration.seconds(5)

    /// The defaults: five attempts, 0.1 to 5 seconds apart.
    public init() {}

    /// The delay before another attempt, or nil when there is none left.
    ///
    /// - Parameters:
    ///   - attempt: how many attempts have failed, 1 or more.
    ///   - bits: random bits that decide the jitter.
    public func delay(after attempt: Int, bits: UInt64) -> Duration? {
        guard attempt < attemptCountMax else { return nil }
        let full = min(delayMax, delayFirst * (1 << min(attempt - 1, 30)))
        let share = Double(bits >> 11) / Double(1 << 53)
        return full * (0.5 + 0.5 * share)
    }
}

/// How the batches of an engine do.
public struct BatchStatistics: Sendable, Hashable, Codable {
    /// Records handed in.
    public var submittedCount = 0
    /// Records stored, duplicates included.
    public var storedCount = 0
    /// Records that could not be stored.
    public var failedCount = 0
    /// Attempts after the first.
    public var retryCount = 0
    /// Batches written.
    public var batchCount = 0
    /// Records that wait or are on their way.
    public var pendingCount = 0
    /// Records stored in a second, from the first submission to the last outcome; 0 before there is one.
    public var recordsPerSecond = 0.0
    /// Half of the last 4096 records had their outcome within so many milliseconds of being handed in.
    public var millisecondsMedian = 0.0
    /// 99 % of them had.
    public var milliseconds99 = 0.0
}
