internal import BenchSupport
internal import Foundation
internal import Strata
internal import StrataCore

/// How long the vector stage of a recall takes among vectors that are given, of any dimension, and how much it finds.
@MainActor
struct VectorStageBench {
    struct Result: Codable, Sendable {
        let recordCount: Int
        let dimension: Int
        let fillSeconds: Double
        /// How long the links and the calibration took after the last record was stored.
        let upkeepSeconds: Double
        let queryCount: Int
        let milliseconds: Latency
        /// The share of the ten nearest vectors, by brute force, among the first ten hits of recalls by vectors.
        let recall: Double
        /// What the engine itself measured on stored vectors; nil while it is exact.
        let calibratedRecall: Double?
        let indexBytesPerRecord: Double
    }

    let recordCount: Int
    let dimension: Int
    let seed: UInt64
    let folder: ScratchFolder

    /// Gives the vectors that the bench has made for its queries.
    private struct QueryEmbedder: Embedder {
        let space: EmbeddingSpace
        let vectors: [String: [Float]]

        func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
            texts.map { Embedding(vector: vectors[$0] ?? [], tokenCount: 1, isTruncated: false) }
        }
    }

    private static let centreCount = 1000
    private static let queryCount = 500
    private static let judgedCount = 50
    /// As in ``RecordSet``: neighbours of one centre have a cosine of about 0.8.
    private static let noise: Float = 0.5

    func run() async throws -> Result {
        var random = SeededGenerator(seed: seed)
        let centres = (0..<Self.centreCount).map { _ in random.unitVector(dimension: dimension) }
        func vector() -> [Float] {
            let centre = centres[Int.random(in: 0..<centres.count, using: &random)]
            let sum = zip(centre, random.unitVector(dimension: dimension)).map { $0 + Self.noise * $1 }
            let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return sum.map { $0 / length }
        }
        var queries: [String: [Float]] = [:]
        for index in 0..<Self.queryCount { queries["query\(index)"] = vector() }
        var configuration = EngineConfiguration()
        configuration.cache = nil
        configuration.nearDuplicates = nil
        configuration.model = .embedder(
            QueryEmbedder(
                space: EmbeddingSpace(model: "given", revision: "bench", dimension: dimension), vectors: queries))
        let engine = try await MemoryEngine.open(
            at: folder.path(of: "vectors-\(recordCount)-\(dimension)"), configuration: configuration)
        let clock = ContinuousClock()
        let start = clock.now
        var vectors: [Float] = []
        for first in stride(from: 0, to: recordCount, by: 1000) {
            let batch = (first..<min(first + 1000, recordCount)).map { index in
                let vector = vector()
                vectors += vector
                return NewMemory("record \(index)", id: RecordSet.id(at: index), vector: vector)
            }
            for result in try await engine.remember(batch) { _ = try result.get() }
        }
        let filled = clock.now
        _ = try await engine.recall("query0", options: RecallOptions(signals: .vector))
        try await RecallBench.waitForIndexes(engine)
        let linked = clock.now

        var samples = Samples()
        var (foundCount, calibrated) = (0, Double?.none)
        for index in 0..<Self.queryCount {
            let answer = try await engine.recall(
                "query\(index)", options: RecallOptions(signals: .vector, countsUse: false))
            guard let stage = answer.stages.first(where: { $0.name == .vectorSearch }) else {
                throw BenchFailure("a recall by vectors searched none")
            }
            samples.add(stage.milliseconds)
            calibrated = stage.measuredRecall
            guard index < Self.judgedCount, let query = queries["query\(index)"] else { continue }
            let nearest = Set(Self.nearest(10, to: query, among: vectors).map(RecordSet.id(at:)))
            // Priors may reorder hits, so the share is taken of the candidates' ten best cosines.
            let wide = try await engine.recall(
                "query\(index)", limit: 50, options: RecallOptions(signals: .vector, countsUse: false))
            let best = wide.sorted { Self.cosine($0) > Self.cosine($1) }.prefix(10).map(\.record.id)
            foundCount += nearest.intersection(best).count
        }
        let stats = try await engine.stats()
        try await engine.close()
        return Result(
            recordCount: recordCount, dimension: dimension, fillSeconds: (filled - start).inSeconds,
            upkeepSeconds: (linked - filled).inSeconds, queryCount: Self.queryCount, milliseconds: Latency(samples),
            recall: Double(foundCount) / Double(10 * Self.judgedCount), calibratedRecall: calibrated,
            indexBytesPerRecord: Double(stats.indexResidentBytes) / Double(recordCount))
    }

    private static func cosine(_ hit: Hit) -> Double { hit.parts.first { $0.name == .vector }?.raw ?? 0 }

    private static func nearest(_ count: Int, to query: [Float], among vectors: [Float]) -> [Int] {
        let rows = vectors.count / query.count
        let scores = vectors.withUnsafeBufferPointer { all in
            query.withUnsafeBufferPointer { query in
                (0..<rows).map { row in
                    var sum: Float = 0
                    for index in query.indices { sum += all[row * query.count + index] * query[index] }
                    return (row: row, score: sum)
                }
            }
        }
        return scores.sorted { $0.score > $1.score }.prefix(count).map(\.row)
    }
}
