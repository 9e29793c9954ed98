import StrataCore
import StrataTesting
import Synchronization
import Testing

@testable import VectorSearch

/// Options with which small sets are walked and not scanned.
private func walking(
    efConstruction: Int = 64, recallTarget: Double = 0.97, threadCount: Int = 1
) -> GraphOptions {
    var options = GraphOptions()
    options.degree = 32
    options.efConstruction = efConstruction
    options.recallTarget = recallTarget
    options.exactRowsMax = 0
    options.threadCount = threadCount
    return options
}

@Suite struct GraphIndexTests {
    @Test(arguments: VectorKernels.available, [11, 12] as [UInt64])
    func graphIndexConforms(kernels: VectorKernels, seed: UInt64) throws {
        let suite = VectorIndexConformance(recallMin: 0.95) {
            try GraphIndex(dimension: $0, options: walking(), kernels: kernels)
        }
        try suite.check(seed: seed)
    }

    @Test(arguments: [VectorMetric.dot, .l2])
    func graphIndexConformsUnderEveryMetric(metric: VectorMetric) throws {
        let suite = VectorIndexConformance(metric: metric, recallMin: 0.95) {
            var options = walking()
            options.metric = metric
            return try GraphIndex(dimension: $0, options: options)
        }
        try suite.check(seed: 13)
    }

    @Test(arguments: [(21, .cosine), (22, .cosine), (21, .dot), (21, .l2)] as [(UInt64, VectorMetric)])
    func manyOperationsOnManyKeysFindNearlyAll(seed: UInt64, metric: VectorMetric) throws {
        let suite = VectorIndexConformance(metric: metric, recallMin: 0.97) {
            var options = walking()
            options.metric = metric
            return try GraphIndex(dimension: $0, options: options)
        }
        try suite.checkOperations(seed: seed, dimension: 17, keyCount: 900, stepCount: 6000)
    }

    @Test func withRoomForExactScoresTheGraphIsExact() throws {
        let suite = VectorIndexConformance { try GraphIndex(dimension: $0) }
        try suite.checkOperations(seed: 23, dimension: 9, keyCount: 300, stepCount: 2000)
    }

    @Test(arguments: [31, 32, 33] as [UInt64])
    func linksAreSoundAfterEveryChange(seed: UInt64) throws {
        let dimension = 12
        let index = try GraphIndex(dimension: dimension, options: walking())
        var random = SeededGenerator(seed: seed)
        for step in 0..<1500 {
            let key = RecordKey.random(in: 0..<300, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6: try index.upsert(key, random.vector(dimension: dimension), tag: 0)
            case 6..<9: index.delete([key, key + 1, key + 2])
            default: index.delete((0..<40).map { RecordKey($0) })
            }
            let audit = index.audit
            if let flaw = audit.flaw { Issue.record("seed \(seed), step \(step): \(flaw)") }
            #expect(audit.links.count + audit.scannedCount == index.count)
            #expect(audit.reachableShare >= 0.99, "seed \(seed), step \(step)")
        }
    }

    @Test func equalVectorsStayReachable() throws {
        let index = try GraphIndex(dimension: 8, options: walking())
        var random = SeededGenerator(seed: 41)
        let twin = random.vector(dimension: 8)
        for key in 0..<600 {
            try index.upsert(RecordKey(key), key % 2 == 0 ? twin : random.vector(dimension: 8), tag: 0)
        }
        index.calibrate()
        #expect(index.audit.reachableShare == 1)
        // Eight of the equal ones have links; the others are scanned.
        #expect(index.audit.scannedCount == 292)
        #expect(try index.search(twin, limit: 30, filter: .none).map(\.key) == (0..<30).map { RecordKey(2 * $0) })
    }

    @Test(arguments: [1, 2])
    func aBuiltGraphReachesItsRecallTarget(threadCount: Int) throws {
        let dimension = 48
        let all = clusteredSnapshot(seed: 51, count: 6200, dimension: dimension)
        let stored = VectorSnapshot(
            change: 1, keys: Array(all.keys[..<6000]), tags: Array(all.tags[..<6000]),
            components: Array(all.components[..<(6000 * dimension)]))
        let index = try GraphIndex(
            snapshot: stored, dimension: dimension, options: walking(threadCount: threadCount))
        let flat = try FlatIndex(snapshot: stored, dimension: dimension)
        let queries = (6000..<6200).map { all.vector($0, dimension: dimension) }
        #expect(index.unlinkedCount == 0)
        #expect(index.calibration.sampleCount > 100)
        #expect(index.calibration.recall >= 0.97)
        #expect(try recall(of: index, against: flat, queries: queries) >= 0.95)
        #expect(index.audit.flaw == nil)
        #expect(index.audit.reachableShare == 1)
        // Scores are those of the exact index, and the nearest of a stored vector is itself.
        let hits = try index.search(queries[0], limit: 10, filter: .none)
        let exact = try flat.scores(queries[0], of: hits.map(\.key))
        #expect(zip(hits, exact).allSatisfy { $0.score == $1 })
    }

    /// Lengths that differ by a factor of three: what is nearest differs from metric to metric.
    @Test(arguments: [VectorMetric.dot, .l2])
    func aGraphOfEachMetricFindsItsNearest(metric: VectorMetric) throws {
        let dimension = 32
        var random = SeededGenerator(seed: 55)
        let directions = clusteredSnapshot(seed: 56, count: 5100, dimension: dimension)
        let vectors = (0..<5100).map { row in
            let length = Float.random(in: 0.5...1.5, using: &random)
            return directions.vector(row, dimension: dimension).map { $0 * length }
        }
        let stored = VectorSnapshot(
            change: 1, keys: Array(directions.keys[..<5000]), tags: Array(directions.tags[..<5000]),
            components: vectors[..<5000].flatMap { $0 })
        var options = walking()
        options.metric = metric
        let index = try GraphIndex(snapshot: stored, dimension: dimension, options: options)
        let flat = try FlatIndex(snapshot: stored, dimension: dimension, metric: metric)
        let queries = Array(vectors[5000...])
        #expect(try recall(of: index, against: flat, queries: queries) >= 0.95)
        #expect(try recall(of: index, against: flat, queries: queries, filter: .tags(0b111)) >= 0.95)
        #expect(index.audit.flaw == nil)
        let other = try FlatIndex(snapshot: stored, dimension: dimension)
        #expect(try recall(of: other, against: flat, queries: queries) < 0.9)
        let hits = try index.search(queries[0], limit: 10, filter: .none)
        #expect(zip(hits, try flat.scores(queries[0], of: hits.map(\.key))).allSatisfy { $0.score == $1 })
    }

    /// The longest vectors come last, so that the sphere on which links are chosen grows again and again.
    @Test func vectorsThatGrowLongerAreFoundByTheirInnerProduct() throws {
        let dimension = 16
        var (random, options) = (SeededGenerator(seed: 57), walking())
        options.metric = .dot
        let index = try GraphIndex(dimension: dimension, options: options)
        let flat = try FlatIndex(dimension: dimension, metric: .dot)
        for key in 0..<1500 {
            let vector = random.vector(dimension: dimension).map { $0 * (1 + Float(key) / 100) }
            try index.upsert(RecordKey(key), vector, tag: 0)
            try flat.upsert(RecordKey(key), vector, tag: 0)
        }
        let queries = (0..<80).map { _ in random.vector(dimension: dimension) }
        #expect(try recall(of: index, against: flat, queries: queries) >= 0.95)
    }

    @Test(arguments: [(0b1, 0.125), (0b11, 0.25), (0b1111, 0.5), (0b0111_1111, 0.875)] as [(UInt8, Double)])
    func filtersFindWhatPasses(tags: UInt8, share: Double) throws {
        let dimension = 32
        let snapshot = clusteredSnapshot(seed: 61, count: 4000, dimension: dimension)
        let index = try GraphIndex(snapshot: snapshot, dimension: dimension, options: walking())
        let flat = try FlatIndex(snapshot: snapshot, dimension: dimension)
        let queries = (0..<60).map { snapshot.vector($0 * 61, dimension: dimension) }
        let keys = snapshot.keys.filter { tags >> UInt8($0 % 8) & 1 == 1 }
        #expect(abs(Double(keys.count) / 4000 - share) < 0.01)
        let far = keys + [RecordKey.min, .max]
        for filter in [
            VectorFilter.tags(tags), .keys(keys), .keys(far), .predicate { tags >> UInt8($0 % 8) & 1 == 1 },
        ] {
            #expect(try recall(of: index, against: flat, queries: queries, filter: filter) >= 0.95)
            let allowed = Set(keys)
            for query in queries {
                let hits = try index.search(query, limit: 25, filter: filter)
                #expect(hits.count == 25 && hits.allSatisfy { allowed.contains($0.key) })
            }
        }
    }

    @Test(arguments: VectorKernels.available)
    func aBatchAnswersAsItsQueriesAlone(kernels: VectorKernels) throws {
        let dimension = 20
        let snapshot = clusteredSnapshot(seed: 63, count: 1200, dimension: dimension)
        let index = try GraphIndex(snapshot: snapshot, dimension: dimension, options: walking(), kernels: kernels)
        // Rows that are dead, and rows that are scanned because they are equal.
        index.delete((0..<100).map { RecordKey($0) })
        for key in 2000..<2030 { try index.upsert(RecordKey(key), snapshot.vector(500, dimension: dimension), tag: 1) }
        let exact = try GraphIndex(snapshot: snapshot, dimension: dimension, kernels: kernels)
        for queryCount in [0, 1, 2, 4, 5, 70] {
            let queries = (0..<queryCount).map { snapshot.vector($0 * 13, dimension: dimension) }
            for filter in [VectorFilter.none, .tags(0b11)] {
                for index in [index, exact] {
                    let alone = try queries.map { try index.search($0, limit: 7, filter: filter) }
                    #expect(try index.search(queries, limit: 7, filter: filter) == alone)
                }
            }
        }
        #expect(
            try index.search(
                Array(repeating: snapshot.vector(3, dimension: dimension), count: 3), limit: 0, filter: .none) == [
                    [], [], [],
                ])
        #expect(throws: StrataError.self) { try index.search([[1]], limit: 1, filter: .none) }
    }

    /// Ranges of keys are ranges of time, because keys ascend.
    @Test(arguments: [0, 5, 40, 400, 1500, 2999, 3000] as [RecordKey])
    func aPredicateIsAskedAboutFewKeysAndFillsTheLimit(end: RecordKey) throws {
        let dimension = 24
        let snapshot = clusteredSnapshot(seed: 62, count: 3000, dimension: dimension)
        let index = try GraphIndex(snapshot: snapshot, dimension: dimension, options: walking())
        let flat = try FlatIndex(snapshot: snapshot, dimension: dimension)
        let queries = (0..<40).map { snapshot.vector($0 * 71, dimension: dimension) }
        let askedCount = Atomic(0)
        func filter(_ count: Bool) -> VectorFilter {
            .predicate { key in
                if count { askedCount.add(1, ordering: .relaxed) }
                return key < end
            }
        }
        for query in queries {
            let hits = try index.search(query, limit: 10, filter: filter(true))
            #expect(hits.count == min(10, Int(end)) && hits.allSatisfy { $0.key < end })
            #expect(try flat.search(query, limit: 10, filter: filter(false)).map(\.key).allSatisfy { $0 < end })
        }
        if end >= 1500 { #expect(askedCount.load(ordering: .relaxed) / queries.count < 1000) }
        guard end > 0 else { return }
        #expect(try recall(of: index, against: flat, queries: queries, filter: filter(false)) >= 0.95)
    }

    /// One cluster passes and the queries come from the others: a walk that only steps towards the query ends before it
    /// has met enough that pass.
    @Test func filtersAgainstTheQueryStillFillTheLimit() throws {
        let dimension = 16
        var random = SeededGenerator(seed: 71)
        let (here, there) = (random.vector(dimension: dimension), random.vector(dimension: dimension))
        let index = try GraphIndex(dimension: dimension, options: walking())
        for key in 0..<2000 {
            let middle = key % 20 == 0 ? there : here
            let vector = zip(middle, random.vector(dimension: dimension)).map { $0 + 0.1 * $1 }
            try index.upsert(RecordKey(key), vector, tag: key % 20 == 0 ? 1 : 0)
        }
        #expect(try index.search(here, limit: 12, filter: .tags(0b10)).count == 12)
        #expect(try index.search(here, limit: 2000, filter: .tags(0b10)).count == 100)
        #expect(try index.search(here, limit: 5000, filter: .none).count == 2000)
    }

    @Test func recallSurvivesChurn() throws {
        let (dimension, count) = (32, 2000)
        let fresh = clusteredSnapshot(seed: 81, count: 3 * count + 300, dimension: dimension)
        func vector(_ row: Int) -> [Float] { fresh.vector(row, dimension: dimension) }
        let churned = try GraphIndex(dimension: dimension, options: walking())
        for row in 0..<count { try churned.upsert(RecordKey(row), vector(row), tag: 0) }
        // Every key gets two further vectors, by update and by delete and insert.
        for row in count..<3 * count {
            if row % 2 == 0 { churned.delete([RecordKey(row % count)]) }
            try churned.upsert(RecordKey(row % count), vector(row), tag: 0)
        }
        let built = try GraphIndex(dimension: dimension, options: walking())
        let flat = try FlatIndex(dimension: dimension)
        for row in 2 * count..<3 * count {
            try built.upsert(RecordKey(row % count), vector(row), tag: 0)
            try flat.upsert(RecordKey(row % count), vector(row), tag: 0)
        }
        let queries = (3 * count..<3 * count + 300).map { vector($0) }
        func recall(_ index: GraphIndex) throws -> Double {
            try queries.reduce(0.0) { sum, query in
                let expected = Set(try flat.search(query, limit: 10, filter: .none).map(\.key))
                let hits = try index.search(query, limit: 10, filter: .none, efSearch: 24)
                return sum + Double(expected.intersection(hits.map(\.key)).count) / 10
            } / Double(queries.count)
        }
        let (old, new) = (try recall(churned), try recall(built))
        #expect(new > 0.9)
        #expect(old >= new - 0.005, "churned \(old), built \(new)")
        #expect(churned.audit.flaw == nil)
        // The rows of the dead are used again.
        #expect(churned.residentBytes < built.residentBytes * 5 / 4)
    }

    @Test func oneThreadBuildsTheSameGraphEveryTime() throws {
        let snapshot = clusteredSnapshot(seed: 91, count: 1500, dimension: 24)
        let (one, other) = (
            try GraphIndex(snapshot: snapshot, dimension: 24, options: walking()),
            try GraphIndex(snapshot: snapshot, dimension: 24, options: walking())
        )
        #expect(one.audit.links == other.audit.links)
        #expect(one.calibration == other.calibration)
    }

    @Test func badOptionsSnapshotsAndTagsAreRefused() throws {
        func code(_ change: (inout GraphOptions) -> Void) -> StrataError.Code? {
            var options = GraphOptions()
            change(&options)
            return #expect(throws: StrataError.self) { try GraphIndex(dimension: 2, options: options) }?.code
        }
        #expect(code { $0.degree = 20 } == .invalidArgument)
        #expect(code { $0.degree = 112 } == .invalidArgument)
        #expect(code { $0.efConstruction = 1 } == .invalidArgument)
        #expect(code { $0.alpha = .nan } == .invalidArgument)
        #expect(code { $0.recallTarget = 1 } == .invalidArgument)
        #expect(code { $0.exactRowsMax = -1 } == .invalidArgument)
        #expect(code { $0.threadCount = 0 } == .invalidArgument)
        let doubled = VectorSnapshot(change: 1, keys: [1, 1], tags: [0, 0], components: [1, 0, 0, 1])
        #expect(throws: StrataError.self) { try GraphIndex(snapshot: doubled, dimension: 2) }
        for dimension in [-1, 0, 4097] {
            let error = #expect(throws: StrataError.self) { try GraphIndex(dimension: dimension) }
            #expect(error?.code == .invalidArgument)
        }
        let index = try GraphIndex(dimension: 2)
        #expect(throws: StrataError.self) { try index.upsert(1, [1, 0], tag: 8) }
        #expect(index.count == 0)
    }

    @Test func readersSeeWholeStatesWhileAWriterWorks() async throws {
        let dimension = 24
        var options = walking(efConstruction: 32)
        options.degree = 16
        let index = try GraphIndex(
            snapshot: randomSnapshot(seed: 101, count: 900, dimension: dimension), dimension: dimension,
            options: options)
        // Keys below 300 stay as they are; the writer moves, replaces and deletes the others.
        let fixed = (0..<300).map { RecordKey($0) }
        var random = SeededGenerator(seed: 102)
        let queries = (0..<8).map { _ in random.vector(dimension: dimension) }
        let expectedScores = try queries.map { try index.scores($0, of: fixed) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var random = SeededGenerator(seed: 103)
                for _ in 0..<2500 {
                    let key = RecordKey.random(in: 300..<1500, using: &random)
                    switch Int.random(in: 0..<5, using: &random) {
                    case 0: index.delete([key, key + 1])
                    case 1: index.setTag(UInt8.random(in: 0..<3, using: &random), of: key)
                    default: try index.upsert(key, random.vector(dimension: dimension), tag: 1)
                    }
                }
            }
            for reader in 0..<3 {
                group.addTask {
                    for round in 0..<200 {
                        let q = (round + reader) % queries.count
                        #expect(try index.scores(queries[q], of: fixed) == expectedScores[q])
                        let hits = try index.search(queries[q], limit: 25, filter: .none)
                        #expect(hits.count == 25)
                        #expect(Set(hits.map(\.key)).count == 25)
                        #expect(hits.allSatisfy { (0..<1501).contains($0.key) && abs($0.score) <= 1 + 1e-6 })
                        #expect(zip(hits, hits.dropFirst()).allSatisfy { $0.score >= $1.score })
                        let filtered = try index.search(queries[q], limit: 5, filter: .tags(0b111))
                        #expect(filtered.count == 5)
                        #expect(try index.search(queries[q], limit: 5, filter: .keys(fixed)).count == 5)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(index.count >= 300)
        #expect(index.audit.flaw == nil)
    }
}
