public import StrataCore
internal import Synchronization

/// Approximate search: walks a graph of neighbours.
///
/// Every row links to some tens of others, near ones and a few that lie far (the alpha-pruned edges of DiskANN, in one
/// layer). A search walks from the middle of the data towards the query over codes of one byte a component, and scores
/// the best candidates again with all their bits: **scores are exact, and so is the order; what may be missing is a row
/// that the walk did not meet**. How many are missing is a choice: ``calibrate()`` measures the recall of stored vectors
/// against an exact scan and sets the effort that ``GraphOptions/recallTarget`` needs.
///
/// Filters are applied inside. When few rows pass, all of them are scored exactly; when most pass, a longer walk leaves
/// the others out; in between, the walk steps over rows that fail. Whatever the walk finds, a search returns `limit` hits
/// when so many rows pass: it falls back to exact scores.
///
/// Searches run on the caller's thread and never wait for a writer: they take the current state, a handful of
/// references, under a lock that is held for no longer than that, and read the links that they pass atomically. A search
/// answers as of the state it took: rows carry the versions of their birth and death. Writers wait for one another.
public final class GraphIndex: VectorIndex {
    /// The number of components of every vector.
    public let dimension: Int
    /// How the graph is built and searched.
    public let options: GraphOptions

    private let kernels: VectorKernels
    private let scratches: ScratchPool
    private let published: Mutex<GraphState>
    // Held for the whole of a change; `published` is held only to take the state and to put the next one in its place.
    private let writer: Mutex<GraphWriter>

    /// An empty index.
    ///
    /// - Parameters:
    ///   - dimension: 1 through 4096.
    ///   - kernels: nil takes ``VectorKernels/selected()``.
    /// - Throws: ``StrataError/Code/invalidArgument`` for a dimension or an option out of range, or when the environment
    ///   asks for kernels that cannot run here.
    public convenience init(
        dimension: Int, options: GraphOptions = GraphOptions(), kernels: VectorKernels? = nil
    ) throws {
        try self.init(dimension: dimension, options: options, kernels: kernels, rowCapacity: 64)
    }

    /// An index of the vectors of a snapshot: all of them linked, and calibrated.
    ///
    /// - Parameters:
    ///   - snapshot: keys in ascending order; vectors as ``upsert(_:_:tag:)`` takes them.
    ///   - isLinked: false leaves every row to ``link(rowsMax:)``; until then searches scan.
    /// - Throws: as above, and as ``FlatIndex/init(snapshot:dimension:kernels:)``.
    public convenience init(
        snapshot: VectorSnapshot, dimension: Int, options: GraphOptions = GraphOptions(),
        kernels: VectorKernels? = nil, isLinked: Bool = true
    ) throws {
        try self.init(unlinked: snapshot, dimension: dimension, options: options, kernels: kernels, isStored: false)
        if isLinked {
            link(rowsMax: .max)
            calibrate()
        }
    }

    /// - Parameter isStored: whether the vectors come from an index, and are to be taken bit by bit.
    convenience init(
        unlinked snapshot: VectorSnapshot, dimension: Int, options: GraphOptions, kernels: VectorKernels?,
        isStored: Bool
    ) throws {
        // A quarter more: the next inserts do not move the rows at once.
        try self.init(
            dimension: dimension, options: options, kernels: kernels,
            rowCapacity: snapshot.keys.count + snapshot.keys.count / 4)
        try load(snapshot, isStored: isStored)
    }

    private convenience init(
        dimension: Int, options: GraphOptions, kernels: VectorKernels?, rowCapacity: Int
    ) throws {
        let layout = try FlatIndex.layout(dimension, options.metric)
        try options.validate()
        let arena = GraphArena(
            layout: layout, linkWords: options.degree / 2, capacity: max(rowCapacity, 64))
        try self.init(state: GraphState(arena: arena), buried: [], options: options, kernels: kernels)
    }

    /// Reads an index from a file that ``save(to:change:)`` wrote.
    ///
    /// - Parameters:
    ///   - options: as for an empty index; the metric and the degree are the file's.
    /// - Returns: the index, ready to answer, and the change that it was saved with.
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/storageFailure``; ``StrataError/Code/corrupted`` for a
    ///   file that is damaged, cut off or not an index; ``StrataError/Code/unsupportedVersion``.
    public static func open(
        _ path: String, options: GraphOptions = GraphOptions(), kernels: VectorKernels? = nil
    ) throws -> (index: GraphIndex, change: Int64) {
        let file = try GraphFile.read(path)
        var options = options
        options.degree = file.state.arena.linkWords * 2
        options.metric = file.state.arena.layout.metric
        return (try GraphIndex(state: file.state, buried: file.buried, options: options, kernels: kernels), file.change)
    }

    /// Writes the index to a file, in place of one that is there. A crash leaves the old file or the new one.
    ///
    /// Searches go on meanwhile; changes wait.
    ///
    /// - Parameter change: the last change of the store that the index has taken in; ``open(_:options:kernels:)`` gives it
    ///   back, so that the index can catch up.
    /// - Throws: ``StrataError/Code/storageFailure``; a file that is there is then as it was.
    public func save(to path: String, change: Int64) throws {
        try writer.withLock { _ in try GraphFile.write(published.withLock { $0 }, change: change, to: path) }
    }

    private init(state: GraphState, buried: [UInt32], options: GraphOptions, kernels: VectorKernels?) throws {
        try options.validate()
        dimension = state.arena.layout.dimension
        self.options = options
        self.kernels = try kernels ?? .selected()
        scratches = ScratchPool()
        published = Mutex(state)
        writer = Mutex(
            GraphWriter(options: options, kernels: self.kernels, scratches: scratches, buried: buried))
    }

    /// How many vectors can be found.
    public var count: Int { published.withLock { $0.count } }

    /// How many of them have no links yet, so that every search scans them.
    public var unlinkedCount: Int { published.withLock { $0.tail.count } }

    /// The keys of all vectors, in no order.
    var keys: [RecordKey] { published.withLock { $0.locations }.all().map(\.key) }

    /// The bytes of all rows in use and of the key map.
    public var residentBytes: Int {
        published.withLock { state in
            state.arena.byteCount(rows: state.rowCount) + state.locations.byteCount
                + (state.tail.capacity + state.strays.capacity) * 4
        }
    }

    /// The effort of searches, and the recall that a sample had with it; a sample of 0 before the first calibration.
    public var calibration: GraphCalibration { published.withLock { $0.calibration } }

    /// Whether the graph was never calibrated, or as many rows have come since as it had: the effort that a recall needs
    /// grows with the graph.
    public var isCalibrationOld: Bool {
        published.withLock { $0.linkedCount > 0 && $0.addedSince >= $0.calibratedCount }
    }

    // MARK: - Changes

    /// Adds a vector, or replaces the one under the same key, and links it.
    ///
    /// - Parameters:
    ///   - vector: `dimension` finite components. For cosine not all 0, and scaled to unit length here; otherwise no
    ///     longer than 10¹⁸.
    ///   - tag: 0 through 7.
    /// - Throws: ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/invalidVector``,
    ///   ``StrataError/Code/invalidArgument`` for another tag.
    public func upsert(_ key: RecordKey, _ vector: [Float], tag: UInt8) throws {
        try upsert(key, vector, tag: tag, catchUp: 0)
    }

    /// Adds a vector, links it, and links so many of the rows that wait for it.
    func upsert(_ key: RecordKey, _ vector: [Float], tag: UInt8, catchUp: Int) throws {
        try kernels.checkDimension(vector.count, is: dimension)
        let factor = try kernels.storedFactor(of: vector, count: dimension, metric: options.metric)
        let bits = try tagBits(tag)
        write { writer, state in
            let waiting = state.tail.prefix(catchUp)
            let (row, old) = writer.append(key, vector, factor: factor, bits: bits, to: &state)
            // The old row of the key may have been the one that waited.
            writer.link(waiting.filter { !state.arena.isDead($0) } + [row], in: &state)
            if let old { writer.unlink([old], in: state) }
        }
    }

    /// Removes vectors and mends their neighbourhoods; keys that are not there are passed over.
    public func delete(_ keys: [RecordKey]) {
        write { writer, state in
            let linked = keys.compactMap { writer.remove($0, from: &state) }
            // When so many go that all rows are looked at anyway, that mends every neighbourhood.
            if !writer.needsCleanUp(state) { writer.unlink(linked, in: state) }
        }
    }

    /// Changes the layer tag of a vector; a key that is not there is passed over.
    ///
    /// - Parameter tag: 0 through 7; anything else is a programming error.
    public func setTag(_ tag: UInt8, of key: RecordKey) {
        precondition(tag < 8, "a layer tag is 0 through 7")
        write { _, state in
            guard let row = state.row(key) else { return }
            state.tagCounts[state.arena.tagBits(row).trailingZeroBitCount] -= 1
            state.tagCounts[Int(tag)] += 1
            state.arena.setTagBits(1 << tag, row)
        }
    }

    /// Links rows that wait for it, on ``GraphOptions/threadCount`` threads, and says how many still wait.
    ///
    /// Searches go on meanwhile; other changes wait. A call with a small `rowsMax` is a step of background work.
    @discardableResult
    public func link(rowsMax: Int) -> Int {
        guard rowsMax > 0, unlinkedCount > 0 else { return unlinkedCount }
        write { writer, state in
            if state.entries.isEmpty, let middle = middleOfTail(state) {
                // A walk that begins in the middle is short, and the first row keeps its place as the entry.
                state.tail.swapAt(0, middle)
            }
            writer.link(Array(state.tail.prefix(rowsMax)), in: &state)
        }
        return unlinkedCount
    }

    /// Where in the tail a row is that lies near the middle of the data.
    private func middleOfTail(_ state: GraphState) -> Int? {
        guard let centre = GraphWriter.centre(of: state, kernels: kernels) else { return nil }
        return scratches.with { scratch in
            let search = GraphSearch(
                state: state, kernels: kernels, exactRowsMax: .max, scratch: scratch, scratches: scratches)
            guard let hit = search.scan(centre, limit: 1).first, let row = state.row(hit.key) else { return nil }
            return state.tail.firstIndex(of: row)
        }
    }

    /// Makes the next state out of the current one.
    private func write(_ change: (inout GraphWriter, inout GraphState) -> Void) {
        writer.withLock { writer in
            var state = published.withLock { $0 }
            change(&writer, &state)
            writer.centerEntry(&state)
            if writer.needsCleanUp(state) { writer.cleanUp(&state) }
            state.version += 1
            // A swap, so that the old state is taken apart after the lock is free again.
            published.withLock { swap(&$0, &state) }
        }
    }

    /// Fills an empty index with rows that wait for their links.
    private func load(_ snapshot: VectorSnapshot, isStored: Bool) throws {
        try snapshot.validate(dimension: dimension)
        let factors = try snapshot.components.withUnsafeBufferPointer { components in
            try snapshot.keys.indices.map { row in
                // There are components: a row has at least one.
                isStored
                    ? 1
                    : try kernels.storedFactor(
                        of: components.baseAddress! + row * dimension, count: dimension, metric: options.metric)
            }
        }
        let bits = try snapshot.tags.map { try tagBits($0) }
        write { writer, state in
            state.locations.reserveCapacity(snapshot.keys.count)
            state.tail.reserveCapacity(snapshot.keys.count)
            snapshot.components.withUnsafeBufferPointer { components in
                for (row, key) in snapshot.keys.enumerated() {
                    _ = writer.append(
                        key, components.baseAddress! + row * dimension, factor: factors[row], bits: bits[row],
                        to: &state)
                }
            }
        }
    }

    // MARK: - Searches

    private var layout: RowLayout { RowLayout(dimension: dimension, metric: options.metric) }

    /// The vectors nearest to `query`, nearest first, with their exact scores.
    ///
    /// - Parameters:
    ///   - query: as a vector of ``upsert(_:_:tag:)``.
    ///   - limit: nothing is returned for 0 and less.
    ///   - filter: applied inside the walk.
    /// - Throws: ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/invalidVector``.
    public func search(_ query: [Float], limit: Int, filter: VectorFilter) throws -> [VectorHit] {
        let prepared = try PreparedQuery(query, layout: layout, kernels: kernels)
        return search { $0.hits(for: prepared, limit: limit, filter: filter) }
    }

    /// Answers several queries at once, each as ``search(_:limit:filter:)-swift.method`` would: their walks take turns, so
    /// that one computes while the rows of the others are on their way, and scans read the rows once for all.
    ///
    /// - Throws: as for one query; a bad query fails the whole call.
    public func search(_ queries: [[Float]], limit: Int, filter: VectorFilter) throws -> [[VectorHit]] {
        try search(queries, limit: limit, filter: filter, efSearch: nil)
    }

    /// The same with another effort than the calibrated one, for measuring; nil for the calibrated one.
    public func search(
        _ queries: [[Float]], limit: Int, filter: VectorFilter, efSearch: Int?
    ) throws -> [[VectorHit]] {
        let prepared = try queries.map { try PreparedQuery($0, layout: layout, kernels: kernels) }
        return search(efSearch: efSearch) { $0.hits(for: prepared, limit: limit, filter: filter) }
    }

    /// The same with another effort than the calibrated one, for measuring.
    ///
    /// - Parameter efSearch: how many candidates the walk keeps; raised to one and a half of `limit` when lower.
    public func search(
        _ query: [Float], limit: Int, filter: VectorFilter, efSearch: Int
    ) throws -> [VectorHit] {
        let prepared = try PreparedQuery(query, layout: layout, kernels: kernels)
        return search(efSearch: efSearch) { $0.hits(for: prepared, limit: limit, filter: filter) }
    }

    /// The exact scores of given keys; nil for a key that has no vector.
    public func scores(_ query: [Float], of keys: [RecordKey]) throws -> [Float?] {
        let vector = try kernels.comparable(query, layout)
        return search { search in keys.map { key in search.state.row(key).map { search.score($0, vector) } } }
    }

    /// The exact scores of at most `limit` vectors that stand for all of them, of every vector when there are no more.
    ///
    /// The sample is that of the keys whose hashes are lowest, in the order of the hashes.
    public func sampleScores(_ query: [Float], limit: Int) throws -> [Float] {
        let vector = try kernels.comparable(query, layout)
        return search { search in
            search.state.locations.sample(limit).map { search.score($0.row, vector) }
        }
    }

    /// Measures the recall of a sample of stored vectors and sets the effort of searches to the least that reaches
    /// ``GraphOptions/recallTarget``.
    ///
    /// Each vector of the sample is hidden from its own search, so that it is found by way of rows that were linked
    /// around it: somewhat harder than a query from outside, never easier. It takes an exact scan for each. Rows that no
    /// walk can reach are linked anew first, and scanned by every search from then on when that does not help.
    @discardableResult
    public func calibrate() -> GraphCalibration {
        write { writer, state in writer.gatherStrays(&state) }
        let found = search { GraphCalibrator(search: $0, target: options.recallTarget).run() }
        write { _, state in
            state.calibration = found
            state.calibratedCount = state.linkedCount
            state.addedSince = 0
        }
        return found
    }

    private func search<T>(efSearch: Int? = nil, _ body: (GraphSearch) throws -> T) rethrows -> T {
        var state = published.withLock { state in
            state.generation.enter()
            return state
        }
        let generation = state.generation
        defer { generation.leave() }
        if let efSearch {
            state.calibration = GraphCalibration(efSearch: max(1, efSearch), recall: 0, sampleCount: 0)
        }
        return try scratches.with { scratch in
            try body(
                GraphSearch(
                    state: state, kernels: kernels, exactRowsMax: options.exactRowsMax, scratch: scratch,
                    scratches: scratches))
        }
    }

    /// What tests look at: the links of every linked row, and the rows that are live.
    var audit: GraphAudit {
        writer.withLock { _ in GraphAudit(published.withLock { $0 }) }
    }
}
