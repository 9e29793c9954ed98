import Foundation
import StrataCore

/// Makes vectors that take microseconds each: a few texts at once by the caller, many on threads of their own, so that
/// the cooperative pool is never held up.
final class TextWorker: Sendable {
    private struct Job: Sendable {
        var text: String
        var make: @Sendable (String) -> Embedding
    }

    /// Texts of so many bytes in all are done by the caller: a hop to a thread would take longer.
    private static let directBytesMax = 4096

    private let pool: InferencePool<Job, Embedding>

    /// A worker whose threads bear that name.
    init(name: String) {
        let limits = RunScheduler.Limits(workerCount: ProcessInfo.processInfo.activeProcessorCount)
        pool = InferencePool(name: name, limits: limits) { jobs in jobs.map { $0.make($0.text) } }
    }

    /// Applies `make` to texts, in their order; queries go before documents.
    func embed(
        _ texts: [String], as role: EmbeddingRole, _ make: @escaping @Sendable (String) -> Embedding
    ) async throws -> [Embedding] {
        if texts.reduce(0, { $0 + $1.utf8.count }) <= Self.directBytesMax { return texts.map(make) }
        return try await pool.withCall(role == .query ? .fast : .bulk, textCount: texts.count) { call in
            try await call.perform(
                texts.map { Job(text: $0, make: make) }, tokenCounts: texts.map { $0.utf8.count / 64 },
                isShared: false, rowCountMax: .max)
        }
    }
}
