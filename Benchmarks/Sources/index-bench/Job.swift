import Foundation

/// What the vector-index harness asks for: the keys of its `job.json` that this engine reads.
struct Job: Decodable {
    /// How the index is built; what is missing is the index's default.
    struct Parameters: Decodable {
        var degree: Int?
        var efConstruction: Int?
        var alpha: Float?
        var exactRowsMax: Int?
        var recallTarget: Double?
        /// `cosine`, `dot` or `l2`.
        var metric: String?
    }

    let params: Parameters
    /// Files of vectors: each row is its number of components (32 bits) and the components.
    let base: String
    let query: String
    let k: Int
    let buildThreads: Int
    /// Exact neighbours, to stop the sweep early.
    let gt: String?
    let stopRecall: Double?
    /// Search efforts, ascending.
    let sweep: [Int]
    let phases: [String]
    let insert: String?
    let delete: String?
    /// A byte for each vector by name of the filter; 1 allows it.
    let filters: [String: String]?
    let scratch: String
    let outdir: String

    static func read(_ path: String) throws -> Self {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Self.self, from: Data(contentsOf: URL(filePath: path)))
    }
}

/// What the harness reads from `result.json`.
struct JobResult: Encodable {
    struct Point: Encodable {
        var p: Int
        var ids: String
        var qps1: Double
        var qps2: Double?
        /// One thread, all queries in one call.
        var qpsBatch: Double?
        var p50Us: Double?
        var p99Us: Double?
    }

    struct Filtered: Encodable {
        var pct: Int
        var p: Int
        var ids: String
        var qps1: Double
        /// The same set as an array of keys, and as a predicate.
        var keysQps1: Double
        var predicateQps1: Double
    }

    var version = "strata"
    var buildS: Double?
    var rssMb: Double?
    var residentBytesPerVector: Double?
    var saveS: Double?
    var diskMb: Double?
    var loadS: Double?
    var efCalibrated: Int?
    var recallCalibrated: Double?
    var points: [Point] = []
    var deletePerS: Double?
    var deleteIds: String?
    var deleteP: Int?
    var insertPerS: Double?
    var insertFound: Double?
    var filter: [Filtered] = []

    func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(filePath: folder).appending(path: "result.json"))
    }
}
