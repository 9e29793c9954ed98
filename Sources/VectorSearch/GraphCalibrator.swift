internal import CVectorKernels
internal import StrataCore

/// Chooses the effort of searches by measuring recall.
struct GraphCalibrator {
    let search: GraphSearch
    let target: Double

    private static let sampleMax = 200
    private static let limit = 10
    /// The efforts that are tried; between one and the next the cost grows by a sixth to a third.
    private static let efforts = [
        16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1024,
    ]

    private struct Sample {
        let row: UInt32
        let query: PreparedQuery
        let nearest: Set<RecordKey>
        /// The best of the rows without links.
        let waiting: [UInt32]
    }

    /// The least effort whose recall reaches the target, or the largest.
    func run() -> GraphCalibration {
        let (state, layout) = (search.state, search.state.arena.layout)
        let scanned = state.scanned
        let unlinked = Set(scanned)
        let rows = state.locations.sample(Self.sampleMax).map(\.row).filter { !unlinked.contains($0) }
        guard state.linkedCount > Self.limit, !rows.isEmpty else { return state.calibration }
        let samples = rows.compactMap { row -> Sample? in
            let vector = state.arena.vectors + Int(row) * layout.floatStride
            guard
                let query = try? PreparedQuery(
                    Array(UnsafeBufferPointer(start: vector, count: layout.dimension)), layout: layout,
                    kernels: search.kernels)
            else { return nil }
            let key = state.arena.key(row)
            let nearest = search.scan(query, limit: Self.limit + 1).map(\.key).filter { $0 != key }
            return Sample(
                row: row, query: query, nearest: Set(nearest.prefix(Self.limit)),
                waiting: search.candidates(among: scanned, query, limit: Self.limit))
        }
        var recall = 0.0
        for ef in Self.efforts {
            let found = samples.reduce(0) { sum, sample in
                var walk = search.scratch.walk(rowLimit: state.rowCount, ef: ef)
                walk.skipped_row = sample.row
                let rows = search.walkedRows(&walk, sample.query, isFiltered: false, count: 30) { _ in true }
                // The walk's own order would do for the candidates, but what searches return is in the exact order.
                let keys = search.rescored(rows + sample.waiting, sample.query, limit: Self.limit + 1).map(\.key)
                return sum + sample.nearest.intersection(keys).count
            }
            recall = Double(found) / Double(samples.reduce(0) { $0 + $1.nearest.count })
            if recall >= target {
                return GraphCalibration(efSearch: ef, recall: recall, sampleCount: samples.count)
            }
        }
        // The list of efforts is not empty.
        return GraphCalibration(efSearch: Self.efforts.last!, recall: recall, sampleCount: samples.count)
    }
}
