import StrataCore
import StrataTesting
import Testing

@testable import VectorSearch

@Suite struct AdaptiveIndexTests {
    private static func options(exactRowsMax: Int = 0) -> GraphOptions {
        var options = GraphOptions()
        options.degree = 32
        options.efConstruction = 64
        options.recallTarget = 0.97
        options.exactRowsMax = exactRowsMax
        return options
    }

    @Test(arguments: [1, 30, 10_000], [11, 12] as [UInt64])
    func adaptiveIndexConformsWhereverItSwitches(switchCount: Int, seed: UInt64) throws {
        let suite = VectorIndexConformance(recallMin: 0.97) {
            try AdaptiveIndex(dimension: $0, switchCount: switchCount, options: Self.options())
        }
        try suite.check(seed: seed)
    }

    @Test(arguments: [VectorMetric.dot, .l2])
    func adaptiveIndexConformsUnderEveryMetric(metric: VectorMetric) throws {
        let suite = VectorIndexConformance(metric: metric, recallMin: 0.95) {
            var options = Self.options()
            options.metric = metric
            return try AdaptiveIndex(dimension: $0, switchCount: 30, options: options)
        }
        try suite.check(seed: 13)
    }

    @Test func searchesAreCompleteAtEveryMomentOfTheSwitch() throws {
        let dimension = 16
        let snapshot = clusteredSnapshot(seed: 21, count: 900, dimension: dimension)
        let index = try AdaptiveIndex(dimension: dimension, switchCount: 300, options: Self.options())
        let flat = try FlatIndex(dimension: dimension)
        for (row, key) in snapshot.keys.enumerated() {
            let vector = snapshot.vector(row, dimension: dimension)
            try index.upsert(key, vector, tag: snapshot.tags[row])
            try flat.upsert(key, vector, tag: snapshot.tags[row])
            // A fresh vector is found at once, and the switch loses none.
            #expect(try index.search(vector, limit: 1, filter: .none) == flat.search(vector, limit: 1, filter: .none))
            #expect(index.count == row + 1)
            #expect(try index.search(vector, limit: 7, filter: .tags(0b101)).count == min(7, flat.count(tags: 0b101)))
        }
        // Each of the 600 upserts past the switch has linked itself and up to two of those that waited.
        #expect(index.needsMaintenance)
        while index.maintain(rowsMax: 100) {}
        #expect(!index.needsMaintenance)
        #expect((index.calibration?.recall ?? 0) >= 0.97)
    }

    @Test func aLoadedIndexAnswersExactlyUntilItsLinksAreThere() throws {
        let dimension = 24
        let snapshot = clusteredSnapshot(seed: 31, count: 2000, dimension: dimension)
        let index = try AdaptiveIndex(
            snapshot: snapshot, dimension: dimension, switchCount: 500, options: Self.options())
        let flat = try FlatIndex(snapshot: snapshot, dimension: dimension)
        let queries = (0..<50).map { snapshot.vector($0 * 31, dimension: dimension) }
        #expect(try recall(of: index, against: flat, queries: queries) == 1)
        #expect(index.calibration == nil)
        var steps = 0
        while index.maintain(rowsMax: 300) {
            steps += 1
            #expect(try recall(of: index, against: flat, queries: queries) >= 0.9)
        }
        #expect(steps >= 6)
        #expect(try recall(of: index, against: flat, queries: queries) >= 0.95)
        // A small one has nothing to do and stays exact.
        let small = try AdaptiveIndex(dimension: dimension)
        try small.upsert(1, queries[0], tag: 0)
        #expect(!small.needsMaintenance && !small.maintain())
    }

    @Test func rowsThatWaitForLinksCanBeReplacedAndDeleted() throws {
        let dimension = 8
        let snapshot = clusteredSnapshot(seed: 41, count: 400, dimension: dimension)
        let index = try AdaptiveIndex(
            snapshot: snapshot, dimension: dimension, switchCount: 100, options: Self.options())
        var random = SeededGenerator(seed: 42)
        for key in 0..<200 { try index.upsert(RecordKey(key), random.vector(dimension: dimension), tag: 7) }
        index.delete((150..<350).map { RecordKey($0) })
        #expect(index.count == 200)
        #expect(try index.search(random.vector(dimension: dimension), limit: 500, filter: .none).count == 200)
        #expect(try index.search(random.vector(dimension: dimension), limit: 500, filter: .tags(0x80)).count >= 150)
        while index.maintain() {}
        #expect(try index.search(random.vector(dimension: dimension), limit: 500, filter: .none).count == 200)
    }

    @Test func badSettingsAreRefused() throws {
        #expect(throws: StrataError.self) { try AdaptiveIndex(dimension: 2, switchCount: 0) }
        #expect(throws: StrataError.self) { try AdaptiveIndex(dimension: 0) }
        var options = GraphOptions()
        options.degree = 17
        #expect(throws: StrataError.self) { try AdaptiveIndex(dimension: 2, options: options) }
    }
}

extension FlatIndex {
    /// How many vectors have one of the tags.
    fileprivate func count(tags: UInt8) -> Int { vectors().tags.count { tags >> $0 & 1 == 1 } }
}
