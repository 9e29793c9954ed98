public import StrataCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What the engine takes from the outside world instead of asking for it: the wall clock, random bits and a timer.
public struct EngineEnvironment: Sendable {
    /// The present moment.
    public var now: @Sendable () -> Timestamp
    /// 64 random bits.
    public var randomBits: @Sendable () -> UInt64
    /// Returns after a while, or throws `CancellationError`.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// How much memory there is and is in use; nil where that cannot be known. It may block.
    public var memoryReading: @Sendable () -> MemoryReading? = { MemoryReading.now() }

    /// An environment of that clock, that source of random bits and, when given, that timer.
    public init(
        now: @escaping @Sendable () -> Timestamp, randomBits: @escaping @Sendable () -> UInt64,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.now = now
        self.randomBits = randomBits
        self.sleep = sleep
    }

    /// The machine's clock and the system's random generator.
    public static let system = Self(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        },
        randomBits: {
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        })
}

/// Makes record ids in order for the whole engine.
final class RecordIDSource: Sendable {
    private struct Bits: RandomNumberGenerator, Sendable {
        let source: @Sendable () -> UInt64
        mutating func next() -> UInt64 { source() }
    }

    private let generator: Mutex<RecordIDGenerator<Bits>>

    init(environment: EngineEnvironment) {
        generator = Mutex(RecordIDGenerator(random: Bits(source: environment.randomBits)))
    }

    func next(at time: Timestamp) -> RecordID { generator.withLock { $0.next(at: time) } }
}
