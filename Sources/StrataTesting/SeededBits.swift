internal import Synchronization

/// Random bits that many tasks may draw from and that a seed decides.
public final class SeededBits: Sendable {
    private let generator: Mutex<SeededGenerator>

    /// The bits of that seed.
    public init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

    /// The next 64 bits.
    public func next() -> UInt64 { generator.withLock { $0.next() } }
}
