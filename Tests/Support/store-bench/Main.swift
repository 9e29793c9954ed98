import Foundation
import RecordStore
import StrataCore

/// Measures the store on this machine: `store-bench FOLDER [RECORD_COUNT]`, in release. Texts have 20 words drawn from
/// 50 000 by Zipf's law; all follows from one seed.
@main struct StoreBench {
    static let space = EmbeddingSpace(model: "bench", revision: "0", dimension: 384)
    static let clock = ContinuousClock()

    /// A word's rank by Zipf's law with exponent 1, by bisection in the cumulative weights.
    struct Zipf {
        private let sums: [Double]

        init(count: Int) {
            var sum = 0.0
            sums = (1...count).map { rank in
                sum += 1 / Double(rank)
                return sum
            }
        }

        func rank(_ random: inout SplitMix) -> Int {
            let wanted = random.unit() * (sums.last ?? 0)
            var (low, high) = (0, sums.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] < wanted { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    /// SplitMix64, so that runs can be compared.
    struct SplitMix {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = state
            bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
            return bits ^ (bits >> 31)
        }

        mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
    }

    /// The processor time of the whole process: on a shared machine it says more than the clock on the wall.
    static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// Measures from when it is made.
    struct Stopwatch {
        private let wall = clock.now
        private let processor = processorTime()

        /// The wall and the processor time until now.
        var spent: (wall: Duration, processor: Duration) { (clock.now - wall, processorTime() - processor) }
    }

    static func main() async throws {
        let arguments = CommandLine.arguments
        let folder = arguments.count > 1 ? arguments[1] : "."
        let count = arguments.count > 2 ? Int(arguments[2]) ?? 100_000 : 100_000
        let zipf = Zipf(count: 50_000)
        var random = SplitMix(state: 1)
        func unit(_ number: Int) -> [StoreMutation] {
            let words = (0..<20).map { _ in "w\(zipf.rank(&random))" }
            let text = words.joined(separator: " ")
            let record = MemoryRecord(
                id: RecordID(high: UInt64(number), low: 7), namespace: "bench", text: text,
                layer: Layer.allCases[number % 3], createdAt: Timestamp(milliseconds: Int64(number)))
            let vector = (0..<384).map { _ in Float(random.unit()) }
            let content = RecordContent(
                digest: SHA256.digest(of: text), terms: words,
                embedding: StoredEmbedding(space: space, vector: vector))
            return [.insert(record, content, onDuplicate: .keep)]
        }

        for (size, total) in [(1, 2000), (100, 10_000), (1000, count)] {
            let path = "\(folder)/bench-\(size).sqlite"
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
            let store = try await SQLiteStore.open(at: path)
            var (wall, processor) = (Duration.zero, Duration.zero)
            for start in stride(from: 0, to: total, by: size) {
                let units = (start..<(start + size)).map(unit)
                let watch = Stopwatch()
                _ = try await store.commit(units, at: Timestamp(milliseconds: 0))
                let spent = watch.spent
                (wall, processor) = (wall + spent.wall, processor + spent.processor)
            }
            let rate = Double(total) / (wall / .seconds(1))
            print("insert, \(size) a commit: \(Int(rate)) records/s over \(total), processor \(processor / total) each")
            if size == 1000 { try await measureReads(store, zipf, count: count) }
            try await store.close()
        }
    }

    static func measureReads(_ store: SQLiteStore, _ zipf: Zipf, count: Int) async throws {
        var random = SplitMix(state: 2)
        for round in 1...3 {
            let watch = Stopwatch()
            _ = try await store.vectors(in: "bench", space: space)
            let spent = watch.spent
            print("vectors of \(count), round \(round): \(spent.wall), processor \(spent.processor)")
        }
        for termCount in [3, 5, 8] {
            for (name, filter) in [("no filter", nil), ("one layer", Filter.layers([.assets]))] {
                for among in [nil, (1...200).map { Int64($0 * count / 200) }] {
                    var times: [Duration] = []
                    var processor = Duration.zero
                    for _ in 0..<60 {
                        var words: Set<String> = []
                        while words.count < termCount { words.insert("w\(zipf.rank(&random))") }
                        let statistics = try await store.termStatistics(Array(words), in: "bench")
                        let terms = words.sorted().map { word in
                            let found = Double(statistics.recordCounts[word] ?? 0)
                            let weight = log((Double(statistics.recordCount) - found + 0.5) / (found + 0.5))
                            return WeightedTerm(term: word, weight: weight)
                        }
                        let watch = Stopwatch()
                        _ = try await store.keywordSearch(
                            terms, lengthMean: statistics.lengthMean, parameters: BM25Parameters(), in: "bench",
                            matching: filter, keys: among, limit: 50)
                        let spent = watch.spent
                        times.append(spent.wall)
                        processor += spent.processor
                    }
                    times.sort()
                    print(
                        "\(termCount) terms, \(name), \(among == nil ? "all" : "200 keys"):",
                        "p50 \(times[30]), p90 \(times[54]), processor \(processor / 60) in the mean")
                }
            }
        }
        let words = (0..<8).map { _ in "w\(zipf.rank(&random))" }
        var times: [Duration] = []
        for _ in 0..<200 {
            times.append(try await clock.measure { _ = try await store.termStatistics(words, in: "bench") })
        }
        print("term statistics of 8 terms: p50 \(times.sorted()[100])")
        let missing = try await clock.measure {
            _ = try await store.keys(in: "bench", matching: .metadata(path: ["k"], .eq, 1))
        }
        print("keys by a metadata value that none has: \(missing)")
    }
}
