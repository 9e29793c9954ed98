public import StrataCore

extension AdaptiveIndex {
    /// What an index is made of at a moment.
    public struct Status: Sendable, Hashable {
        /// Whether searches walk a graph; else they scan, and are exact.
        public let isGraph: Bool
        /// How many vectors can be found.
        public let rowCount: Int
        /// How many of a graph's rows have no links yet; 0 without a graph.
        public let unlinkedCount: Int
        /// The bytes in memory.
        public let residentBytes: Int
        /// The effort and the measured recall of walks; nil while there are none.
        public let calibration: GraphCalibration?

        /// Whether a search finds exactly what comparing with every vector would: no row is reached by links alone.
        public var isExact: Bool { !isGraph || unlinkedCount == rowCount }
    }

    /// What the index is made of now.
    public var status: Status {
        guard let graph else {
            let flat = index
            return Status(
                isGraph: false, rowCount: flat.count, unlinkedCount: 0, residentBytes: flat.residentBytes,
                calibration: nil)
        }
        return Status(
            isGraph: true, rowCount: graph.count, unlinkedCount: graph.unlinkedCount,
            residentBytes: graph.residentBytes, calibration: calibration)
    }

    /// Writes the graph to a file as ``GraphIndex/save(to:change:)`` does; changes wait, searches go on.
    ///
    /// - Returns: how many vectors were written; nil, and no file, while there is no graph.
    /// - Throws: ``StrataError/Code/storageFailure``.
    public func saveGraph(to path: String, change: Int64) throws -> Int? {
        guard let graph else { return nil }
        try graph.save(to: path, change: change)
        return graph.count
    }

    /// Reads an index from a file that ``saveGraph(to:change:)`` wrote.
    ///
    /// - Returns: the index, ready to answer, and the change that it was saved with.
    /// - Throws: as ``GraphIndex/open(_:options:kernels:)``; ``StrataError/Code/invalidArgument`` for options out of range.
    public static func open(
        _ path: String, switchCount: Int = 10_000, options: GraphOptions = GraphOptions(),
        kernels: VectorKernels? = nil
    ) throws -> (index: AdaptiveIndex, change: Int64) {
        let (graph, change) = try GraphIndex.open(path, options: options, kernels: kernels)
        let index = try AdaptiveIndex(graph: graph, switchCount: switchCount, options: options, kernels: kernels)
        return (index, change)
    }

    /// Brings the vectors of an earlier moment up to date.
    ///
    /// - Throws: ``StrataError/Code/corrupted`` when the index does not hold as many vectors afterwards as the store: then
    ///   it was not made from it, and is of no use; what ``upsert(_:_:tag:)`` throws.
    public func catchUp(with changes: VectorChanges) throws {
        let gone = (graph?.keys ?? []).filter { changes.tags[$0] == nil } + changes.withoutVector
        if !gone.isEmpty { delete(gone) }
        for (row, key) in changes.changed.keys.enumerated() {
            let vector = changes.changed.components[row * dimension..<(row + 1) * dimension]
            try upsert(key, Array(vector), tag: changes.changed.tags[row])
        }
        guard count == changes.count else {
            throw StrataError(
                .corrupted, "the index holds \(count) vectors, its store \(changes.count); build it anew")
        }
    }
}
