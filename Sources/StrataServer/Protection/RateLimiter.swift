internal import Synchronization

/// Token buckets: each name may spend a burst at once and then a steady rate.
///
/// The number of buckets is bounded. One that is full again is forgotten first; when none is, newcomers share one.
final class RateLimiter: Sendable {
    /// What a bucket says of a request.
    struct Verdict: Sendable, Hashable {
        let isAllowed: Bool
        /// The burst, rounded down.
        let limit: Int
        /// What may be spent at once now.
        let remaining: Int
        /// Seconds until the bucket is full again, rounded up.
        let resetSeconds: Int
        /// Seconds until this request would be allowed, rounded up; 0 when it is.
        let retrySeconds: Int
    }

    private struct Bucket {
        var level: Double
        var time: Duration
    }

    private static let bucketCountMax = 10_000
    private static let sharedName = ""

    private let rate: Double
    private let burst: Double
    private let state: Mutex<[String: Bucket]> = Mutex([:])

    init(rate: Double, burst: Double) {
        self.rate = rate
        self.burst = burst
    }

    /// Takes `cost` from a bucket, if that much is in it. A cost above the burst is taken as the burst.
    func spend(_ cost: Double, of name: String, at time: Duration) -> Verdict {
        let cost = min(cost, burst)
        return state.withLock { buckets in
            var name = name
            if buckets[name] == nil, buckets.count >= Self.bucketCountMax {
                buckets = buckets.filter { level(of: $0.value, at: time) < burst }
                if buckets.count >= Self.bucketCountMax { name = Self.sharedName }
            }
            var rest = buckets[name].map { level(of: $0, at: time) } ?? burst
            let isAllowed = rest >= cost
            if isAllowed { rest -= cost }
            buckets[name] = Bucket(level: rest, time: time)
            return Verdict(
                isAllowed: isAllowed, limit: Int(burst), remaining: Int(rest),
                resetSeconds: Int(((burst - rest) / rate).rounded(.up)),
                retrySeconds: isAllowed ? 0 : max(1, Int(((cost - rest) / rate).rounded(.up))))
        }
    }

    private func level(of bucket: Bucket, at time: Duration) -> Double {
        min(burst, bucket.level + max(0, (time - bucket.time) / .seconds(1)) * rate)
    }
}
