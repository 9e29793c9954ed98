public import StrataCore
internal import Synchronization

/// What every vector index is measured against: plain loops over a dictionary, in double precision.
///
/// Slow, and plain enough to be believed. It is a whole ``VectorIndex``, so that the conformance suite can be run on
/// the oracle itself.
public final class BruteForceOracle: VectorIndex {
    private struct Row: Sendable {
        var vector: [Float]
        var tag: UInt8
    }

    /// The number of components of every vector.
    public let dimension: Int
    private let metric: VectorMetric
    private let rows = Mutex<[RecordKey: Row]>([:])

    /// An empty oracle.
    public init(dimension: Int, metric: VectorMetric = .cosine) {
        self.dimension = dimension
        self.metric = metric
    }

    /// How many vectors can be found.
    public var count: Int { rows.withLock { $0.count } }

    /// The bytes of the components.
    public var residentBytes: Int { count * dimension * MemoryLayout<Float>.stride }

    /// The keys of the vectors that pass the filter, ascending.
    public func keys(passing filter: VectorFilter) -> [RecordKey] {
        let rows = rows.withLock { $0 }
        switch filter {
        case .none: return rows.keys.sorted()
        case .tags(let bits): return rows.filter { bits & (1 << $0.value.tag) != 0 }.keys.sorted()
        case .keys(let keys): return Set(keys).filter { rows[$0] != nil }.sorted()
        case .predicate(let passes): return rows.keys.filter(passes).sorted()
        }
    }

    /// Adds a vector, or replaces the one under the same key.
    public func upsert(_ key: RecordKey, _ vector: [Float], tag: UInt8) throws {
        let row = Row(vector: try stored(vector), tag: tag)
        rows.withLock { $0[key] = row }
    }

    /// Removes vectors; keys that are not there are passed over.
    public func delete(_ keys: [RecordKey]) {
        rows.withLock { rows in
            for key in keys { rows[key] = nil }
        }
    }

    /// Changes the layer tag of a vector; a key that is not there is passed over.
    public func setTag(_ tag: UInt8, of key: RecordKey) { rows.withLock { $0[key]?.tag = tag } }

    /// The nearest vectors, by comparing with each.
    public func search(_ query: [Float], limit: Int, filter: VectorFilter) throws -> [VectorHit] {
        let keys = keys(passing: filter)
        return zip(keys, try scores(query, of: keys))
            .compactMap { key, score in score.map { VectorHit(key: key, score: $0) } }
            .sorted { ($1.score, $0.key) < ($0.score, $1.key) }
            .prefix(max(limit, 0)).map { $0 }
    }

    /// The scores of given keys; nil for a key that has no vector.
    public func scores(_ query: [Float], of keys: [RecordKey]) throws -> [Float?] {
        let query = try stored(query)
        let rows = rows.withLock { $0 }
        return keys.map { key in
            rows[key].map { row in
                var sum = 0.0
                for i in 0..<dimension {
                    let (a, b) = (Double(query[i]), Double(row.vector[i]))
                    sum += metric == .l2 ? -(a - b) * (a - b) : a * b
                }
                return Float(sum)
            }
        }
    }

    /// The scores of the lowest keys.
    public func sampleScores(_ query: [Float], limit: Int) throws -> [Float] {
        try scores(query, of: Array(keys(passing: .none).prefix(max(limit, 0)))).compactMap { $0 }
    }

    private func stored(_ vector: [Float]) throws -> [Float] {
        guard vector.count == dimension else {
            throw StrataError(
                .dimensionMismatch, "vector has \(vector.count) components, expected \(dimension)")
        }
        var squares = 0.0
        for component in vector {
            guard component.isFinite else {
                throw StrataError(.invalidVector, "vector has a component that is NaN or infinite")
            }
            squares += Double(component) * Double(component)
        }
        guard metric == .cosine else {
            guard squares <= 1e36 else { throw StrataError(.invalidVector, "vector is longer than 1e18") }
            return vector
        }
        guard squares > 0 else { throw StrataError(.invalidVector, "vector has length 0") }
        let factor = 1 / squares.squareRoot()
        return vector.map { Float(Double($0) * factor) }
    }
}
