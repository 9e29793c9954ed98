import Dispatch
import Foundation
import StrataCore
import VectorSearch

/// An engine of the vector-index harness: `index-bench job.json` builds a graph index and answers the job. The other
/// commands print tables of their own.
@main
struct Main {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("kernels", 1): try KernelTable().print()
        case ("namespaces", 1): try NamespaceTable().print()
        case ("churn", 3): try ChurnTable(base: arguments[1], query: arguments[2]).print()
        case ("growth", 3...): try GrowthTable(base: arguments[1], query: arguments[2], counts: arguments[3...]).print()
        case (.some, 1): try Run(job: .read(arguments[0])).run()
        default:
            let usage = """
                usage: index-bench job.json
                       index-bench kernels                     distances against the speed of memory
                       index-bench namespaces                  bytes of many small indexes
                       index-bench churn BASE QUERY            recall after replacing every vector twice
                       index-bench growth BASE QUERY COUNT…    build, size and search of so many vectors
                BASE and QUERY are .fvecs or .npy files of 32-bit floats. With INDEX_BENCH_CLOCK=cpu what one thread does
                is timed by its processor time: for machines with other work.

                """
            FileHandle.standardError.write(Data(usage.utf8))
            exit(2)
        }
    }
}

struct Run {
    let job: Job
    private let queries: [[Float]]
    private let masks: [(percent: Int, bytes: [UInt8])]

    init(job: Job) throws {
        self.job = job
        queries = try VectorFile(job.query).rows
        masks = try (job.filters ?? [:]).compactMap { name, path in
            Int(name).map { ($0, path) }
        }.sorted { $0.0 < $1.0 }.prefix(3).map { ($0, Array(try Data(contentsOf: URL(filePath: $1)))) }
    }

    func run() throws {
        var result = JobResult()
        let index = try build(&result)
        if job.phases.contains("save") { try save(index, &result) }
        var effort = job.sweep.last ?? 64
        if job.phases.contains("search") { effort = try search(index, &result) }
        if job.phases.contains("filter") { try filter(index, effort, &result) }
        if job.phases.contains("insert") { try insert(index, &result) }
        if job.phases.contains("delete") { try delete(index, effort, &result) }
        try result.write(to: job.outdir)
    }

    /// The bytes of the process that are in memory.
    private func residentBytes() -> Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
    }

    private func build(_ result: inout JobResult) throws -> GraphIndex {
        var options = GraphOptions()
        options.threadCount = job.buildThreads
        if let degree = job.params.degree { options.degree = degree }
        if let effort = job.params.efConstruction { options.efConstruction = effort }
        if let alpha = job.params.alpha { options.alpha = alpha }
        if let rows = job.params.exactRowsMax { options.exactRowsMax = rows }
        if let metric = job.params.metric.flatMap({ VectorMetric(rawValue: $0) }) { options.metric = metric }
        if let target = job.params.recallTarget { options.recallTarget = target }
        let base = try VectorFile(job.base).rows
        // The masks are independent: the eight ways to be in them are the eight tags, and a mask is a set of tags.
        let tags = base.indices.map { row in
            masks.indices.reduce(UInt8(0)) { $0 | (masks[$1].bytes[row] & 1) << UInt8($1) }
        }
        let snapshot = VectorSnapshot(
            change: 0, keys: base.indices.map { RecordKey($0) }, tags: tags, components: base.flatMap { $0 })
        let before = residentBytes()
        // Loading and linking is what other engines call building; the calibration is extra.
        let start = ContinuousClock.now
        let index = try GraphIndex(snapshot: snapshot, dimension: base[0].count, options: options, isLinked: false)
        index.link(rowsMax: .max)
        result.buildS = (ContinuousClock.now - start) / .seconds(1)
        result.rssMb = Double(residentBytes() - before) / 1e6
        result.residentBytesPerVector = Double(index.residentBytes) / Double(base.count)
        let calibration = index.calibrate()
        result.efCalibrated = calibration.efSearch
        result.recallCalibrated = calibration.recall
        return index
    }

    private func save(_ index: GraphIndex, _ result: inout JobResult) throws {
        let path = job.scratch + "/graph.index"
        result.saveS = try wallSeconds { try index.save(to: path, change: 1) }
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        result.diskMb = size.map { Double($0) / 1e6 }
        for _ in 0..<5 {
            var count = 0
            let time = try wallSeconds { count = try GraphIndex.open(path).index.count }
            guard count == index.count else {
                throw StrataError(.corrupted, "the saved index has \(count) rows, expected \(index.count)")
            }
            result.loadS = min(result.loadS ?? time, time)
        }
        try FileManager.default.removeItem(atPath: path)
    }

    /// Answers all queries and returns the keys and the queries a second, of the best round.
    private func measure(rounds: Int, _ answer: ([Float]) throws -> [VectorHit]) rethrows -> ([[Int]], Double) {
        var found: [[Int]] = []
        var best = Double.infinity
        for _ in 0..<rounds {
            var hits: [[VectorHit]] = []
            hits.reserveCapacity(queries.count)
            best = min(best, try seconds { for query in queries { hits.append(try answer(query)) } })
            found = hits.map { $0.map { Int($0.key) } }
        }
        return (found, Double(queries.count) / best)
    }

    private func search(_ index: GraphIndex, _ result: inout JobResult) throws -> Int {
        let truth = try job.gt.map { try VectorFile.integers($0).map { Set($0.prefix(job.k)) } }
        var effortAtTarget: Int?
        for (place, effort) in job.sweep.enumerated() {
            let name = "p_\(place).ivecs"
            let (keys, rate) = try measure(rounds: 5) {
                try index.search($0, limit: job.k, filter: .none, efSearch: effort)
            }
            try VectorFile.write(keys, width: job.k, to: job.outdir + "/" + name)
            var point = JobResult.Point(p: effort, ids: name, qps1: rate)
            point.qpsBatch = try batchRate(index, effort)
            let recall = truth.map { truth in
                Double(zip(truth, keys).reduce(0) { $0 + $1.0.intersection($1.1).count })
                    / Double(job.k * queries.count)
            }
            if effortAtTarget == nil, let recall, recall >= 0.95 {
                effortAtTarget = effort
                try addLatencies(index, &point)
            }
            result.points.append(point)
            if let recall, let stop = job.stopRecall, recall >= stop { break }
        }
        return effortAtTarget ?? job.sweep.last ?? 64
    }

    private func batchRate(_ index: GraphIndex, _ effort: Int) throws -> Double {
        var best = Double.infinity
        for _ in 0..<5 {
            best = min(
                best,
                try seconds { _ = try index.search(queries, limit: job.k, filter: .none, efSearch: effort) })
        }
        return Double(queries.count) / best
    }

    private func addLatencies(_ index: GraphIndex, _ point: inout JobResult.Point) throws {
        let effort = point.p
        var times: [Double] = []
        for query in queries {
            times.append(
                try seconds { _ = try index.search(query, limit: job.k, filter: .none, efSearch: effort) })
        }
        times.sort()
        point.p50Us = times[times.count / 2] * 1e6
        point.p99Us = times[times.count * 99 / 100] * 1e6
        var best = Double.infinity
        for _ in 0..<3 {
            best = min(
                best,
                wallSeconds {
                    DispatchQueue.concurrentPerform(iterations: 2) { half in
                        for place in stride(from: half, to: queries.count, by: 2) {
                            _ = try? index.search(queries[place], limit: job.k, filter: .none, efSearch: effort)
                        }
                    }
                })
        }
        point.qps2 = Double(queries.count) / best
    }

    private func filter(_ index: GraphIndex, _ effort: Int, _ result: inout JobResult) throws {
        for (place, mask) in masks.enumerated() {
            var tags: UInt8 = 0
            for tag in 0..<8 where tag >> place & 1 == 1 { tags |= 1 << UInt8(tag) }
            let (keys, rate) = try measure(rounds: 3) {
                try index.search($0, limit: job.k, filter: .tags(tags), efSearch: effort)
            }
            let bytes = mask.bytes
            let allowed = bytes.indices.filter { bytes[$0] == 1 }.map { RecordKey($0) }
            let (_, keysRate) = try measure(rounds: 3) {
                try index.search($0, limit: job.k, filter: .keys(allowed), efSearch: effort)
            }
            let (_, predicateRate) = try measure(rounds: 3) {
                try index.search(
                    $0, limit: job.k, filter: .predicate { $0 < bytes.count && bytes[Int($0)] == 1 }, efSearch: effort)
            }
            let name = "f\(mask.percent).ivecs"
            try VectorFile.write(keys, width: job.k, to: job.outdir + "/" + name)
            result.filter.append(
                .init(
                    pct: mask.percent, p: effort, ids: name, qps1: rate, keysQps1: keysRate,
                    predicateQps1: predicateRate))
        }
    }

    private func insert(_ index: GraphIndex, _ result: inout JobResult) throws {
        guard let path = job.insert else { return }
        let (vectors, first) = (try VectorFile(path).rows, index.count)
        let time = try seconds {
            for (place, vector) in vectors.enumerated() {
                try index.upsert(RecordKey(first + place), vector, tag: 0)
            }
        }
        result.insertPerS = Double(vectors.count) / time
        let found = try vectors.enumerated().filter { place, vector in
            try index.search(vector, limit: 1, filter: .none).first?.key == RecordKey(first + place)
        }
        result.insertFound = Double(found.count) / Double(vectors.count)
        // The phases that follow compare with answers over the base.
        index.delete(vectors.indices.map { RecordKey(first + $0) })
    }

    private func delete(_ index: GraphIndex, _ effort: Int, _ result: inout JobResult) throws {
        guard let path = job.delete, let keys = try VectorFile.integers(path).first else { return }
        // One at a time, as an engine gets them.
        let time = seconds { for key in keys { index.delete([RecordKey(key)]) } }
        result.deletePerS = Double(keys.count) / time
        let (found, _) = try measure(rounds: 1) {
            try index.search($0, limit: job.k, filter: .none, efSearch: effort)
        }
        result.deleteIds = "del.ivecs"
        result.deleteP = effort
        try VectorFile.write(found, width: job.k, to: job.outdir + "/del.ivecs")
    }
}
