public import StrataCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// What transfers take from outside: variables, pauses, random bits and the time, so that tests decide over all of them.
public struct TransferEnvironment: Sendable {
    /// The process's environment variables.
    public var variables: [String: String]
    /// Waits that long; throws `CancellationError` when its task is cancelled.
    public var pause: @Sendable (Duration) async throws -> Void
    /// 64 random bits.
    public var randomBits: @Sendable () -> UInt64
    /// The wall clock, for `Retry-After` dates.
    public var now: @Sendable () -> Timestamp

    /// An environment of those parts.
    public init(
        variables: [String: String], pause: @escaping @Sendable (Duration) async throws -> Void,
        randomBits: @escaping @Sendable () -> UInt64, now: @escaping @Sendable () -> Timestamp
    ) {
        self.variables = variables
        self.pause = pause
        self.randomBits = randomBits
        self.now = now
    }

    /// The machine's own clocks and random bits, with the given variables.
    public static func system(variables: [String: String]) -> TransferEnvironment {
        TransferEnvironment(
            variables: variables, pause: { try await Task.sleep(for: $0) },
            randomBits: {
                var generator = SystemRandomNumberGenerator()
                return generator.next()
            },
            now: {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)
                return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
            })
    }

    /// The first of these variables that is set to something.
    func variable(_ names: String...) -> String? {
        names.lazy.compactMap { variables[$0] }.first { !$0.isEmpty }
    }
}
