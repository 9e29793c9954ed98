import Foundation
import StrataCore
import VectorSearch

/// The seconds that work takes: of the clock on the wall, or of the thread's processor time when the environment says so.
func seconds(_ work: () throws -> Void) rethrows -> Double { try seconds(by: chosenClock, work) }

/// The same for work of several threads.
func wallSeconds(_ work: () throws -> Void) rethrows -> Double { try seconds(by: CLOCK_MONOTONIC, work) }

private func seconds(by clock: clockid_t, _ work: () throws -> Void) rethrows -> Double {
    let start = now(clock)
    try work()
    return now(clock) - start
}

private let chosenClock =
    ProcessInfo.processInfo.environment["INDEX_BENCH_CLOCK"] == "cpu" ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC

private func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct SeededBits: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// What many small indexes cost, as the system counts it and as they say.
struct NamespaceTable {
    func print() throws {
        Swift.print("vectors  bytes each (process)  bytes each (residentBytes)  of which vectors")
        // All are kept to the end, so that none is made of another's memory.
        var kept: [AdaptiveIndex] = []
        for vectorCount in [0, 1, 10, 100] {
            let indexCount = vectorCount == 100 ? 2_000 : 10_000
            var random = SeededBits(state: 1)
            let vector = (0..<384).map { _ in Float.random(in: -1...1, using: &random) }
            let before = Self.residentBytes()
            let indexes = try (0..<indexCount).map { _ in
                let index = try AdaptiveIndex(dimension: 384)
                for key in 0..<vectorCount { try index.upsert(RecordKey(key), vector, tag: 0) }
                return index
            }
            let taken = (Self.residentBytes() - before) / indexCount
            let said = indexes.reduce(0) { $0 + $1.residentBytes } / indexCount
            Swift.print("\(vectorCount)  \(taken)  \(said)  \(vectorCount * 384 * 5)")
            kept += indexes
        }
    }

    static func residentBytes() -> Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
    }
}

/// Recall and speed at fixed efforts after every vector was replaced twice, beside a graph built of the same vectors.
///
/// A third of the base is indexed; the other two take its place one by one, by update and by delete and insert in turn.
struct ChurnTable {
    let base: [[Float]]
    let queries: [[Float]]

    init(base: String, query: String) throws {
        self.base = try VectorFile(base).rows
        queries = try VectorFile(query).rows
    }

    func print() throws {
        let count = base.count / 3
        var options = GraphOptions()
        options.threadCount = 2
        func built(_ rows: Range<Int>) throws -> GraphIndex {
            try GraphIndex(
                snapshot: VectorSnapshot(
                    change: 0, keys: rows.indices.map { RecordKey($0 - rows.lowerBound) },
                    tags: rows.map { _ in 0 }, components: base[rows].flatMap { $0 }),
                dimension: base[0].count, options: options)
        }
        let churned = try built(0..<count)
        let time = try seconds {
            for row in count..<3 * count {
                if row % 2 == 0 { churned.delete([RecordKey(row % count)]) }
                try churned.upsert(RecordKey(row % count), base[row], tag: 0)
            }
        }
        let fresh = try built(2 * count..<3 * count)
        let truth = try FlatIndex(dimension: base[0].count)
        for row in 2 * count..<3 * count { try truth.upsert(RecordKey(row % count), base[row], tag: 0) }
        let nearest = try truth.search(queries, limit: 10, filter: .none).map { Set($0.map(\.key)) }
        Swift.print("\(count) vectors, \(2 * count) replaced at \(Int(Double(2 * count) / time))/s")
        Swift.print("list  recall churned  fresh  queries/s churned  fresh")
        for effort in [16, 24, 32, 48, 64, 96] {
            var line = "\(effort)"
            var rates: [Int] = []
            for index in [churned, fresh] {
                var found = 0
                let time = try seconds {
                    for (query, wanted) in zip(queries, nearest) {
                        let hits = try index.search(query, limit: 10, filter: .none, efSearch: effort)
                        found += wanted.intersection(hits.map(\.key)).count
                    }
                }
                line += String(format: "  %.4f", Double(found) / Double(10 * queries.count))
                rates.append(Int(Double(queries.count) / time))
            }
            Swift.print(line, rates[0], rates[1], separator: "  ")
        }
        Swift.print("bytes a vector: \(churned.residentBytes / count) churned, \(fresh.residentBytes / count) fresh")
    }
}

/// How building, size and searching grow with the number of vectors.
///
/// When more are asked for than the file has, the others are made of it: between two of its vectors, at random, with noise.
struct GrowthTable {
    let base: [[Float]]
    let queries: [[Float]]
    let counts: [Int]

    init(base: String, query: String, counts: ArraySlice<String>) throws {
        self.base = try VectorFile(base).rows
        queries = Array(try VectorFile(query).rows.prefix(500))
        self.counts = counts.compactMap { Int($0) }
    }

    func print() throws {
        Swift.print("vectors  build s  bytes/vector  list@0.95  recall  p50 us  p99 us  made of base")
        let dimension = base[0].count
        for count in counts {
            var random = SeededBits(state: 7)
            var components = base.prefix(count).flatMap { $0 }
            components.reserveCapacity(count * dimension)
            for _ in base.count..<max(count, base.count) {
                let (a, b) = (base.randomElement(using: &random)!, base.randomElement(using: &random)!)
                let share = Float.random(in: 0.2...0.5, using: &random)
                for place in 0..<dimension {
                    let noise = Float.random(in: -1...1, using: &random) / Float(dimension).squareRoot()
                    components.append(a[place] + share * (b[place] - a[place]) + 0.3 * noise)
                }
            }
            let snapshot = VectorSnapshot(
                change: 0, keys: (0..<count).map { RecordKey($0) }, tags: [UInt8](repeating: 0, count: count),
                components: components)
            var options = GraphOptions()
            options.threadCount = 2
            let index = try GraphIndex(snapshot: snapshot, dimension: dimension, options: options, isLinked: false)
            let nearest = try index.search(queries, limit: 10, filter: .none).map { Set($0.map(\.key)) }
            let build = wallSeconds { index.link(rowsMax: .max) }
            for effort in [12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 192, 256] {
                var (found, times) = (0, [Double]())
                for (query, wanted) in zip(queries, nearest) {
                    var hits: [VectorHit] = []
                    times.append(
                        try seconds { hits = try index.search(query, limit: 10, filter: .none, efSearch: effort) })
                    found += wanted.intersection(hits.map(\.key)).count
                }
                let recall = Double(found) / Double(10 * queries.count)
                guard recall >= 0.95 else { continue }
                times.sort()
                Swift.print(
                    count, String(format: "%.1f", build), index.residentBytes / count, effort,
                    String(format: "%.4f", recall), Int(times[times.count / 2] * 1e6),
                    Int(times[times.count * 99 / 100] * 1e6), max(0, count - base.count), separator: "  ")
                break
            }
        }
    }
}
