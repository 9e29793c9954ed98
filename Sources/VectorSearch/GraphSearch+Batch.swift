internal import CVectorKernels
internal import StrataCore

extension GraphSearch {
    /// Walks that take turns: enough for the codes of one to arrive while the others compute.
    private static let walksMax = 4
    /// Queries that share one pass over the rows.
    private static let scannedMax = 64

    /// The answer to each query, as ``hits(for:limit:filter:)-swift.method`` gives it.
    func hits(for queries: [PreparedQuery], limit: Int, filter: VectorFilter) -> [[VectorHit]] {
        guard case .none = filter else { return queries.map { hits(for: $0, limit: limit, filter: filter) } }
        let limit = min(limit, state.count)
        guard limit > 0 else { return queries.map { _ in [] } }
        let isExact = isExactCheaper(state.count, limit: limit)
        return groups(of: queries, count: isExact ? Self.scannedMax : Self.walksMax).flatMap { group in
            if isExact { return scan(group, limit: limit) }
            return zip(group, walked(group, limit: limit)).map { query, found in
                found.count < limit ? scan(query, limit: limit) : found
            }
        }
    }

    private func groups(of queries: [PreparedQuery], count: Int) -> [[PreparedQuery]] {
        stride(from: 0, to: queries.count, by: count).map { Array(queries[$0..<min($0 + count, queries.count)]) }
    }

    /// What the walks of a few queries find without a filter.
    private func walked(_ queries: [PreparedQuery], limit: Int) -> [[VectorHit]] {
        withScratches(queries.count) { scratches in
            var graph = state.graph
            let ef = effort(limit: limit)
            var walks = scratches.map { $0.walk(rowLimit: state.rowCount, ef: ef) }
            var found = [Int](repeating: 0, count: queries.count)
            // One array holds the codes of all, so that their addresses last as long as the walks.
            let codes = queries.flatMap(\.codes)
            codes.withUnsafeBufferPointer { codes in
                state.entries.withUnsafeBufferPointer { entries in
                    for place in walks.indices {
                        walks[place].query = codes.baseAddress.map { $0 + place * state.arena.layout.codeStride }
                        walks[place].query_scale = queries[place].quantization.scale
                        walks[place].entries = entries.baseAddress
                        walks[place].entry_count = entries.count
                    }
                    kernels.table.pointee.walk_batch(&graph, &walks, walks.count, &found)
                }
            }
            return queries.indices.map { place in
                ranked(
                    liveRows(walks[place], found: found[place], count: rescoredCount(limit: limit)) { _ in true },
                    queries[place], limit: limit)
            }
        }
    }

    private func withScratches<T>(_ count: Int, _ body: ([WalkScratch]) -> T) -> T {
        func take(_ taken: [WalkScratch]) -> T {
            taken.count == count ? body(taken) : scratches.with { take(taken + [$0]) }
        }
        return take([])
    }
}
