import Foundation
import StrataCore
import TextModels

/// What a text costs that was embedded before, and whether the cache counts its bytes truly.
///
/// `embed-bench cache FOLDER TEXTS.json`: embeds up to 1000 texts, then each of them alone out of the cache; before
/// that it fills a cache with 50 000 made-up vectors and compares what it counts with what the process has grown by.
enum CacheBench {
    struct Report: Encodable {
        var hitP50Microseconds: Double
        var hitP99Microseconds: Double
        var countedBytes: Int
        var grownBytes: Int
    }

    static func run(folder: String, file: String) async throws -> Report {
        // Before anything else, so that no memory that was freed hides the growth.
        var cache = EmbeddingCache()
        let before = residentBytes()
        let now = Timestamp(milliseconds: 0)
        for number in 0..<50_000 {
            let key = EmbeddingCacheKey(
                fingerprint: "model", role: .document, digest: SHA256.digest(of: "text \(number)"))
            let vector = (0..<384).map { Float(number + $0) }
            cache.insert(
                EmbeddingCacheEntry(
                    key: key, embedding: Embedding(vector: vector, tokenCount: 1, isTruncated: false), madeAt: now),
                at: now)
        }
        let grownBytes = residentBytes() - before
        let groups = try JSONDecoder().decode(
            [String: [String]].self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        let texts = Array(groups.sorted { $0.key < $1.key }.flatMap(\.value).prefix(1000))
        let embedder = CachedEmbedder(try await OnnxEmbedder.load(folder: folder)) {
            Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        }
        _ = try await embedder.embed(texts, as: .document)
        let clock = ContinuousClock()
        var times: [Double] = []
        for round in 0..<20_000 {
            let start = clock.now
            _ = try await embedder.embed([texts[round % texts.count]], as: .document)
            times.append(start.duration(to: clock.now) / .microseconds(1))
        }
        times.sort()
        return Report(
            hitP50Microseconds: times[times.count / 2], hitP99Microseconds: times[times.count * 99 / 100],
            countedBytes: cache.residentBytes, grownBytes: grownBytes)
    }

    /// The bytes of this process that are in memory.
    private static func residentBytes() -> Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
        return (fields.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
