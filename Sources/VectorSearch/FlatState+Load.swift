internal import StrataCore

extension FlatState {
    /// Adds all rows of a snapshot to a state that is empty.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument``, ``StrataError/Code/dimensionMismatch``,
    ///   ``StrataError/Code/invalidVector``; the state is then of no use.
    mutating func load(_ snapshot: VectorSnapshot, kernels: VectorKernels) throws {
        let dimension = layout.dimension
        let rowCount = snapshot.keys.count
        guard snapshot.tags.count == rowCount else {
            throw StrataError(
                .invalidArgument, "snapshot has \(snapshot.tags.count) tags for \(rowCount) keys, expected one for each"
            )
        }
        guard snapshot.components.count == rowCount * dimension else {
            throw StrataError(
                .dimensionMismatch,
                """
                snapshot has \(snapshot.components.count) components for \(rowCount) vectors, expected \(dimension) \
                for each; read it from the embedding space of the index
                """)
        }
        reserveCapacity(rowCount)
        try snapshot.components.withUnsafeBufferPointer { components in
            for row in 0..<rowCount {
                guard row == 0 || snapshot.keys[row - 1] < snapshot.keys[row] else {
                    throw StrataError(
                        .invalidArgument, "key at position \(row) of the snapshot is not above the one before it")
                }
                // There are components: a row has at least one.
                let vector = components.baseAddress! + row * dimension
                upsert(
                    snapshot.keys[row], vector, factor: try kernels.unitFactor(of: vector, count: dimension),
                    bits: try tagBits(snapshot.tags[row]), kernels: kernels)
            }
        }
    }
}
