internal import BenchSupport
internal import Foundation
internal import Strata
internal import StrataCore

/// Durable single inserts: one call a record, by several writers at once, who share the syncs to disk.
@MainActor
struct InsertBench {
    /// What one number of writers gave.
    struct Result: Codable, Sendable {
        let writerCount: Int
        let recordCount: Int
        /// Whether the caller gave the vector, or the engine embedded the text.
        let givesVector: Bool
        let recordsPerSecond: Double
        let milliseconds: Latency
    }

    let plan: BenchPlan
    let source: TextSource
    let model: ModelFolder
    let folder: ScratchFolder

    func run() async throws -> [Result] {
        let path = folder.path(of: "inserts-\(UUID().uuidString)")
        var configuration = EngineConfiguration()
        // Rounds repeat their texts; a cache would answer for the model.
        configuration.cache = nil
        configuration.model = model.choice
        let engine = try await MemoryEngine.open(at: path, configuration: configuration)
        guard let dimension = engine.embeddingSpace?.dimension else { throw BenchFailure("there is no model") }
        let texts = try source.sentences(plan.insertCount)
        var random = SeededGenerator(seed: source.seed)
        let given = texts.map { NewMemory($0, vector: random.unitVector(dimension: dimension)) }
        let plain = texts.map { NewMemory($0) }
        _ = try await measure(engine, Array(given.prefix(64)), writers: 8, name: "warm-up", givesVector: true)
        var results: [Result] = []
        for (memories, givesVector) in [(given, true), (plain, false)] {
            for writers in [1, 8, 64] {
                let name = "\(givesVector)-\(writers)"
                results.append(
                    try await measure(engine, memories, writers: writers, name: name, givesVector: givesVector))
            }
        }
        try await engine.close()
        return results
    }

    private func measure(
        _ engine: MemoryEngine, _ memories: [NewMemory], writers: Int, name: String, givesVector: Bool
    ) async throws -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        let latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
            for writer in 0..<writers {
                group.addTask {
                    var latencies: [Double] = []
                    for index in stride(from: writer, to: memories.count, by: writers) {
                        let start = clock.now
                        try await engine.remember(memories[index], in: name)
                        latencies.append((clock.now - start).inMilliseconds)
                    }
                    return latencies
                }
            }
            var all: [Double] = []
            for try await latencies in group { all += latencies }
            return all
        }
        let seconds = (clock.now - start).inSeconds
        let storedCount = try await engine.stats(in: name).store.recordCount
        guard storedCount == memories.count else {
            throw BenchFailure("\(storedCount) of \(memories.count) single inserts were stored")
        }
        return Result(
            writerCount: writers, recordCount: memories.count, givesVector: givesVector,
            recordsPerSecond: Double(memories.count) / seconds, milliseconds: Latency(Samples(latencies)))
    }
}
