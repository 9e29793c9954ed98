public import StrataCore

/// What a conformance suite found wrong.
public struct ConformanceFailure: Error, CustomStringConvertible {
    /// Which rule was broken, where, and how.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// The rules that every ``VectorIndex`` keeps, as checks against a ``BruteForceOracle``.
///
/// An exact index is held to the oracle's keys one by one. An approximate one is held to the share of them that it
/// promises, and to everything else just the same: exact scores, order, filters, no key twice, none that was deleted.
public struct VectorIndexConformance: Sendable {
    private let metric: VectorMetric
    private let recallMin: Double
    private let makeIndex: @Sendable (Int) throws -> any VectorIndex

    /// - Parameters:
    ///   - metric: that of the indexes made.
    ///   - recallMin: the share of the true nearest that the searches of one run must find together; 1 for an exact
    ///     index.
    ///   - makeIndex: makes an empty index of a dimension.
    public init(
        metric: VectorMetric = .cosine, recallMin: Double = 1,
        makeIndex: @escaping @Sendable (_ dimension: Int) throws -> any VectorIndex
    ) {
        self.metric = metric
        self.recallMin = recallMin
        self.makeIndex = makeIndex
    }

    /// Runs every check.
    ///
    /// - Throws: ``ConformanceFailure`` at the first broken rule, naming the seed; whatever the index throws.
    public func check(seed: UInt64) throws {
        try checkEmptyIndex()
        try checkBadInput()
        try checkTies()
        try checkSample(seed: seed)
        for dimension in [1, 3, 32, 129] {
            try checkOperations(seed: seed &+ UInt64(dimension), dimension: dimension, keyCount: 60, stepCount: 700)
        }
    }

    /// Drives the index and the oracle through the same operations on few keys, so that they collide, and compares
    /// every answer.
    public func checkOperations(seed: UInt64, dimension: Int, keyCount: Int, stepCount: Int) throws {
        let index = try makeIndex(dimension)
        let oracle = BruteForceOracle(dimension: dimension, metric: metric)
        var random = SeededGenerator(seed: seed)
        var recall = Recall()
        var last: [Float] = random.vector(dimension: dimension)
        func anyKey() -> RecordKey { RecordKey.random(in: 0..<RecordKey(keyCount), using: &random) * 7 - 50 }

        for step in 0..<stepCount {
            let place = "seed \(seed), dimension \(dimension), step \(step)"
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<45:
                // Now and then the vector of before once more, in another length when that does not matter: equal scores
                // under other keys.
                let isTwin = Int.random(in: 0..<5, using: &random) == 0
                last = isTwin ? last.map { $0 * (metric == .cosine ? 2 : 1) } : nonzero(dimension, &random)
                let (key, tag) = (anyKey(), UInt8.random(in: 0..<3, using: &random))
                try index.upsert(key, last, tag: tag)
                try oracle.upsert(key, last, tag: tag)
                if isTwin { last = nonzero(dimension, &random) }
            case 45..<58:
                let keys = (0..<Int.random(in: 0..<6, using: &random)).map { _ in anyKey() }
                index.delete(keys)
                oracle.delete(keys)
            case 58..<68:
                let (key, tag) = (anyKey(), UInt8.random(in: 0..<3, using: &random))
                index.setTag(tag, of: key)
                oracle.setTag(tag, of: key)
            case 68..<73:
                let keys = (0..<5).map { _ in anyKey() }
                let query = nonzero(dimension, &random)
                let (found, expected) = (try index.scores(query, of: keys), try oracle.scores(query, of: keys))
                let agree = zip(found, expected).allSatisfy { found, expected in
                    guard let found, let expected else { return found == nil && expected == nil }
                    return isClose(found, expected)
                }
                guard agree, found.count == keys.count else {
                    throw ConformanceFailure("scores of keys differ from the oracle's (\(place))")
                }
            default:
                let filter: VectorFilter =
                    switch Int.random(in: 0..<5, using: &random) {
                    case 0: .none
                    case 1: .tags(UInt8.random(in: 0..<8, using: &random))
                    case 2: .keys((0..<Int.random(in: 0..<20, using: &random)).map { _ in anyKey() })
                    case 3: .keys(manyKeys(of: oracle, &random))
                    default: predicate(&random)
                    }
                try compare(
                    index, with: oracle, query: nonzero(dimension, &random),
                    limit: Int.random(in: 0...12, using: &random), filter: filter, recall: &recall, place: place)
            }
            guard index.count == oracle.count else {
                throw ConformanceFailure("count is \(index.count), expected \(oracle.count) (\(place))")
            }
        }
        guard recall.wanted > 0 else {
            throw ConformanceFailure("no search of the run had anything to find (seed \(seed), \(stepCount) steps)")
        }
        guard recall.share >= recallMin else {
            throw ConformanceFailure("recall is \(recall.share), expected at least \(recallMin) (seed \(seed))")
        }
    }

    /// Nearly all keys, some of which have no vector, and some twice.
    private func manyKeys(of oracle: BruteForceOracle, _ random: inout SeededGenerator) -> [RecordKey] {
        let keys = oracle.keys(passing: .none).filter { _ in Int.random(in: 0..<4, using: &random) > 0 }
        return (keys + keys.prefix(3) + [-1_000_000, 1_000_003]).shuffled(using: &random)
    }

    private func predicate(_ random: inout SeededGenerator) -> VectorFilter {
        let (divisor, rest) = (RecordKey.random(in: 1...9, using: &random), RecordKey.random(in: 0..<3, using: &random))
        return .predicate { $0 % divisor == rest }
    }

    private func isClose(_ found: Float, _ expected: Float) -> Bool {
        abs(found - expected) <= 1e-5 * max(1, abs(expected))
    }

    private struct Recall {
        var wanted = 0
        var found = 0
        var share: Double { Double(found) / Double(wanted) }
    }

    private func compare(
        _ index: any VectorIndex, with oracle: BruteForceOracle, query: [Float], limit: Int, filter: VectorFilter,
        recall: inout Recall, place: String
    ) throws {
        let hits = try index.search(query, limit: limit, filter: filter)
        let expected = try oracle.search(query, limit: limit, filter: filter)
        guard hits.count == expected.count else {
            throw ConformanceFailure("search gives \(hits.count) hits, expected \(expected.count) (\(place))")
        }
        guard Set(hits.map(\.key)).isSubset(of: oracle.keys(passing: filter)) else {
            throw ConformanceFailure("search gives a key that does not pass \(filter) or is not there (\(place))")
        }
        guard Set(hits.map(\.key)).count == hits.count else {
            throw ConformanceFailure("search gives a key twice (\(place))")
        }
        let isOrdered = zip(hits, hits.dropFirst()).allSatisfy { ($1.score, $0.key) < ($0.score, $1.key) }
        guard isOrdered else { throw ConformanceFailure("hits are out of order (\(place))") }
        for (hit, score) in zip(hits, try oracle.scores(query, of: hits.map(\.key))) {
            guard let score, isClose(hit.score, score) else {
                throw ConformanceFailure("a hit's score is \(hit.score), expected \(score ?? .nan) (\(place))")
            }
        }
        if recallMin == 1, hits.map(\.key) != expected.map(\.key) {
            throw ConformanceFailure("keys are \(hits.map(\.key)), expected \(expected.map(\.key)) (\(place))")
        }
        recall.wanted += expected.count
        recall.found += Set(hits.map(\.key)).intersection(expected.map(\.key)).count
    }

    private func checkEmptyIndex() throws {
        let index = try makeIndex(4)
        let query: [Float] = [1, 2, 3, 4]
        guard index.count == 0, index.dimension == 4, try index.search(query, limit: 3, filter: .none).isEmpty,
            try index.scores(query, of: [1, 2]) == [nil, nil], try index.sampleScores(query, limit: 3).isEmpty
        else { throw ConformanceFailure("an empty index answers with something") }
        index.delete([1])
        index.setTag(1, of: 1)
        try index.upsert(1, query, tag: 0)
        guard try index.search(query, limit: 0, filter: .none).isEmpty,
            try index.search(query, limit: -1, filter: .none).isEmpty,
            try index.search(query, limit: .max, filter: .none).map(\.key) == [1]
        else { throw ConformanceFailure("a limit of 0, less or the largest number is not kept") }
        index.delete([1, 1, 2])
        guard index.count == 0, try index.search(query, limit: 3, filter: .none).isEmpty else {
            throw ConformanceFailure("an index whose only vector is deleted still finds it")
        }
    }

    private func checkBadInput() throws {
        let index = try makeIndex(3)
        try index.upsert(1, [1, 0, 0], tag: 0)
        var bad: [(vector: [Float], code: StrataError.Code)] = [
            ([1, 2], .dimensionMismatch), ([1, 2, 3, 4], .dimensionMismatch), ([], .dimensionMismatch),
            ([1, .nan, 0], .invalidVector), ([1, 0, -.infinity], .invalidVector),
        ]
        bad.append((metric == .cosine ? [0, -0.0, 0] : [0, 2e18, 0], .invalidVector))
        for (vector, code) in bad {
            let calls: [(name: String, run: () throws -> Void)] = [
                ("upsert", { try index.upsert(1, vector, tag: 0) }),
                ("search", { _ = try index.search(vector, limit: 1, filter: .none) }),
                ("scores", { _ = try index.scores(vector, of: [1]) }),
                ("sampleScores", { _ = try index.sampleScores(vector, limit: 1) }),
            ]
            for call in calls {
                do {
                    try call.run()
                    throw ConformanceFailure("\(call.name) takes a vector that is \(code)")
                } catch let error as StrataError {
                    guard error.code == code else {
                        throw ConformanceFailure("\(call.name) throws \(error.code), expected \(code)")
                    }
                }
            }
        }
        let own: Float = metric == .l2 ? 0 : 1
        guard index.count == 1, try index.search([1, 0, 0], limit: 1, filter: .none).map(\.score) == [own] else {
            throw ConformanceFailure("a refused vector has changed the index")
        }
        guard metric == .cosine else { return try checkAwkwardLengths(index) }
        for awkward: [Float] in [
            [.leastNonzeroMagnitude, 0, 0], [.greatestFiniteMagnitude, 0, -.greatestFiniteMagnitude], [1e38, 1e-38, 0],
        ] {
            try index.upsert(2, awkward, tag: 0)
            guard let score = try index.scores(awkward, of: [2])[0], abs(score - 1) <= 1e-5 else {
                throw ConformanceFailure("a very small or very large vector is not scaled to unit length")
            }
        }
    }

    /// Very short, very long and no vectors at all among ordinary ones, where lengths count.
    private func checkAwkwardLengths(_ index: any VectorIndex) throws {
        let oracle = BruteForceOracle(dimension: 3, metric: metric)
        try oracle.upsert(1, [1, 0, 0], tag: 0)
        let vectors: [[Float]] = [
            [0, 0, 0], [.leastNonzeroMagnitude, 0, 0], [9e17, 0, -1e17], [1e10, 1e-10, 0], [-1e-20, 1e-20, 0],
            [2, 2, 2],
        ]
        for (place, vector) in vectors.enumerated() {
            try index.upsert(RecordKey(place + 2), vector, tag: 0)
            try oracle.upsert(RecordKey(place + 2), vector, tag: 0)
        }
        var recall = Recall()
        for query in vectors + [[1, 0, 0]] {
            for limit in [1, 3, 7] {
                try compare(
                    index, with: oracle, query: query, limit: limit, filter: .none, recall: &recall,
                    place: "awkward lengths, query \(query)")
            }
        }
    }

    private func checkTies() throws {
        let index = try makeIndex(2)
        for key: RecordKey in [9, -3, 5, 0, 7] { try index.upsert(key, [2, 2], tag: 0) }
        try index.upsert(1, [-1, 1], tag: 0)
        let keys = try index.search([1, 1], limit: 4, filter: .none).map(\.key)
        guard keys == [-3, 0, 5, 7] else {
            throw ConformanceFailure("hits of equal score come as \(keys), expected [-3, 0, 5, 7]")
        }
    }

    /// Two indexes with the same vectors and another past give the same sample.
    private func checkSample(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (straight, winding) = (try makeIndex(8), try makeIndex(8))
        let vectors = (0..<500).map { _ in random.vector(dimension: 8) }
        for key in vectors.indices { try straight.upsert(RecordKey(key), vectors[key], tag: 0) }
        for key in vectors.indices.reversed() {
            try winding.upsert(RecordKey(key), random.vector(dimension: 8), tag: 1)
            try winding.upsert(RecordKey(key + 1000), random.vector(dimension: 8), tag: 1)
        }
        winding.delete((1000..<1500).map { RecordKey($0) })
        for key in vectors.indices.shuffled(using: &random) {
            try winding.upsert(RecordKey(key), vectors[key], tag: UInt8(key % 3))
        }
        let query = random.vector(dimension: 8)
        let all = try straight.scores(query, of: vectors.indices.map { RecordKey($0) }).compactMap { $0 }.sorted()
        for limit in [-1, 0, 1, 7, 100, 499, 500, 501, 10_000] {
            let sample = try straight.sampleScores(query, limit: limit)
            guard sample == (try winding.sampleScores(query, limit: limit)) else {
                throw ConformanceFailure("the sample of \(limit) depends on more than the stored keys (seed \(seed))")
            }
            guard sample.count == max(0, min(limit, 500)), Set(sample).isSubset(of: all) else {
                throw ConformanceFailure("the sample of \(limit) is not one of stored vectors (seed \(seed))")
            }
            if limit >= 500, sample.sorted() != all {
                throw ConformanceFailure("a sample as large as the index is not the whole of it (seed \(seed))")
            }
        }
    }

    private func nonzero(_ dimension: Int, _ random: inout SeededGenerator) -> [Float] {
        var vector = random.vector(dimension: dimension)
        if vector.allSatisfy({ $0 == 0 }) { vector[0] = 1 }
        return vector
    }
}
