internal import CVectorKernels
internal import StrataCore

/// Searches one state of a graph.
struct GraphSearch {
    let state: GraphState
    let kernels: VectorKernels
    let exactRowsMax: Int
    let scratch: WalkScratch
    let scratches: ScratchPool

    /// Rows scored at a time by a scan: their codes stay in the second-level cache.
    private static let blockRows = 256
    /// Above this share of rows that pass, a walk over all rows with a longer list beats one that steps over the others.
    private static let broadShare = 0.4
    /// Below this share steps over rows that fail lead too far: the exact score of each that passes is cheaper.
    private static let narrowShare = 0.02
    /// The fewest candidates scored with all their bits: what codes of one byte confuse is nearer than this.
    private static let rescoredMin = 30

    /// The nearest rows that pass, best first, equal scores in the order of their keys.
    ///
    /// - Parameter limit: at least 1.
    func hits(for query: PreparedQuery, limit: Int, filter: VectorFilter) -> [VectorHit] {
        let limit = min(limit, state.count)
        guard limit > 0 else { return [] }
        switch filter {
        case .none:
            if isExactCheaper(state.count, limit: limit) { return scan(query, limit: limit) }
            let found = walked(query, limit: limit, share: 1, filter: nil)
            return found.count < limit ? scan(query, limit: limit) : found
        case .tags(let bits):
            let passing = state.count(tags: bits)
            guard passing > 0 else { return [] }
            let limit = min(limit, passing)
            let share = Double(passing) / Double(state.count)
            if !isExactCheaper(passing, limit: limit) && share >= Self.narrowShare {
                let found = walked(query, limit: limit, share: share, filter: .tags(bits))
                if found.count == limit { return found }
            }
            return passing == state.count
                ? scan(query, limit: limit) : gather(query, rows: rows(tags: bits), limit: limit)
        case .keys(let keys):
            // To look up that many keys takes no longer than to walk.
            if !isExactCheaper(keys.count, limit: limit) {
                let filter = RowFilter.keys(KeySet(keys))
                let share = filter.estimatedShare(state)
                if share >= Self.narrowShare {
                    let found = walked(query, limit: limit, share: share, filter: filter)
                    if found.count == limit { return found }
                }
            }
            return gather(query, rows: rows(of: keys), limit: limit)
        case .predicate(let passes):
            let filter = RowFilter.predicate(passes)
            let share = isExactCheaper(state.count, limit: limit) ? 0 : filter.estimatedShare(state)
            if share >= Self.narrowShare, Double(limit) <= share * Double(state.count) / 8 {
                let found = walked(query, limit: limit, share: share, filter: filter)
                if found.count == limit { return found }
            }
            return scan(query, limit: limit, filter: filter)
        }
    }

    /// The exact score of a row.
    func score(_ row: UInt32, _ vector: [Float]) -> Float {
        let layout = state.arena.layout
        return kernels.score(vector, state.arena.vectors + Int(row) * layout.floatStride, layout)
    }

    /// A list of a length near the number of rows would have to find nearly all of them.
    func isExactCheaper(_ passing: Int, limit: Int) -> Bool {
        passing <= exactRowsMax || state.linkedCount == 0 || limit > passing / 8
    }

    // MARK: - By the graph

    /// The best that a walk finds, and the best of the rows without links; fewer than `limit` when the walk meets no
    /// more.
    ///
    /// - Parameters:
    ///   - share: how many of all rows pass; the list is as much longer when rows that fail take their places in it.
    ///   - filter: nil when all pass.
    private func walked(_ query: PreparedQuery, limit: Int, share: Double, filter: RowFilter?) -> [VectorHit] {
        let isBroad = share >= Self.broadShare
        let base = effort(limit: limit)
        // Stepping over rows finds paths that the graph was not built for: half as long again makes good for that.
        let ef = isBroad ? Int((Double(base) / share).rounded(.up)) : base + base / 2
        var walk = scratch.walk(rowLimit: state.rowCount, ef: ef)
        let rescoredMax = rescoredCount(limit: limit)
        func isWanted(_ row: UInt32) -> Bool { filter?.passes(row, state.arena) ?? true }
        let rows: [UInt32]
        if let filter, !isBroad {
            // What such a walk collects has passed already, but for the entries.
            rows = filter.withWalk(&walk, state.arena) { walk in
                walkedRows(&walk, query, isFiltered: true, count: rescoredMax) {
                    !state.entries.contains($0) || isWanted($0)
                }
            }
        } else {
            rows = walkedRows(&walk, query, isFiltered: false, count: rescoredMax, isWanted: isWanted)
        }
        return ranked(rows, query, limit: limit, isWanted: isWanted)
    }

    /// The length of an unfiltered walk's list.
    func effort(limit: Int) -> Int { max(state.calibration.efSearch, limit + limit / 2) }

    /// How many candidates of a walk are scored with all their bits.
    func rescoredCount(limit: Int) -> Int { max(Self.rescoredMin, 2 * limit) }

    /// The best of what a walk has found and of the rows that none finds.
    func ranked(
        _ rows: [UInt32], _ query: PreparedQuery, limit: Int, isWanted: (UInt32) -> Bool = { _ in true }
    ) -> [VectorHit] {
        let scanned = state.scanned
        if scanned.isEmpty { return rescored(rows, query, limit: limit) }
        return rescored(
            rows + candidates(among: scanned.filter(isWanted), query, limit: limit), query, limit: limit)
    }

    /// The first live rows of a walk that are wanted.
    func walkedRows(
        _ walk: inout vk_walk, _ query: PreparedQuery, isFiltered: Bool, count: Int, isWanted: (UInt32) -> Bool
    ) -> [UInt32] {
        var graph = state.graph
        return query.codes.withUnsafeBufferPointer { codes in
            state.entries.withUnsafeBufferPointer { entries in
                walk.query = codes.baseAddress
                walk.query_scale = query.quantization.scale
                walk.entries = entries.baseAddress
                walk.entry_count = entries.count
                let table = kernels.table.pointee
                let found = isFiltered ? table.walk_filtered(&graph, &walk) : table.walk(&graph, &walk)
                return liveRows(walk, found: found, count: count, isWanted: isWanted)
            }
        }
    }

    /// The first live rows of a finished walk that are wanted.
    func liveRows(_ walk: vk_walk, found: Int, count: Int, isWanted: (UInt32) -> Bool) -> [UInt32] {
        var rows: [UInt32] = []
        rows.reserveCapacity(min(found, count))
        for place in 0..<found where rows.count < count {
            let row = walk.pool[place].row
            if state.arena.isLive(row, version: state.version) && isWanted(row) { rows.append(row) }
        }
        return rows
    }

    /// The best of the rows by their exact scores.
    func rescored(_ rows: [UInt32], _ query: PreparedQuery, limit: Int) -> [VectorHit] {
        let layout = state.arena.layout
        let isDistance = layout.metric == .l2
        let numbers = [Double](unsafeUninitializedCapacity: rows.count) { buffer, count in
            guard let out = buffer.baseAddress else { return }
            let table = kernels.table.pointee
            let gather = isDistance ? table.gather_distance_wide : table.gather_wide
            // Every table has every kernel.
            gather!(query.vector, state.arena.vectors, layout.floatStride, rows, rows.count, layout.dimension, out)
            count = rows.count
        }
        var hits = zip(rows, numbers).map {
            VectorHit(key: state.arena.key($0), score: Float(isDistance ? -$1 : $1))
        }
        hits.sort { ($1.score, $0.key) < ($0.score, $1.key) }
        return Array(hits.prefix(limit))
    }

    // MARK: - By exact scores

    /// The exact answer over all rows that pass; asked are only those that are near enough.
    func scan(_ query: PreparedQuery, limit: Int, filter: RowFilter? = nil) -> [VectorHit] {
        scan([query], limit: limit, filter: filter)[0]
    }

    /// The exact answers to several queries in one pass over the rows.
    func scan(_ queries: [PreparedQuery], limit: Int, filter: RowFilter? = nil) -> [[VectorHit]] {
        let arena = state.arena
        let stride = arena.layout.codeStride
        var sets = queries.map { _ in CandidateSet(limit: limit) }
        let codes = queries.flatMap(\.codes)
        var dots = [Int32](repeating: 0, count: Self.blockRows * queries.count)
        for first in Swift.stride(from: 0, to: state.rowCount, by: Self.blockRows) {
            let count = min(Self.blockRows, state.rowCount - first)
            kernels.table.pointee.batch_i8(
                codes, stride, queries.count, arena.codes + first * stride, stride, count, stride, &dots)
            dots.withUnsafeBufferPointer { dots in
                for (place, query) in queries.enumerated() {
                    offer(
                        // A block has at least one row.
                        dots.baseAddress! + place * count, scales: arena.scales + first, errors: arena.errors + first,
                        lengths: arena.layout.hasLengths ? arena.lengths + first : nil, count: count, query,
                        to: &sets[place]
                    ) { position in
                        let row = UInt32(first + position)
                        guard arena.isLive(row, version: state.version) else { return nil }
                        return filter?.passes(row, arena) ?? true ? row : nil
                    }
                }
            }
        }
        return zip(queries, sets).map { exactHits($1, $0, limit: limit) }
    }

    /// The exact answer over the given rows, each of which comes once.
    private func gather(_ query: PreparedQuery, rows: [UInt32], limit: Int) -> [VectorHit] {
        exactHits(candidateSet(among: rows, query, limit: limit), query, limit: limit)
    }

    /// The rows that may be among the `limit` best of the given ones.
    func candidates(among rows: [UInt32], _ query: PreparedQuery, limit: Int) -> [UInt32] {
        candidateSet(among: rows, query, limit: limit).ranked().map(\.location.row)
    }

    private func candidateSet(among rows: [UInt32], _ query: PreparedQuery, limit: Int) -> CandidateSet {
        let arena = state.arena
        let stride = arena.layout.codeStride
        var set = CandidateSet(limit: limit)
        var dots = [Int32](repeating: 0, count: Self.blockRows)
        var scales = [Float](repeating: 0, count: Self.blockRows)
        var (errors, lengths) = (scales, scales)
        rows.withUnsafeBufferPointer { rows in
            for first in Swift.stride(from: 0, to: rows.count, by: Self.blockRows) {
                // There are rows: the range is not empty.
                let block = rows.baseAddress! + first
                let count = min(Self.blockRows, rows.count - first)
                kernels.table.pointee.gather_i8(query.codes, arena.codes, stride, block, count, stride, &dots)
                for position in 0..<count {
                    scales[position] = arena.scales[Int(block[position])]
                    errors[position] = arena.errors[Int(block[position])]
                    if arena.layout.hasLengths { lengths[position] = arena.lengths[Int(block[position])] }
                }
                lengths.withUnsafeBufferPointer { lengths in
                    offer(
                        dots, scales: scales, errors: errors,
                        lengths: arena.layout.hasLengths ? lengths.baseAddress : nil, count: count, query, to: &set
                    ) { position in
                        arena.isLive(block[position], version: state.version) ? block[position] : nil
                    }
                }
            }
        }
        return set
    }

    private static let everyBit = [UInt8](repeating: 1, count: blockRows)

    /// Offers those of a block's rows that the set can use.
    private func offer(
        _ dots: UnsafePointer<Int32>, scales: UnsafePointer<Float>, errors: UnsafePointer<Float>,
        lengths: UnsafePointer<Float>?,
        count: Int, _ query: PreparedQuery, to set: inout CandidateSet, liveRow: (Int) -> UInt32?
    ) {
        let bound = query.bound(threshold: set.threshold, wantedBits: 1)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.blockRows) { kept in
            // The capacity is not 0.
            let keptCount = kernels.table.pointee.select_rows(
                dots, scales, errors, lengths, Self.everyBit, count, bound, kept.baseAddress!)
            for index in 0..<keptCount {
                let position = Int(kept[index])
                guard let row = liveRow(position) else { continue }
                let estimate = query.estimate(
                    dot: dots[position], scale: scales[position], error: errors[position],
                    rowLength: lengths?[position])
                set.offer(Location(segment: 0, row: row), score: estimate.score, error: estimate.error)
            }
        }
    }

    private func exactHits(_ set: CandidateSet, _ query: PreparedQuery, limit: Int) -> [VectorHit] {
        var hits: [VectorHit] = []
        var best = HighestNumbers(limit: limit)
        for candidate in set.ranked() {
            // The rest promise less than what the `limit` best have already.
            if candidate.upper < query.estimate(ofExact: best.threshold) { break }
            let score = score(candidate.location.row, query.vector)
            guard score >= best.threshold else { continue }
            best.offer(score)
            hits.append(VectorHit(key: state.arena.key(candidate.location.row), score: score))
        }
        hits.sort { ($1.score, $0.key) < ($0.score, $1.key) }
        return Array(hits.prefix(limit))
    }

    // MARK: - Filters

    /// The rows of the keys that have one, each once, in ascending order.
    private func rows(of keys: [RecordKey]) -> [UInt32] {
        var rows = keys.compactMap { state.row($0) }
        rows.sort()
        var uniqueCount = 0
        for row in rows where uniqueCount == 0 || rows[uniqueCount - 1] != row {
            rows[uniqueCount] = row
            uniqueCount += 1
        }
        rows.removeSubrange(uniqueCount...)
        return rows
    }

    /// The rows with one of the tags, dead ones included.
    private func rows(tags bits: UInt8) -> [UInt32] {
        let wanted = UInt64(bits) &* 0x0101_0101_0101_0101
        var rows: [UInt32] = []
        rows.reserveCapacity(state.count(tags: bits) + 64)
        for word in 0..<(state.rowCount + 7) / 8 {
            var passing = vk_load(state.arena.tagWords + word) & wanted
            while passing != 0 {
                let row = word * 8 + passing.trailingZeroBitCount / 8
                if row < state.rowCount { rows.append(UInt32(row)) }
                // A row may have one bit only, so that clearing the lowest one goes on to the next row.
                passing &= passing - 1
            }
        }
        return rows
    }
}
