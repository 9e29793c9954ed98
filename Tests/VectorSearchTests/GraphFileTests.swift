import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import VectorSearch

@Suite final class GraphFileTests {
    private let folder: URL
    private var path: String { folder.appending(path: "graph.index").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "strata-graph-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func makeIndex(dimension: Int = 20, metric: VectorMetric = .cosine) throws -> GraphIndex {
        var options = GraphOptions()
        options.metric = metric
        options.degree = 16
        options.efConstruction = 32
        options.exactRowsMax = 0
        let index = try GraphIndex(
            snapshot: clusteredSnapshot(seed: 1, count: 500, dimension: dimension), dimension: dimension,
            options: options)
        var random = SeededGenerator(seed: 2)
        // Rows that are dead, that are used again, and that are equal.
        for key in 0..<60 { try index.upsert(RecordKey(key), random.vector(dimension: dimension), tag: 3) }
        let twin = random.vector(dimension: dimension)
        for key in 600..<640 { try index.upsert(RecordKey(key), twin, tag: 4) }
        index.delete((100..<120).map { RecordKey($0) })
        return index
    }

    @Test(arguments: VectorMetric.allCases)
    func anOpenedIndexAnswersAsTheSavedOne(metric: VectorMetric) throws {
        let index = try makeIndex(metric: metric)
        try index.save(to: path, change: 4711)
        let (opened, change) = try GraphIndex.open(path, options: walkingOptions())
        #expect(change == 4711)
        #expect(opened.options.metric == metric)
        #expect(opened.count == index.count && opened.dimension == 20)
        #expect(opened.calibration == index.calibration)
        #expect(opened.audit.links == index.audit.links)
        var random = SeededGenerator(seed: 3)
        for _ in 0..<50 {
            let query = random.vector(dimension: 20)
            for filter in [VectorFilter.none, .tags(0b11000), .keys([1, 2, 3, 110, 620])] {
                #expect(
                    try opened.search(query, limit: 10, filter: filter)
                        == index.search(query, limit: 10, filter: filter))
            }
            #expect(try opened.sampleScores(query, limit: 50) == index.sampleScores(query, limit: 50))
        }
        // It goes on as the saved one would, and can be saved in the place of its own file.
        for key in 0..<200 { try opened.upsert(RecordKey(key), random.vector(dimension: 20), tag: 1) }
        #expect(opened.audit.flaw == nil)
        try opened.save(to: path, change: 4712)
        #expect(try GraphIndex.open(path).change == 4712)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["graph.index"])
    }

    /// Those of ``makeIndex(dimension:metric:)`` that the file does not hold.
    private func walkingOptions() -> GraphOptions {
        var options = GraphOptions()
        options.efConstruction = 32
        options.exactRowsMax = 0
        return options
    }

    @Test func anEmptyIndexAndOneWithoutLinksComeBack() throws {
        try GraphIndex(dimension: 3).save(to: path, change: 0)
        let (empty, _) = try GraphIndex.open(path)
        #expect(empty.count == 0)
        try empty.upsert(1, [1, 2, 3], tag: 0)
        let waiting = try GraphIndex(
            snapshot: clusteredSnapshot(seed: 5, count: 90, dimension: 3), dimension: 3, isLinked: false)
        try waiting.save(to: path, change: 1)
        let (opened, _) = try GraphIndex.open(path)
        #expect(opened.unlinkedCount == 90)
        #expect(opened.link(rowsMax: 100) == 0)
    }

    @Test func everyDamagedByteIsNoticed() throws {
        try makeIndex(dimension: 5, metric: .l2).save(to: path, change: 1)
        let whole = try Data(contentsOf: URL(filePath: path))
        var random = SeededGenerator(seed: 4)
        let padding = try paddingOffsets(of: whole)
        let places = Array(0..<256) + (0..<500).map { _ in Int.random(in: 4096..<whole.count, using: &random) }
        for place in places where !padding.contains(place) {
            var damaged = whole
            damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try damaged.write(to: URL(filePath: path))
            let error = #expect(throws: StrataError.self, "byte \(place)") { try GraphIndex.open(self.path) }
            #expect(error?.code == .corrupted || (place >= 8 && place < 12 && error?.code == .unsupportedVersion))
        }
    }

    @Test func filesCutOffOrTooLongOrOfAnotherKindAreRefused() throws {
        try makeIndex(dimension: 5).save(to: path, change: 1)
        let whole = try Data(contentsOf: URL(filePath: path))
        for count in [0, 1, 8, 255, 256, 257, 4096, whole.count / 2, whole.count - 1] {
            try whole.prefix(count).write(to: URL(filePath: path))
            let error = #expect(throws: StrataError.self) { try GraphIndex.open(self.path) }
            #expect(error?.code == .corrupted)
        }
        try (whole + Data([0])).write(to: URL(filePath: path))
        #expect(#expect(throws: StrataError.self) { try GraphIndex.open(self.path) }?.code == .corrupted)
        let missing = #expect(throws: StrataError.self) { try GraphIndex.open(self.path + ".none") }
        #expect(missing?.code == .notFound)
        let unwritable = #expect(throws: StrataError.self) {
            try GraphIndex(dimension: 2).save(to: self.folder.path + "/none/graph", change: 1)
        }
        #expect(unwritable?.code == .storageFailure)
    }

    @Test func theChecksumIsXXH64() {
        func hash(_ text: String) -> UInt64 { Array(text.utf8).withUnsafeBytes { XXH64.hash($0) } }
        #expect(hash("") == 0xEF46_DB37_51D8_E999)
        #expect(hash("a") == 0xD24E_C4F1_A98C_6E5B)
        #expect(hash("abc") == 0x44BC_2CF5_AD77_0999)
        #expect(hash("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1)
    }

    /// The bytes between sections, which hold nothing.
    private func paddingOffsets(of data: Data) throws -> Set<Int> {
        let header = try GraphFileHeader(decoding: Array(data.prefix(256)), path: path)
        var padding: Set<Int> = []
        for (section, count) in header.sectionByteCounts.enumerated() {
            padding.formUnion(header.sectionOffsets[section] + count..<header.sectionOffsets[section + 1])
        }
        return padding
    }
}
