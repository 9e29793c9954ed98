internal import BenchSupport
internal import Foundation
internal import Strata
internal import StrataCore
internal import Synchronization

/// What a promotion cycle over many records costs, and what recalls feel of it.
///
/// The records are a day old when the cycle looks at them, so that it has to decide about each. Vectors are hashed words,
/// which need no model: what is measured is the cycle.
@MainActor
struct LifecycleBench {
    /// What one policy gave. Times are in milliseconds.
    struct Result: Codable, Sendable {
        let recordCount: Int
        let policy: String
        let cycleSeconds: Double
        let candidateCount: Int
        let promotedCount: Int
        /// Resident before the cycle, and the most that was seen while it ran.
        let residentBytes: Int
        let residentBytesMax: Int
        /// One caller, eight words of a record, without a cycle and beside it.
        let alone: Latency
        let beside: Latency
        let besideCount: Int
    }

    let recordCount: Int
    let source: TextSource
    let folder: ScratchFolder

    func run(_ modes: [LearnedPromotionSettings.Mode]) async throws -> [Result] {
        let texts = try source.sentences(recordCount)
        let path = folder.path(of: "lifecycle-\(recordCount)")
        let engine = try await open(path, .rules, ageHours: 0)
        let memories = texts.enumerated().map { NewMemory($1, id: RecordSet.id(at: $0)) }
        for try await progress in engine.remember(contentsOf: MemoryStream(memories: memories)) {
            guard progress.refusedCount == 0 else { throw BenchFailure("a memory was refused") }
        }
        try await engine.close()
        var results: [Result] = []
        for mode in modes { results.append(try await measure(mode, path, texts)) }
        return results
    }

    private func open(_ path: String, _ mode: LearnedPromotionSettings.Mode, ageHours: Int) async throws -> MemoryEngine
    {
        var configuration = EngineConfiguration()
        configuration.model = .hashing
        configuration.nearDuplicates = nil
        configuration.lifecycle.catchUpAfter = nil
        configuration.lifecycle.interact.recordCountMax = .max
        configuration.lifecycle.learned.mode = mode
        let system = EngineEnvironment.system
        configuration.environment.now = { system.now() + .seconds(3600 * ageHours) }
        return try await MemoryEngine.open(at: path, configuration: configuration)
    }

    private func measure(
        _ mode: LearnedPromotionSettings.Mode, _ path: String, _ texts: [String]
    ) async throws -> Result {
        let engine = try await open(path, mode, ageHours: 25)
        var random = SeededGenerator(seed: source.seed &+ 5)
        func query() -> String {
            let words = texts[Int.random(in: texts.indices, using: &random)].split(separator: " ")
            return words.prefix(8).joined(separator: " ")
        }
        let options = RecallOptions(countsUse: false)
        for _ in 0..<20 { _ = try await engine.recall(query(), options: options) }
        try await RecallBench.waitForIndexes(engine)
        let clock = ContinuousClock()
        func timed(into samples: inout Samples) async throws {
            let start = clock.now
            _ = try await engine.recall(query(), options: options)
            samples.add((clock.now - start).inMilliseconds)
        }
        var (alone, beside) = (Samples(), Samples())
        for _ in 0..<500 { try await timed(into: &alone) }
        let before = ProcessMemory.now()?.residentBytes ?? 0
        let flag = Flag()
        let cycle = Task { () async throws -> (PromotionReport, Double) in
            defer { flag.end() }
            let start = clock.now
            let report = try await engine.promote()
            return (report, (clock.now - start).inSeconds)
        }
        var (most, besideCount) = (before, 0)
        while !flag.isEnded {
            try await timed(into: &beside)
            besideCount += 1
            most = max(most, ProcessMemory.now()?.residentBytes ?? 0)
        }
        let (report, seconds) = try await cycle.value
        if let degradation = report.degradations.first { throw BenchFailure(degradation.message) }
        try await engine.close()
        return Result(
            recordCount: recordCount, policy: report.policy, cycleSeconds: seconds,
            candidateCount: report.candidateCount, promotedCount: report.promotedCount, residentBytes: before,
            residentBytesMax: most, alone: Latency(alone), beside: Latency(beside), besideCount: besideCount)
    }

    /// Whether the cycle has ended.
    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isEnded: Bool { value.withLock { $0 } }
        func end() { value.withLock { $0 = true } }
    }
}
