internal import CVectorKernels
internal import StrataCore

/// Searches one state of a flat index.
struct FlatScan {
    let state: FlatState
    let kernels: VectorKernels

    /// Rows scored at a time: their codes stay in the second-level cache while the queries take turns.
    private static let blockRows = 256
    /// From one key for so many rows on, passing over all rows is faster than looking the keys up.
    private static let scannedShare = 6
    /// Queries that share one pass over the rows.
    private static let queriesMax = 64

    /// The exact answer to each query, nearest first, equal scores in the order of their keys.
    ///
    /// - Parameter limit: at least 1.
    func hits(for queries: [PreparedQuery], limit: Int, filter: VectorFilter) -> [[VectorHit]] {
        let limit = min(limit, state.count)
        guard limit > 0 else { return queries.map { _ in [] } }
        return stride(from: 0, to: queries.count, by: Self.queriesMax).flatMap { first in
            let group = Array(queries[first..<min(first + Self.queriesMax, queries.count)])
            var sets = group.map { _ in CandidateSet(limit: limit) }
            switch filter {
            case .none: scan(group, wantedBits: .max, into: &sets)
            case .tags(let bits): scan(group, wantedBits: bits, into: &sets)
            case .keys(let keys) where keys.count > state.count / Self.scannedShare:
                let wanted = KeySet(keys)
                scan(group, wantedBits: .max, isWanted: { wanted.contains($0) }, into: &sets)
            case .keys(let keys): gather(group, rows: locations(of: keys), into: &sets)
            case .predicate(let passes): scan(group, wantedBits: .max, isWanted: passes, into: &sets)
            }
            return zip(group, sets).map { rescore($1, for: $0, limit: limit) }
        }
    }

    /// The exact score of a row.
    func score(_ location: Location, _ vector: [Float]) -> Float {
        // A location of this state names a segment of this state.
        let storage = state.segments[Int(location.segment)]!.storage
        return kernels.score(vector, storage.vector(Int(location.row)), state.layout)
    }

    /// Offers every live row with a wanted bit to each query's set; rows that are near enough are asked for by key too.
    private func scan(
        _ queries: [PreparedQuery], wantedBits: UInt8, isWanted: ((RecordKey) -> Bool)? = nil,
        into sets: inout [CandidateSet]
    ) {
        let stride = state.layout.codeStride
        let codes = queries.flatMap(\.codes)
        var dots = [Int32](repeating: 0, count: Self.blockRows * queries.count)
        var kept = [UInt32](repeating: 0, count: Self.blockRows)
        for (index, segment) in state.segments.enumerated() {
            guard let segment else { continue }
            let storage = segment.storage
            for first in Swift.stride(from: 0, to: segment.bits.count, by: Self.blockRows) {
                let count = min(Self.blockRows, segment.bits.count - first)
                kernels.table.pointee.batch_i8(
                    codes, stride, queries.count, storage.codes + first * stride, stride, count, stride, &dots)
                for (q, query) in queries.enumerated() {
                    let bound = query.bound(threshold: sets[q].threshold, wantedBits: wantedBits)
                    let keptCount = dots.withUnsafeBufferPointer { dots in
                        segment.bits.withUnsafeBufferPointer { bits in
                            // Neither array is empty: a block has at least one row.
                            kernels.table.pointee.select_rows(
                                dots.baseAddress! + q * count, storage.scales + first, storage.errors + first,
                                storage.lengths.map { $0 + first }, bits.baseAddress! + first, count, bound, &kept)
                        }
                    }
                    for row in kept[..<keptCount] {
                        if let isWanted, !isWanted(storage.keys[first + Int(row)]) { continue }
                        let location = Location(segment: UInt32(index), row: UInt32(first) + row)
                        offer(location, dot: dots[q * count + Int(row)], of: query, to: &sets[q], storage)
                    }
                }
            }
        }
    }

    /// Offers the given rows to each query's set.
    ///
    /// - Parameter rows: each row once, in the order of their segments.
    private func gather(_ queries: [PreparedQuery], rows: [Location], into sets: inout [CandidateSet]) {
        let stride = state.layout.codeStride
        var dots = [Int32](repeating: 0, count: Self.blockRows)
        var first = 0
        while first < rows.count {
            let segment = rows[first].segment
            let end = rows[first..<min(first + Self.blockRows, rows.count)].prefix { $0.segment == segment }.endIndex
            let list = rows[first..<end].map(\.row)
            // A location of this state names a segment of this state.
            let storage = state.segments[Int(segment)]!.storage
            for (q, query) in queries.enumerated() {
                kernels.table.pointee.gather_i8(
                    query.codes, storage.codes, stride, list, list.count, stride, &dots)
                for (position, row) in list.enumerated() {
                    offer(
                        Location(segment: segment, row: row), dot: dots[position], of: query, to: &sets[q], storage)
                }
            }
            first = end
        }
    }

    private func offer(
        _ location: Location, dot: Int32, of query: PreparedQuery, to set: inout CandidateSet,
        _ storage: SegmentStorage
    ) {
        let row = Int(location.row)
        let estimate = query.estimate(
            dot: dot, scale: storage.scales[row], error: storage.errors[row], rowLength: storage.lengths?[row])
        set.offer(location, score: estimate.score, error: estimate.error)
    }

    /// The rows of the keys that have one, each once, in the order in which they lie in memory.
    private func locations(of keys: [RecordKey]) -> [Location] {
        var found = keys.compactMap { state.locations[$0] }
        found.sort { ($0.segment, $0.row) < ($1.segment, $1.row) }
        var uniqueCount = 0
        for location in found where uniqueCount == 0 || found[uniqueCount - 1] != location {
            found[uniqueCount] = location
            uniqueCount += 1
        }
        found.removeSubrange(uniqueCount...)
        return found
    }

    /// The exact best of a query's candidates.
    private func rescore(_ set: CandidateSet, for query: PreparedQuery, limit: Int) -> [VectorHit] {
        var hits: [VectorHit] = []
        var best = HighestNumbers(limit: limit)
        for candidate in set.ranked() {
            // The rest promise less than what the `limit` best have already.
            if candidate.upper < query.estimate(ofExact: best.threshold) { break }
            let score = score(candidate.location, query.vector)
            guard score >= best.threshold else { continue }
            best.offer(score)
            let storage = state.segments[Int(candidate.location.segment)]!.storage
            hits.append(VectorHit(key: storage.keys[Int(candidate.location.row)], score: score))
        }
        hits.sort { ($1.score, $0.key) < ($0.score, $1.key) }
        return Array(hits.prefix(limit))
    }
}
