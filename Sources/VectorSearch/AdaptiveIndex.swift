public import StrataCore
internal import Synchronization

/// The index of a namespace as it grows: an exact scan while that is fastest, a graph after.
///
/// Small sets are a ``FlatIndex``, which costs its vectors and little more. When it passes ``switchCount`` its rows move
/// into a ``GraphIndex``, and get their links a few at a time: with each further ``upsert(_:_:tag:)``, and as fast as
/// the machine allows by ``maintain(rowsMax:)``. Until a row has its links every search scans it, so that answers are
/// complete at every moment; they get faster as the links grow. Which of the two answers makes no difference but speed
/// and, with the graph, ``GraphOptions/recallTarget``.
public final class AdaptiveIndex: VectorIndex {
    /// The number of components of every vector.
    public let dimension: Int
    /// The count above which rows move into a graph.
    public let switchCount: Int
    /// How the graph is built and searched; its metric is that of the exact scan too.
    public let options: GraphOptions

    private let kernels: VectorKernels?
    private let current: Mutex<Stage>
    // Held for the whole of a change; `current` is held only to take or to replace the stage.
    private let writer = Mutex(())

    private enum Stage: Sendable {
        case flat(FlatIndex)
        case graph(GraphIndex)

        var index: any VectorIndex {
            switch self {
            case .flat(let index): index
            case .graph(let index): index
            }
        }
    }

    /// Rows that an upsert links besides its own while some wait.
    private static let catchUp = 2

    /// An empty index.
    ///
    /// - Parameters:
    ///   - dimension: 1 through 4096.
    ///   - switchCount: at least 1. A walk is faster than a scan from some 2 000 rows of 384 components on; up to 10 000
    ///     the scan takes about 0.1 ms, which exact answers without any build are worth.
    /// - Throws: as ``GraphIndex/init(dimension:options:kernels:)``.
    public init(
        dimension: Int, switchCount: Int = 10_000, options: GraphOptions = GraphOptions(),
        kernels: VectorKernels? = nil
    ) throws {
        try Self.check(switchCount, options)
        self.dimension = dimension
        self.switchCount = switchCount
        self.options = options
        self.kernels = kernels
        current = Mutex(.flat(try FlatIndex(dimension: dimension, metric: options.metric, kernels: kernels)))
    }

    /// An index of the vectors of a snapshot, ready at once: when there are many, their links are left to
    /// ``maintain(rowsMax:)``.
    ///
    /// - Throws: as above, and as ``FlatIndex/init(snapshot:dimension:kernels:)``.
    public init(
        snapshot: VectorSnapshot, dimension: Int, switchCount: Int = 10_000, options: GraphOptions = GraphOptions(),
        kernels: VectorKernels? = nil
    ) throws {
        try Self.check(switchCount, options)
        self.dimension = dimension
        self.switchCount = switchCount
        self.options = options
        self.kernels = kernels
        current = Mutex(
            snapshot.keys.count <= switchCount
                ? .flat(
                    try FlatIndex(snapshot: snapshot, dimension: dimension, metric: options.metric, kernels: kernels))
                : .graph(
                    try GraphIndex(
                        snapshot: snapshot, dimension: dimension, options: options, kernels: kernels,
                        isLinked: false)))
    }

    /// An index that goes on from a graph.
    init(graph: GraphIndex, switchCount: Int, options: GraphOptions, kernels: VectorKernels?) throws {
        try Self.check(switchCount, options)
        dimension = graph.dimension
        self.switchCount = switchCount
        self.options = options
        self.kernels = kernels
        current = Mutex(.graph(graph))
    }

    private static func check(_ switchCount: Int, _ options: GraphOptions) throws {
        guard switchCount > 0 else {
            throw StrataError(.invalidArgument, "switchCount is \(switchCount), expected at least 1")
        }
        try options.validate()
    }

    var index: any VectorIndex { current.withLock { $0 }.index }

    /// The graph, once there is one.
    var graph: GraphIndex? {
        if case .graph(let graph) = current.withLock({ $0 }) { graph } else { nil }
    }

    /// How many vectors can be found.
    public var count: Int { index.count }

    /// The bytes that the index holds in memory.
    public var residentBytes: Int { index.residentBytes }

    /// The effort and the measured recall of the graph's searches; nil while the index is exact.
    public var calibration: GraphCalibration? {
        graph.flatMap { $0.calibration.sampleCount > 0 ? $0.calibration : nil }
    }

    /// Whether ``maintain(rowsMax:)`` has work: rows to link, or a graph that has doubled since its effort was chosen.
    public var needsMaintenance: Bool { graph.map { $0.unlinkedCount > 0 || $0.isCalibrationOld } ?? false }

    /// Does a part of the work that makes searches faster, on ``GraphOptions/threadCount`` threads: links rows that wait
    /// for it, then chooses the effort of searches anew.
    ///
    /// Searches go on meanwhile; changes wait for the call to end, some 0.2 ms for each row at 100 000 rows. Meant to be
    /// called, off the cooperative pool, for as long as it returns true.
    ///
    /// - Parameter rowsMax: at least 1; the most rows linked by this call.
    /// - Returns: whether work is left.
    public func maintain(rowsMax: Int = 256) -> Bool {
        guard let graph else { return false }
        if graph.unlinkedCount > 0 {
            graph.link(rowsMax: max(1, rowsMax))
        } else if graph.isCalibrationOld {
            graph.calibrate()
        }
        return needsMaintenance
    }

    /// Adds a vector, or replaces the one under the same key.
    ///
    /// - Throws: ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/invalidVector``,
    ///   ``StrataError/Code/invalidArgument`` for a tag above 7.
    public func upsert(_ key: RecordKey, _ vector: [Float], tag: UInt8) throws {
        try change { stage in
            switch stage {
            case .graph(let graph): try graph.upsert(key, vector, tag: tag, catchUp: Self.catchUp)
            case .flat(let flat):
                try flat.upsert(key, vector, tag: tag)
                guard flat.count > switchCount else { return }
                // The rows of an index are ones that a snapshot can have.
                stage = .graph(
                    try GraphIndex(
                        unlinked: flat.vectors(), dimension: dimension, options: options, kernels: kernels,
                        isStored: true))
            }
        }
    }

    /// Removes vectors; keys that are not there are passed over.
    public func delete(_ keys: [RecordKey]) { change { $0.index.delete(keys) } }

    /// Changes the layer tag of a vector, to 0 through 7; a key that is not there is passed over.
    public func setTag(_ tag: UInt8, of key: RecordKey) { change { $0.index.setTag(tag, of: key) } }

    /// A stage is not replaced while another change is under way in it.
    private func change(_ body: (inout Stage) throws -> Void) rethrows {
        try writer.withLock { _ in
            var stage = current.withLock { $0 }
            try body(&stage)
            current.withLock { $0 = stage }
        }
    }

    /// The vectors nearest to `query`, nearest first, with their exact scores.
    ///
    /// - Throws: ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/invalidVector``.
    public func search(_ query: [Float], limit: Int, filter: VectorFilter) throws -> [VectorHit] {
        try index.search(query, limit: limit, filter: filter)
    }

    /// Answers several queries at once, each as ``search(_:limit:filter:)-swift.method`` would, in less time.
    ///
    /// - Throws: as for one query; a bad query fails the whole call.
    public func search(_ queries: [[Float]], limit: Int, filter: VectorFilter) throws -> [[VectorHit]] {
        try index.search(queries, limit: limit, filter: filter)
    }

    /// The exact scores of given keys; nil for a key that has no vector.
    public func scores(_ query: [Float], of keys: [RecordKey]) throws -> [Float?] {
        try index.scores(query, of: keys)
    }

    /// The exact scores of at most `limit` vectors that stand for all of them.
    public func sampleScores(_ query: [Float], limit: Int) throws -> [Float] {
        try index.sampleScores(query, limit: limit)
    }
}
