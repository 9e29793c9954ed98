import StrataCore
import StrataTesting
import Testing
import VectorSearch

@Suite struct FlatIndexTests {
    @Test(arguments: VectorKernels.available, [11, 12, 13] as [UInt64])
    func flatIndexConforms(kernels: VectorKernels, seed: UInt64) throws {
        let suite = VectorIndexConformance { try FlatIndex(dimension: $0, kernels: kernels) }
        try suite.check(seed: seed)
    }

    @Test(arguments: VectorKernels.available, [VectorMetric.dot, .l2])
    func flatIndexConformsUnderEveryMetric(kernels: VectorKernels, metric: VectorMetric) throws {
        let suite = VectorIndexConformance(metric: metric) {
            try FlatIndex(dimension: $0, metric: metric, kernels: kernels)
        }
        try suite.check(seed: 15)
    }

    @Test(arguments: VectorMetric.allCases)
    func theOracleConforms(metric: VectorMetric) throws {
        try VectorIndexConformance(metric: metric) { BruteForceOracle(dimension: $0, metric: metric) }.check(seed: 14)
    }

    @Test func theConformanceSuiteNoticesAnIndexThatForgetsToDelete() throws {
        let suite = VectorIndexConformance { ForgetfulIndex(oracle: BruteForceOracle(dimension: $0)) }
        #expect(throws: ConformanceFailure.self) { try suite.check(seed: 15) }
    }

    @Test(arguments: [21, 22] as [UInt64])
    func manyOperationsOnManyKeysEqualTheOracle(seed: UInt64) throws {
        let suite = VectorIndexConformance { try FlatIndex(dimension: $0) }
        try suite.checkOperations(seed: seed, dimension: 17, keyCount: 600, stepCount: 6000)
    }

    @Test(arguments: VectorKernels.available)
    func everyKindOfDataGivesTheExactAnswer(kernels: VectorKernels) throws {
        var random = SeededGenerator(seed: 31)
        let (dimension, count) = (96, 2500)
        let center = random.vector(dimension: dimension)
        func cloud(_ spread: Float) -> [Float] {
            (0..<count).flatMap { _ in
                zip(center, random.vector(dimension: dimension)).map { $0 + $1 * spread }
            }
        }
        // Far apart, closer together than the codes can tell, and with one component that spoils the codes' scale.
        var lopsided = cloud(1)
        for row in 0..<count { lopsided[row * dimension + row % dimension] = 40 }
        for components in [cloud(10), cloud(1e-3), cloud(1e-5), lopsided] {
            let snapshot = VectorSnapshot(
                change: 1, keys: (0..<count).map { RecordKey($0 * 3) }, tags: (0..<count).map { UInt8($0 % 3) },
                components: components)
            let index = try FlatIndex(snapshot: snapshot, dimension: dimension, kernels: kernels)
            let oracle = try oracle(of: snapshot, dimension: dimension)
            for query in [center, random.vector(dimension: dimension), Array(components[..<dimension])] {
                for filter in [VectorFilter.none, .tags(0b101), .keys((0..<400).map { RecordKey($0 * 5) })] {
                    let found = try index.search(query, limit: 10, filter: filter)
                    let expected = try oracle.search(query, limit: 10, filter: filter)
                    #expect(found.map(\.key) == expected.map(\.key))
                    #expect(zip(found, expected).allSatisfy { abs($0.score - $1.score) <= 1e-5 })
                }
            }
        }
    }

    /// Codes round 0.49 of a step to nothing in 63 components at once, all of them in the direction of the other vector:
    /// the loss is as large as the bound allows, and what the codes call nearest is not.
    @Test(arguments: VectorKernels.available)
    func whatTheCodesLoseEntirelyIsFoundAllTheSame(kernels: VectorKernels) throws {
        let step: Float = 1 / 127
        let lossy = [1] + [Float](repeating: 0.49 * step, count: 63)
        let even = [0] + [Float](repeating: 1, count: 63)
        // Scores just below that of `lossy` with `even`, and the codes say so.
        let nearEven = [1] + (0..<63).map { $0 < 30 ? step : 0 }
        let nearLossy = [0.03] + (0..<62).map { $0 % 2 == 0 ? 0.127 : -0.127 } + [0] as [Float]
        for (query, best, second) in [(even, lossy, nearEven), (lossy, even, nearLossy)] {
            let index = try FlatIndex(dimension: 64, kernels: kernels)
            // More rows than a block, so that the threshold stands when the best comes.
            for key in 0..<300 { try index.upsert(RecordKey(key), second, tag: 0) }
            try index.upsert(300, best, tag: 0)
            let scores = try index.scores(query, of: [0, 300]).compactMap { $0 }
            #expect(scores[0] < scores[1] && scores[1] < scores[0] * 1.1)
            #expect(try index.search(query, limit: 1, filter: .none).map(\.key) == [300])
        }
    }

    @Test(arguments: [1, 2, 63, 64, 65, 384, 4096])
    func snapshotsOfEveryDimensionLoad(dimension: Int) throws {
        let snapshot = randomSnapshot(seed: 41, count: 400, dimension: dimension)
        let index = try FlatIndex(snapshot: snapshot, dimension: dimension)
        let oracle = try oracle(of: snapshot, dimension: dimension)
        var random = SeededGenerator(seed: 42)
        #expect(index.count == 400)
        #expect(index.dimension == dimension)
        for limit in [1, 10, 399, 400, 401] {
            let query = random.vector(dimension: dimension)
            let expected = try oracle.search(query, limit: limit, filter: .none)
            #expect(try index.search(query, limit: limit, filter: .none).map(\.key) == expected.map(\.key))
        }
    }

    @Test func aBatchAnswersAsItsQueriesAlone() throws {
        let snapshot = randomSnapshot(seed: 51, count: 1500, dimension: 40)
        let index = try FlatIndex(snapshot: snapshot, dimension: 40)
        var random = SeededGenerator(seed: 52)
        for queryCount in [0, 1, 3, 4, 9, 130] {
            let queries = (0..<queryCount).map { _ in random.vector(dimension: 40) }
            for filter in [VectorFilter.none, .tags(2), .keys([3, 700, 3, 9999])] {
                let alone = try queries.map { try index.search($0, limit: 7, filter: filter) }
                #expect(try index.search(queries, limit: 7, filter: filter) == alone)
            }
        }
        #expect(throws: StrataError.self) { try index.search([[1]], limit: 1, filter: .none) }
    }

    @Test func badSnapshotsAreRefused() throws {
        func load(keys: [RecordKey], tags: [UInt8], components: [Float]) -> StrataError.Code? {
            let snapshot = VectorSnapshot(change: 1, keys: keys, tags: tags, components: components)
            do {
                _ = try FlatIndex(snapshot: snapshot, dimension: 2)
                return nil
            } catch {
                return (error as? StrataError)?.code
            }
        }
        #expect(load(keys: [], tags: [], components: []) == nil)
        #expect(load(keys: [1, 2], tags: [0, 7], components: [1, 0, 0, 1]) == nil)
        #expect(load(keys: [1, 2], tags: [0], components: [1, 0, 0, 1]) == .invalidArgument)
        #expect(load(keys: [1, 2], tags: [0, 8], components: [1, 0, 0, 1]) == .invalidArgument)
        #expect(load(keys: [2, 1], tags: [0, 0], components: [1, 0, 0, 1]) == .invalidArgument)
        #expect(load(keys: [1, 1], tags: [0, 0], components: [1, 0, 0, 1]) == .invalidArgument)
        #expect(load(keys: [1, 2], tags: [0, 0], components: [1, 0, 0]) == .dimensionMismatch)
        #expect(load(keys: [1, 2], tags: [0, 0], components: [1, 0, 0, .nan]) == .invalidVector)
        #expect(load(keys: [1, 2], tags: [0, 0], components: [1, 0, 0, 0]) == .invalidVector)
    }

    @Test func dimensionsAndTagsOutOfRangeAreRefused() throws {
        for dimension in [-1, 0, 4097] {
            let error = #expect(throws: StrataError.self) { try FlatIndex(dimension: dimension) }
            #expect(error?.code == .invalidArgument)
        }
        let index = try FlatIndex(dimension: 2)
        let error = #expect(throws: StrataError.self) { try index.upsert(1, [1, 0], tag: 8) }
        #expect(error?.code == .invalidArgument)
        #expect(index.count == 0)
    }

    @Test func theSpaceOfDeadVectorsIsUsedAgain() throws {
        let index = try FlatIndex(dimension: 64)
        var random = SeededGenerator(seed: 61)
        for key in 0..<1000 { try index.upsert(RecordKey(key), random.vector(dimension: 64), tag: 0) }
        let full = index.residentBytes
        for round in 0..<20_000 { try index.upsert(RecordKey(round % 1000), random.vector(dimension: 64), tag: 1) }
        #expect(index.residentBytes <= full * 2)
        index.delete((10..<1000).map { RecordKey($0) })
        #expect(index.count == 10)
        #expect(index.residentBytes < full / 4)
        #expect(try index.search(random.vector(dimension: 64), limit: 20, filter: .tags(2)).count == 10)
        index.delete((0..<10).map { RecordKey($0) })
        #expect(index.residentBytes < full / 4)
        #expect(try index.search(random.vector(dimension: 64), limit: 20, filter: .none).isEmpty)
    }

    @Test func aSmallIndexIsSmallAndResidentBytesCoverTheVectors() throws {
        let index = try FlatIndex(dimension: 384)
        #expect(index.residentBytes < 128)
        var random = SeededGenerator(seed: 72)
        // A row is 384 codes, as many floats and some 40 bytes of numbers and keys.
        for key in 1...300 {
            try index.upsert(RecordKey(key), random.vector(dimension: 384), tag: 0)
            #expect(index.residentBytes <= max(4, 2 * key) * (384 * 5 + 80))
        }
        let loaded = try FlatIndex(snapshot: randomSnapshot(seed: 71, count: 3000, dimension: 384), dimension: 384)
        #expect(loaded.residentBytes >= 3000 * 384 * 5)
        #expect(loaded.residentBytes <= 3000 * 384 * 5 * 5 / 4)
    }

    @Test func readersSeeWholeStatesWhileAWriterWorks() async throws {
        let dimension = 24
        let index = try FlatIndex(
            snapshot: randomSnapshot(seed: 81, count: 900, dimension: dimension), dimension: dimension)
        // Keys below 300 stay as they are; the writer moves, replaces and deletes the others.
        let fixed = (0..<300).map { RecordKey($0) }
        var random = SeededGenerator(seed: 82)
        let queries = (0..<8).map { _ in random.vector(dimension: dimension) }
        let expected = try queries.map { try index.search($0, limit: 10, filter: .keys(fixed)) }
        let expectedScores = try queries.map { try index.scores($0, of: fixed) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var random = SeededGenerator(seed: 83)
                for _ in 0..<4000 {
                    let key = RecordKey.random(in: 300..<900, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: index.delete([key, key + 1 == 900 ? 300 : key + 1])
                    case 1: index.setTag(UInt8.random(in: 0..<3, using: &random), of: key)
                    default: try index.upsert(key, random.vector(dimension: dimension), tag: 1)
                    }
                }
            }
            for reader in 0..<3 {
                group.addTask {
                    for round in 0..<150 {
                        let q = (round + reader) % queries.count
                        #expect(try index.search(queries[q], limit: 10, filter: .keys(fixed)) == expected[q])
                        #expect(try index.scores(queries[q], of: fixed) == expectedScores[q])
                        let hits = try index.search(queries[q], limit: 25, filter: .none)
                        #expect(hits.count == 25)
                        #expect(Set(hits.map(\.key)).count == 25)
                        #expect(hits.allSatisfy { (0..<900).contains($0.key) && abs($0.score) <= 1 + 1e-6 })
                        #expect(zip(hits, hits.dropFirst()).allSatisfy { $0.score >= $1.score })
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(index.count >= 300)
    }
}

/// An index that breaks a rule, to see that the suite can fail.
private struct ForgetfulIndex: VectorIndex {
    let oracle: BruteForceOracle
    var dimension: Int { oracle.dimension }
    var count: Int { oracle.count }
    var residentBytes: Int { oracle.residentBytes }

    func upsert(_ key: RecordKey, _ vector: [Float], tag: UInt8) throws {
        try oracle.upsert(key, vector, tag: tag)
    }
    func delete(_ keys: [RecordKey]) { oracle.delete(Array(keys.dropFirst())) }
    func setTag(_ tag: UInt8, of key: RecordKey) { oracle.setTag(tag, of: key) }
    func search(_ query: [Float], limit: Int, filter: VectorFilter) throws -> [VectorHit] {
        try oracle.search(query, limit: limit, filter: filter)
    }
    func scores(_ query: [Float], of keys: [RecordKey]) throws -> [Float?] { try oracle.scores(query, of: keys) }
    func sampleScores(_ query: [Float], limit: Int) throws -> [Float] {
        try oracle.sampleScores(query, limit: limit)
    }
}
