public import StrataCore

/// How a ``GraphIndex`` is built and searched.
public struct GraphOptions: Sendable, Hashable {
    /// What makes vectors near. Links are chosen for one metric, so that an index keeps it for life.
    public var metric = VectorMetric.cosine
    /// The most links of a row: 16 through 96, in steps of 16 (a cache line). More links find more in fewer steps and
    /// cost 4 bytes each.
    public var degree = 64
    /// How many candidates an insert keeps while it looks for its neighbours: 16 through 1024.
    public var efConstruction = 128
    /// How far the pruning of links spreads out: 1 through 2. Above 1 it keeps longer links, which shorten walks.
    public var alpha: Float = 1.1
    /// The recall@10 that ``GraphIndex/calibrate()`` chooses the search effort for: 0.5 through 0.999.
    public var recallTarget = 0.95
    /// A search that may return no more rows than this scores each of them exactly: at least 0.
    public var exactRowsMax = 5000
    /// Threads of a bulk build: at least 1. With one the graph depends on the vectors and keys alone.
    public var threadCount = 1

    /// The defaults.
    public init() {}

    /// Refuses options out of their ranges.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` naming the option.
    public func validate() throws {
        func require(_ holds: Bool, _ name: String, _ value: any CustomStringConvertible, _ range: String) throws {
            guard holds else {
                throw StrataError(.invalidArgument, "graph option \(name) is \(value), expected \(range)")
            }
        }
        try require((16...96).contains(degree) && degree % 16 == 0, "degree", degree, "16, 32, 48, 64, 80 or 96")
        try require((16...1024).contains(efConstruction), "efConstruction", efConstruction, "16 through 1024")
        try require((1...2).contains(alpha), "alpha", alpha, "1 through 2")
        try require((0.5...0.999).contains(recallTarget), "recallTarget", recallTarget, "0.5 through 0.999")
        try require(exactRowsMax >= 0, "exactRowsMax", exactRowsMax, "at least 0")
        try require((1...1024).contains(threadCount), "threadCount", threadCount, "1 through 1024")
    }
}

/// What a calibration found.
public struct GraphCalibration: Sendable, Hashable {
    /// The length of the candidate list that searches use from now on.
    public let efSearch: Int
    /// The recall@10 of the sample at that effort.
    public let recall: Double
    /// How many stored vectors served as queries, each hidden from its own search.
    public let sampleCount: Int
}
