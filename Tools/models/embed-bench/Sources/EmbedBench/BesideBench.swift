import Foundation
import StrataCore
import TextModels

/// How long a short query takes while documents are embedded in bulk.
///
/// `embed-bench beside FOLDER TEXTS.json SECONDS [CALLERS]`: so many callers embed batches of 256 documents, one after
/// another; meanwhile a short query comes every 20 ms after the last. TEXTS.json holds an object of name to list of
/// texts: the documents are those of every list, the queries those of `short`.
enum BesideBench {
    struct Report: Encodable {
        var idleP50Milliseconds: Double
        var besideP50Milliseconds: Double
        var besideP99Milliseconds: Double
        var besideMaxMilliseconds: Double
        var queryCount: Int
        var bulkTextsPerSecond: Double
        var bulkAloneTextsPerSecond: Double
    }

    static func run(_ embedder: any Embedder, groups: [String: [String]], seconds: Double, callerCount: Int)
        async throws
        -> Report
    {
        let queries = groups["short"] ?? []
        var documents = groups.sorted { $0.key < $1.key }.flatMap(\.value)
        documents = documents.indices.map { documents[$0 * 7919 % documents.count] }
        let alone = try await bulk(embedder, documents, callerCount: callerCount, seconds: seconds)
        let idle = try await ask(embedder, queries, seconds: seconds / 4)
        async let besides = bulk(embedder, documents, callerCount: callerCount, seconds: seconds)
        let beside = try await ask(embedder, queries, seconds: seconds)
        return Report(
            idleP50Milliseconds: idle[idle.count / 2], besideP50Milliseconds: beside[beside.count / 2],
            besideP99Milliseconds: beside[beside.count * 99 / 100], besideMaxMilliseconds: beside[beside.count - 1],
            queryCount: beside.count, bulkTextsPerSecond: try await besides, bulkAloneTextsPerSecond: alone)
    }

    /// Milliseconds of each query, shortest first.
    private static func ask(_ embedder: any Embedder, _ queries: [String], seconds: Double) async throws -> [Double] {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var times: [Double] = []
        while clock.now < end {
            try await Task.sleep(for: .milliseconds(20))
            let start = clock.now
            _ = try await embedder.embed([queries[times.count % queries.count]], as: .query)
            times.append(start.duration(to: clock.now) / .milliseconds(1))
        }
        return times.sorted()
    }

    /// Texts a second.
    private static func bulk(
        _ embedder: any Embedder, _ documents: [String], callerCount: Int, seconds: Double
    ) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + .seconds(seconds)
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for caller in 0..<callerCount {
                group.addTask {
                    var (count, next) = (0, caller * 1000)
                    while clock.now < end {
                        let batch = (next..<next + 256).map { documents[$0 % documents.count] }
                        _ = try await embedder.embed(batch, as: .document)
                        next += 256
                        count += batch.count
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(count) / (start.duration(to: clock.now) / .seconds(1))
    }
}
