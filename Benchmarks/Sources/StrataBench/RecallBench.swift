internal import BenchSupport
internal import Foundation
internal import Strata
internal import StrataCore

/// How long a recall takes, where its time goes, and whether it finds what it should.
@MainActor
struct RecallBench {
    /// What one number of records gave. Times are in milliseconds.
    struct Result: Codable, Sendable {
        let recordCount: Int
        let ingestSeconds: Double?
        let vectors: RecordSet.Vectors
        let diskBytesPerRecord: Double
        let textBytesPerRecord: Double
        let indexBytesPerRecord: Double
        let queryCount: Int
        /// One caller, ``RecallOptions`` as they come, queries of eight words from a record.
        let total: Latency
        let stages: [String: Latency]
        /// The model's run on such a query while nothing else runs.
        let embeddingAlone: Latency
        /// The median of the whole recall over the median of embedding alone.
        let ratioToEmbedding: Double
        /// Recalls per second of four callers at once.
        let parallelRecallsPerSecond: Double
        /// The shares of the timed recalls that had the queried record first, and among ten.
        let partFirstShare: Double
        let partTenShare: Double
        /// The share of whole texts that found their own record first.
        let wholeFirstShare: Double
    }

    let plan: BenchPlan
    let data: RecordSet.Prepared
    let model: ModelFolder

    private struct Query: Sendable {
        let text: String
        let id: RecordID
    }

    func run() async throws -> Result {
        var configuration = EngineConfiguration()
        // Rounds repeat their texts; a cache would answer for the model.
        configuration.cache = nil
        configuration.model = model.choice
        let engine = try await MemoryEngine.open(at: data.path, configuration: configuration)
        var random = SeededGenerator(seed: data.seed &+ 1)
        let queries = (0..<plan.queryCount).map { _ in partQuery(&random) }
        let others = (0..<plan.queryCount).map { _ in partQuery(&random) }
        for query in others.prefix(20) { _ = try await engine.recall(query.text) }
        try await Self.waitForIndexes(engine)

        var total = Samples()
        var alone = Samples()
        var stages: [String: Samples] = [:]
        var (firstCount, tenCount) = (0, 0)
        let clock = ContinuousClock()
        for (query, other) in zip(queries, others) {
            let start = clock.now
            let answer = try await engine.recall(query.text)
            total.add((clock.now - start).inMilliseconds)
            try check(answer)
            for stage in answer.stages { stages[stage.name.rawValue, default: Samples()].add(stage.milliseconds) }
            if answer.first?.record.id == query.id { firstCount += 1 }
            if answer.contains(where: { $0.record.id == query.id }) { tenCount += 1 }
            // Another query, so that no cache can have its vector; by vectors only, so that nothing runs beside it.
            let single = try await engine.recall(other.text, options: RecallOptions(signals: .vector))
            alone.add(single.stages.first { $0.name == .embedding }?.milliseconds ?? 0)
        }
        let wholeFirstShare = try await wholeTexts(engine, &random)
        let parallel = try await parallelRecallsPerSecond(engine, others)
        let stats = try await engine.stats()
        try await engine.close()
        let count = Double(data.texts.count)
        return Result(
            recordCount: data.texts.count, ingestSeconds: data.ingestSeconds, vectors: data.vectors,
            diskBytesPerRecord: Double(data.diskBytes) / count,
            textBytesPerRecord: Double(stats.store.textBytes) / count,
            indexBytesPerRecord: Double(stats.indexResidentBytes) / count, queryCount: queries.count,
            total: Latency(total), stages: stages.mapValues(Latency.init), embeddingAlone: Latency(alone),
            ratioToEmbedding: total.median / alone.median, parallelRecallsPerSecond: parallel,
            partFirstShare: Double(firstCount) / Double(queries.count),
            partTenShare: Double(tenCount) / Double(queries.count), wholeFirstShare: wholeFirstShare)
    }

    /// Waits until every graph has its links and its calibration, so that what is timed is what stays.
    static func waitForIndexes(_ engine: MemoryEngine) async throws {
        func isReady(_ index: VectorIndexStatistics) -> Bool {
            index.kind != .graph || index.linkedCount == index.vectorCount && index.recall != nil
        }
        while try await !engine.stats().vectorIndexes.allSatisfy(isReady) {
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Eight words in a row of a seeded record, or all of a shorter one.
    private func partQuery(_ random: inout SeededGenerator) -> Query {
        let index = Int.random(in: data.texts.indices, using: &random)
        let words = data.texts[index].split(separator: " ")
        let start = Int.random(in: 0...max(0, words.count - 8), using: &random)
        return Query(text: words[start...].prefix(8).joined(separator: " "), id: data.id(at: index))
    }

    private func wholeTexts(_ engine: MemoryEngine, _ random: inout SeededGenerator) async throws -> Double {
        let count = min(200, plan.queryCount)
        var foundCount = 0
        for _ in 0..<count {
            let index = Int.random(in: data.texts.indices, using: &random)
            let answer = try await engine.recall(data.texts[index], limit: 1)
            if answer.first?.record.id == data.id(at: index) { foundCount += 1 }
        }
        return Double(foundCount) / Double(count)
    }

    private func parallelRecallsPerSecond(_ engine: MemoryEngine, _ queries: [Query]) async throws -> Double {
        let callerCount = 4
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callerCount {
                group.addTask {
                    for index in stride(from: caller, to: queries.count, by: callerCount) {
                        _ = try await engine.recall(queries[index].text)
                    }
                }
            }
            try await group.waitForAll()
        }
        return Double(queries.count) / (clock.now - start).inSeconds
    }

    private func check(_ answer: RecallAnswer) throws {
        if let degradation = answer.degradations.first {
            throw BenchFailure("a recall was degraded (\(degradation.message)), so its time means nothing")
        }
    }
}
