internal import Synchronization

/// Lets one caller pass.
final class Once: Sendable {
    private let isPassed = Atomic(false)

    /// True for the first call, false for all later ones.
    func pass() -> Bool { !isPassed.exchange(true, ordering: .relaxed) }
}
