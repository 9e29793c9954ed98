internal import StrataCore

extension FlatState {
    /// Adds all rows of a snapshot to a state that is empty.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument``, ``StrataError/Code/dimensionMismatch``,
    ///   ``StrataError/Code/invalidVector``; the state is then of no use.
    mutating func load(_ snapshot: VectorSnapshot, kernels: VectorKernels) throws {
        let (dimension, rowCount) = (layout.dimension, snapshot.keys.count)
        try snapshot.validate(dimension: dimension)
        reserveCapacity(rowCount)
        try snapshot.components.withUnsafeBufferPointer { components in
            for row in 0..<rowCount {
                // There are components: a row has at least one.
                let vector = components.baseAddress! + row * dimension
                upsert(
                    snapshot.keys[row], vector,
                    factor: try kernels.storedFactor(of: vector, count: dimension, metric: layout.metric),
                    bits: try tagBits(snapshot.tags[row]), kernels: kernels)
            }
        }
    }
}

extension VectorSnapshot {
    /// Refuses a snapshot whose parts do not fit together; the vectors and tags themselves are not looked at.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument``, ``StrataError/Code/dimensionMismatch``.
    func validate(dimension: Int) throws {
        guard tags.count == keys.count else {
            throw StrataError(
                .invalidArgument, "snapshot has \(tags.count) tags for \(keys.count) keys, expected one for each")
        }
        guard components.count == keys.count * dimension else {
            throw StrataError(
                .dimensionMismatch,
                """
                snapshot has \(components.count) components for \(keys.count) vectors, expected \(dimension) \
                for each; read it from the embedding space of the index
                """)
        }
        for row in keys.indices.dropFirst() where keys[row - 1] >= keys[row] {
            throw StrataError(
                .invalidArgument, "key at position \(row) of the snapshot is not above the one before it")
        }
    }
}
