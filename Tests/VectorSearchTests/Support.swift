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

/// Vectors around random middles, as texts lie around topics: under the keys 0, 1, 2, … with tags 0 through 7 in turn.
func clusteredSnapshot(seed: UInt64, count: Int, dimension: Int, clusterCount: Int = 40) -> VectorSnapshot {
    var random = SeededGenerator(seed: seed)
    let middles = (0..<clusterCount).map { _ in random.vector(dimension: dimension) }
    let components = (0..<count).flatMap { _ in
        clusteredVector(middles, dimension: dimension, &random)
    }
    return VectorSnapshot(
        change: 1, keys: (0..<count).map { RecordKey($0) }, tags: (0..<count).map { UInt8($0 % 8) },
        components: components)
}

func clusteredVector(_ middles: [[Float]], dimension: Int, _ random: inout SeededGenerator) -> [Float] {
    let middle = middles[Int.random(in: 0..<middles.count, using: &random)]
    return zip(middle, random.vector(dimension: dimension)).map { $0 + 0.8 * $1 }
}

extension VectorSnapshot {
    func vector(_ row: Int, dimension: Int) -> [Float] {
        Array(components[row * dimension..<(row + 1) * dimension])
    }
}

/// The share of the true nearest 10 that an index finds.
func recall(
    of index: any VectorIndex, against truth: any VectorIndex, queries: [[Float]], filter: VectorFilter = .none
) throws -> Double {
    var (found, wanted) = (0, 0)
    for query in queries {
        let expected = Set(try truth.search(query, limit: 10, filter: filter).map(\.key))
        found += expected.intersection(try index.search(query, limit: 10, filter: filter).map(\.key)).count
        wanted += expected.count
    }
    return Double(found) / Double(wanted)
}
