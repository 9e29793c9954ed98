public import StrataCore
internal import Synchronization

/// Exact search: scans every vector.
///
/// The scan reads one signed byte a component. A bound on what the bytes lose decides which rows can be among the best,
/// and those are scored again with all their bits, so that the answer is that of a comparison with every vector and
/// not merely close to it. Scores are summed in double precision and rounded once: they are the same on every machine
/// but for the last bit of a rare few.
///
/// Searches run on the caller's thread and never wait for a writer: they take the current state, a handful of
/// references, under a lock that is held for no longer than that. Writers wait for one another.
public final class FlatIndex: VectorIndex {
    /// The number of components of every vector.
    public let dimension: Int
    /// What makes vectors near.
    public let metric: VectorMetric

    private let kernels: VectorKernels
    private let published: Mutex<FlatState>
    // Held for the whole of a change; `published` is held only to take the state and to put the next one in its place.
    private let writer = Mutex(())

    /// The dimensions that an index can have.
    public static let dimensionRange = 1...4096

    /// An empty index.
    ///
    /// - Parameters:
    ///   - dimension: 1 through 4096.
    ///   - kernels: nil takes ``VectorKernels/selected()``.
    /// - Throws: ``StrataError/Code/invalidArgument`` for a dimension out of range, or when the environment asks for
    ///   kernels that cannot run here.
    public init(dimension: Int, metric: VectorMetric = .cosine, kernels: VectorKernels? = nil) throws {
        self.dimension = dimension
        self.metric = metric
        self.kernels = try kernels ?? .selected()
        published = Mutex(FlatState(layout: try Self.layout(dimension, metric)))
    }

    /// An index of the vectors of a snapshot.
    ///
    /// - Parameters:
    ///   - snapshot: keys in ascending order; vectors as ``upsert(_:_:tag:)`` takes them.
    ///   - dimension: 1 through 4096.
    ///   - kernels: nil takes ``VectorKernels/selected()``.
    /// - Throws: ``StrataError/Code/invalidArgument`` as above, for keys that repeat or do not ascend and for tags above
    ///   7; ``StrataError/Code/dimensionMismatch`` when the components are not `dimension` for each key;
    ///   ``StrataError/Code/invalidVector``.
    public init(
        snapshot: VectorSnapshot, dimension: Int, metric: VectorMetric = .cosine, kernels: VectorKernels? = nil
    ) throws {
        self.dimension = dimension
        self.metric = metric
        self.kernels = try kernels ?? .selected()
        var state = FlatState(layout: try Self.layout(dimension, metric))
        try state.load(snapshot, kernels: self.kernels)
        published = Mutex(state)
    }

    /// How rows lie in an index.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` for a dimension out of range.
    static func layout(_ dimension: Int, _ metric: VectorMetric) throws -> RowLayout {
        guard dimensionRange.contains(dimension) else {
            throw StrataError(
                .invalidArgument, "index dimension is \(dimension), expected 1 through 4096; use another model")
        }
        return RowLayout(dimension: dimension, metric: metric)
    }

    /// How many vectors can be found.
    public var count: Int { snapshot().count }

    /// The bytes of all vectors, codes and keys, with the room kept for more.
    public var residentBytes: Int { snapshot().byteCount }

    /// The name of the kernels in use, for diagnosis.
    public var kernelName: String { kernels.name }

    /// Adds a vector, or replaces the one under the same key.
    ///
    /// - Parameters:
    ///   - vector: `dimension` finite components. For cosine not all 0, and scaled to unit length here; otherwise no
    ///     longer than 10¹⁸.
    ///   - tag: 0 through 7.
    /// - Throws: ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/invalidVector``,
    ///   ``StrataError/Code/invalidArgument`` for another tag.
    public func upsert(_ key: RecordKey, _ vector: [Float], tag: UInt8) throws {
        try kernels.checkDimension(vector.count, is: dimension)
        let factor = try kernels.storedFactor(of: vector, count: dimension, metric: metric)
        let bits = try tagBits(tag)
        write { $0.upsert(key, vector, factor: factor, bits: bits, kernels: kernels) }
    }

    /// Removes vectors; keys that are not there are passed over.
    public func delete(_ keys: [RecordKey]) {
        write { state in
            for key in keys { state.delete(key) }
        }
    }

    /// Changes the layer tag of a vector; a key that is not there is passed over.
    ///
    /// - Parameter tag: 0 through 7; anything else is a programming error.
    public func setTag(_ tag: UInt8, of key: RecordKey) {
        precondition(tag < 8, "a layer tag is 0 through 7")
        write { $0.setBits(1 << tag, of: key) }
    }

    /// The vectors nearest to `query`, nearest first: exactly what comparing with every vector gives.
    ///
    /// - Parameters:
    ///   - query: as a vector of ``upsert(_:_:tag:)``.
    ///   - limit: nothing is returned for 0 and less.
    ///   - filter: applied inside the scan; `.keys` reads the named rows only.
    /// - Throws: ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/invalidVector``.
    public func search(_ query: [Float], limit: Int, filter: VectorFilter) throws -> [VectorHit] {
        try search([query], limit: limit, filter: filter)[0]
    }

    /// Answers several queries in one pass over the vectors, each as ``search(_:limit:filter:)-swift.method`` would.
    ///
    /// - Throws: as for one query; a bad query fails the whole call.
    public func search(_ queries: [[Float]], limit: Int, filter: VectorFilter) throws -> [[VectorHit]] {
        let state = snapshot()
        let prepared = try queries.map { try PreparedQuery($0, layout: state.layout, kernels: kernels) }
        return FlatScan(state: state, kernels: kernels).hits(for: prepared, limit: limit, filter: filter)
    }

    /// The exact scores of given keys; nil for a key that has no vector.
    public func scores(_ query: [Float], of keys: [RecordKey]) throws -> [Float?] {
        let scan = FlatScan(state: snapshot(), kernels: kernels)
        let vector = try kernels.comparable(query, scan.state.layout)
        return keys.map { key in scan.state.locations[key].map { scan.score($0, vector) } }
    }

    /// The exact scores of at most `limit` vectors that stand for all of them, of every vector when there are no more.
    ///
    /// The sample is that of the keys whose hashes are lowest, in the order of the hashes. It takes time in proportion
    /// to `limit` and a 256th of the vectors.
    public func sampleScores(_ query: [Float], limit: Int) throws -> [Float] {
        let scan = FlatScan(state: snapshot(), kernels: kernels)
        let vector = try kernels.comparable(query, scan.state.layout)
        return scan.state.locations.sample(limit).map { scan.score($0, vector) }
    }

    /// All vectors, in ascending order of their keys.
    func vectors() -> VectorSnapshot {
        let state = snapshot()
        let rows = state.locations.all().sorted { $0.key < $1.key }
        var (keys, tags, components): ([RecordKey], [UInt8], [Float]) = ([], [], [])
        components.reserveCapacity(rows.count * dimension)
        for (key, location) in rows {
            // A location of this state names a segment of this state.
            let segment = state.segments[Int(location.segment)]!
            let row = Int(location.row)
            keys.append(key)
            tags.append(UInt8(segment.bits[row].trailingZeroBitCount))
            components += UnsafeBufferPointer(start: segment.storage.vector(row), count: dimension)
        }
        return VectorSnapshot(change: 0, keys: keys, tags: tags, components: components)
    }

    private func snapshot() -> FlatState { published.withLock { $0 } }

    /// Makes the next state out of the current one.
    private func write(_ change: (inout FlatState) -> Void) {
        writer.withLock { _ in
            var state = snapshot()
            change(&state)
            // A swap, so that the old state is taken apart after the lock is free again.
            published.withLock { swap(&$0, &state) }
        }
    }
}

/// The bit of a layer tag in the sets of ``VectorFilter/tags(_:)``.
func tagBits(_ tag: UInt8) throws -> UInt8 {
    guard tag < 8 else {
        throw StrataError(.invalidArgument, "layer tag is \(tag), expected 0 through 7; use Layer.tag")
    }
    return 1 << tag
}
