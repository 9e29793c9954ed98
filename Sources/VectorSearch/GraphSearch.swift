internal import CVectorKernels
internal import StrataCore

/// Searches one state of a graph.
struct GraphSearch {
    let state: GraphState
    let kernels: VectorKernels
    let exactRowsMax: Int
    let scratch: WalkScratch

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
            let found = walked(query, limit: limit, share: 1) { _ in }
            return found.count < limit ? scan(query, limit: limit) : found
        case .tags(let bits):
            let passing = state.count(tags: bits)
            guard passing > 0 else { return [] }
            let limit = min(limit, passing)
            let share = Double(passing) / Double(state.count)
            if !isExactCheaper(passing, limit: limit) && share >= Self.narrowShare {
                let found = walked(query, limit: limit, share: share) { walk in
                    walk.tag_bits = UnsafePointer(state.arena.tagWords)
                    walk.wanted_bits = bits
                }
                if found.count == limit { return found }
            }
            return passing == state.count
                ? scan(query, limit: limit) : gather(query, rows: rows(tags: bits), limit: limit)
        case .keys(let keys):
            let rows = rows(of: keys)
            let limit = min(limit, rows.count)
            guard limit > 0 else { return [] }
            let share = Double(rows.count) / Double(state.count)
            if !isExactCheaper(rows.count, limit: limit) && share >= Self.narrowShare {
                var allowed = [UInt64](repeating: 0, count: (state.rowCount + 63) / 64)
                for row in rows { allowed[Int(row >> 6)] |= 1 << UInt64(row & 63) }
                let found = allowed.withUnsafeBufferPointer { allowed in
                    walked(query, limit: limit, share: share) { $0.allowed = allowed.baseAddress }
                }
                if found.count == limit { return found }
            }
            return gather(query, rows: rows, limit: limit)
        }
    }

    /// The exact score of a row.
    func score(_ row: UInt32, _ vector: [Float]) -> Float {
        Float(
            kernels.table.pointee.dot_wide(
                vector, state.arena.vectors + Int(row) * state.arena.layout.floatStride,
                state.arena.layout.dimension))
    }

    /// A list of a length near the number of rows would have to find nearly all of them.
    private func isExactCheaper(_ passing: Int, limit: Int) -> Bool {
        passing <= exactRowsMax || state.linkedCount == 0 || limit > passing / 8
    }

    // MARK: - By the graph

    /// The best that a walk finds, and the best of the rows without links; fewer than `limit` when the walk meets no
    /// more.
    ///
    /// - Parameters:
    ///   - share: how many of all rows pass; the list is as much longer when rows that fail take their places in it.
    ///   - setFilter: sets the walk's filter when `share` is below 1.
    private func walked(
        _ query: PreparedQuery, limit: Int, share: Double, setFilter: (inout vk_walk) -> Void
    ) -> [VectorHit] {
        let isBroad = share >= Self.broadShare
        let base = max(state.calibration.efSearch, limit + limit / 2)
        // Stepping over rows finds paths that the graph was not built for: half as long again makes good for that.
        let ef = isBroad ? Int((Double(base) / share).rounded(.up)) : base + base / 2
        var walk = scratch.walk(rowLimit: state.rowCount, ef: ef)
        setFilter(&walk)
        let rescoredMax = max(Self.rescoredMin, 2 * limit)
        let filter = walk
        var rows = walkedRows(&walk, query, isFiltered: !isBroad, count: rescoredMax) { row in
            share == 1 || passes(row, filter)
        }
        let scanned = state.scanned
        if !scanned.isEmpty {
            let passing = share == 1 ? scanned : scanned.filter { passes($0, filter) }
            rows += candidates(among: passing, query, limit: limit)
        }
        return rescored(rows, query, limit: limit)
    }

    /// The first live rows of a walk that are wanted.
    func walkedRows(
        _ walk: inout vk_walk, _ query: PreparedQuery, isFiltered: Bool, count: Int, isWanted: (UInt32) -> Bool
    ) -> [UInt32] {
        var graph = state.arena.graph
        return query.codes.withUnsafeBufferPointer { codes in
            state.entries.withUnsafeBufferPointer { entries in
                walk.query = codes.baseAddress
                walk.query_scale = query.quantization.scale
                walk.entries = entries.baseAddress
                walk.entry_count = entries.count
                let table = kernels.table.pointee
                let found = isFiltered ? table.walk_filtered(&graph, &walk) : table.walk(&graph, &walk)
                var rows: [UInt32] = []
                rows.reserveCapacity(min(found, count))
                for place in 0..<found where rows.count < count {
                    let row = walk.pool[place].row
                    if state.arena.isLive(row, version: state.version) && isWanted(row) { rows.append(row) }
                }
                return rows
            }
        }
    }

    private func passes(_ row: UInt32, _ walk: vk_walk) -> Bool {
        if walk.tag_bits != nil { return state.arena.tagBits(row) & walk.wanted_bits != 0 }
        return walk.allowed[Int(row >> 6)] >> UInt64(row & 63) & 1 == 1
    }

    /// The best of the rows by their exact scores.
    func rescored(_ rows: [UInt32], _ query: PreparedQuery, limit: Int) -> [VectorHit] {
        let scores = [Double](unsafeUninitializedCapacity: rows.count) { buffer, count in
            guard let out = buffer.baseAddress else { return }
            kernels.table.pointee.gather_wide(
                query.vector, state.arena.vectors, state.arena.layout.floatStride, rows, rows.count,
                state.arena.layout.dimension, out)
            count = rows.count
        }
        var hits = zip(rows, scores).map { VectorHit(key: state.arena.key($0), score: Float($1)) }
        hits.sort { ($1.score, $0.key) < ($0.score, $1.key) }
        return Array(hits.prefix(limit))
    }

    // MARK: - By exact scores

    /// The exact answer over all rows.
    func scan(_ query: PreparedQuery, limit: Int) -> [VectorHit] {
        let arena = state.arena
        let stride = arena.layout.codeStride
        var set = CandidateSet(limit: limit)
        var dots = [Int32](repeating: 0, count: Self.blockRows)
        for first in Swift.stride(from: 0, to: state.rowCount, by: Self.blockRows) {
            let count = min(Self.blockRows, state.rowCount - first)
            kernels.table.pointee.rows_i8(
                query.codes, arena.codes + first * stride, stride, count, stride, &dots)
            offer(
                dots, scales: arena.scales + first, errors: arena.errors + first, count: count, query, to: &set
            ) { position in
                let row = UInt32(first + position)
                return arena.isLive(row, version: state.version) ? row : nil
            }
        }
        return exactHits(set, query, limit: limit)
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
        var errors = scales
        rows.withUnsafeBufferPointer { rows in
            for first in Swift.stride(from: 0, to: rows.count, by: Self.blockRows) {
                // There are rows: the range is not empty.
                let block = rows.baseAddress! + first
                let count = min(Self.blockRows, rows.count - first)
                kernels.table.pointee.gather_i8(query.codes, arena.codes, stride, block, count, stride, &dots)
                for position in 0..<count {
                    scales[position] = arena.scales[Int(block[position])]
                    errors[position] = arena.errors[Int(block[position])]
                }
                offer(dots, scales: scales, errors: errors, count: count, query, to: &set) { position in
                    arena.isLive(block[position], version: state.version) ? block[position] : nil
                }
            }
        }
        return set
    }

    private static let everyBit = [UInt8](repeating: 1, count: blockRows)

    /// Offers those of a block's rows that the set can use.
    private func offer(
        _ dots: [Int32], scales: UnsafePointer<Float>, errors: UnsafePointer<Float>, count: Int,
        _ query: PreparedQuery, to set: inout CandidateSet, liveRow: (Int) -> UInt32?
    ) {
        let bound = vk_bound(
            query_scale: query.quantization.scale, error_factor: query.errorFactor, slack: query.slack,
            threshold: set.threshold, wanted_bits: 1)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.blockRows) { kept in
            // The capacity is not 0.
            let keptCount = kernels.table.pointee.select_rows(
                dots, scales, errors, Self.everyBit, count, bound, kept.baseAddress!)
            for index in 0..<keptCount {
                let position = Int(kept[index])
                guard let row = liveRow(position) else { continue }
                set.offer(
                    Location(segment: 0, row: row),
                    score: Float(dots[position]) * (scales[position] * query.quantization.scale),
                    error: errors[position] * query.errorFactor + query.slack)
            }
        }
    }

    private func exactHits(_ set: CandidateSet, _ query: PreparedQuery, limit: Int) -> [VectorHit] {
        var hits: [VectorHit] = []
        var best = HighestNumbers(limit: limit)
        for candidate in set.ranked() {
            // The rest promise less than what the `limit` best have already.
            if candidate.upper < best.threshold { break }
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
