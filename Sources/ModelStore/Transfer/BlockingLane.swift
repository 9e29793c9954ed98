internal import Dispatch

/// A queue for work that blocks, one piece after another, off Swift's cooperative pool.
struct BlockingLane: Sendable {
    private let queue: DispatchQueue

    init(_ name: String) { queue = DispatchQueue(label: "strata.\(name)", qos: .utility) }

    /// Does the work on the queue and gives what it gives.
    func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: work)) }
        }
    }
}
