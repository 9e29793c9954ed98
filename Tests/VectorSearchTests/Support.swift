import StrataCore
import StrataTesting

/// A snapshot of random vectors under the keys 0, 1, 2, …, with tags 0, 1, 2 in turn.
func randomSnapshot(seed: UInt64, count: Int, dimension: Int) -> VectorSnapshot {
    var random = SeededGenerator(seed: seed)
    return VectorSnapshot(
        change: 1, keys: (0..<count).map { RecordKey($0) }, tags: (0..<count).map { UInt8($0 % 3) },
        components: random.vector(dimension: count * dimension))
}

/// The oracle with the vectors of a snapshot.
func oracle(of snapshot: VectorSnapshot, dimension: Int) throws -> BruteForceOracle {
    let oracle = BruteForceOracle(dimension: dimension)
    for (row, key) in snapshot.keys.enumerated() {
        let vector = Array(snapshot.components[row * dimension..<(row + 1) * dimension])
        try oracle.upsert(key, vector, tag: snapshot.tags[row])
    }
    return oracle
}
