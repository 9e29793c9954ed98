import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct PortabilityTests {
    /// All lines of an export, read in small pages.
    static func lines(of engine: MemoryEngine, _ options: ExportOptions, countMax: Int = 3) async throws -> [String] {
        var lines: [String] = []
        var cursor: String?
        repeat {
            let page = try await engine.exportPage(options, cursor: cursor, countMax: countMax)
            lines += page.lines
            cursor = page.nextCursor
        } while cursor != nil
        return lines
    }

    /// A memory with everything in it: namespaces, links, pins, uses, updates, moves, odd texts, forgotten records.
    static func fill(_ engine: MemoryEngine, seed: UInt64, clock: ManualClock) async throws {
        var random = SeededGenerator(seed: seed)
        var ids: [(RecordID, String)] = []
        for number in 0..<40 {
            clock.advance(by: .seconds(Int64.random(in: 1...90_000, using: &random)))
            let namespace = ["a", "b:c", "z"].randomElement(using: &random) ?? "a"
            var memory = NewMemory("text \(number) \"quoted\" \\ \u{1F332}\u{1} line\nbreak \(number % 7)")
            memory.layer = Layer.allCases.randomElement(using: &random) ?? .interact
            memory.pinned = Bool.random(using: &random)
            memory.importance = Double.random(in: 0...1, using: &random)
            memory.tags = Bool.random(using: &random) ? ["x", "ü y"] : []
            memory.speaker = Bool.random(using: &random) ? "Ada" : nil
            memory.metadata =
                Bool.random(using: &random) ? ["n": 1, "d": 1.0, "deep": ["k": [nil, true, 1e300]]] : [:]
            memory.occurredAt = Bool.random(using: &random) ? Timestamp(milliseconds: -5) : nil
            memory.source = MemoryRecord.Source.allCases.randomElement(using: &random) ?? .user
            ids.append((try await engine.remember(memory, in: namespace, onDuplicate: .link).record.id, namespace))
            guard let (id, home) = ids.randomElement(using: &random) else { continue }
            switch Int.random(in: 0..<5, using: &random) {
            case 0: _ = try? await engine.update(id, RecordPatch(text: "changed \(number)"), in: home)
            case 1: _ = try? await engine.update(id, RecordPatch(layer: .assets, tags: ["moved"]), in: home)
            case 2: try await engine.forget(.ids([id]), in: home)
            case 3: _ = try await engine.remember(memory, in: namespace)
            default: _ = try await engine.remember(NewMemory(memory.text, speaker: "Bo"), in: namespace)
            }
        }
    }

    @Test(arguments: Seeds.ci, [(true, true), (false, false), (true, false)])
    func exportImportExportGivesEqualBytes(seed: UInt64, contents: (vectors: Bool, history: Bool)) async throws {
        let scratch = try Scratch()
        let clock = ManualClock()
        let first = try await openEngine(at: scratch.path + "/1", clock: clock, seed: seed)
        try await Self.fill(first, seed: seed, clock: clock)
        let options = ExportOptions(includesVectors: contents.vectors, includesHistory: contents.history)
        let exported = try await Self.lines(of: first, options)
        #expect(exported.count > 20)
        clock.advance(by: .seconds(1000))
        // With the vectors no model is needed to take them over.
        let second = try await openEngine(
            at: scratch.path + "/2", embedder: contents.vectors ? nil : SeededEmbedder(), clock: clock, seed: 99)
        let records = try exported.map { try PortableRecord(jsonLine: $0) }
        for result in try await second.restore(records) { #expect(try result.get().status == .stored) }
        #expect(try await Self.lines(of: second, options, countMax: 7) == exported)
        // Again nothing is stored, counted or changed.
        let change = try await second.stats().store.change
        for result in try await second.restore(records) { #expect(try result.get().status == .known) }
        #expect(try await second.stats().store.change == change)
        #expect(try await Self.lines(of: second, options) == exported)
        try await first.close()
        try await second.close()
    }

    @Test func aRestoredMemoryAnswersAsTheOldOne() async throws {
        let scratch = try Scratch()
        let clock = ManualClock()
        let first = try await openEngine(at: scratch.path + "/1", clock: clock)
        try await Self.fill(first, seed: 5, clock: clock)
        let second = try await openEngine(at: scratch.path + "/2", clock: clock)
        // The index exists before the records come, so that restoring has to keep it in step.
        _ = try await second.recall("anything", in: "a")
        let lines = try await Self.lines(of: first, ExportOptions(includesVectors: true))
        _ = try await second.restore(lines.map { try PortableRecord(jsonLine: $0) })
        for query in ["text 3 quoted", "changed", "line break 5"] {
            for namespace in ["a", "b:c", "z"] {
                let options = RecallOptions(countsUse: false)
                let old = try await first.recall(query, in: namespace, options: options)
                let new = try await second.recall(query, in: namespace, options: options)
                #expect(old.map(\.record.id) == new.map(\.record.id))
                #expect(old.map(\.score) == new.map(\.score))
            }
        }
        try await first.close()
        try await second.close()
    }

    @Test func badRecordsAreRefusedOneByOneAndNothingElse() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let old = try await engine.remember("here already").record
        func record(_ text: String, _ change: (inout MemoryRecord) -> Void = { _ in }) -> PortableRecord {
            var record = MemoryRecord(
                id: RecordID(high: 1, low: UInt64(text.utf8.count)), namespace: "default", text: text,
                createdAt: Timestamp(milliseconds: 0))
            change(&record)
            return PortableRecord(record: record)
        }
        var broken = record("a vector of zeros")
        broken.embedding = StoredEmbedding(
            space: EmbeddingSpace(model: "m", revision: "r", dimension: 2), vector: [0, 0])
        let results = try await engine.restore([
            record("  "), record("importance") { $0.importance = 2 }, broken,
            record("takes an id") { $0.id = old.id },
            record("link") { $0.duplicateOf = RecordID(high: 7, low: 7) },
        ])
        let codes = results.map { result -> StrataError.Code? in
            if case .failure(let error) = result { error.code } else { nil }
        }
        #expect(codes == [.invalidArgument, .invalidArgument, .invalidVector, .conflict, nil])
        #expect(try results[4].get().isLinkDropped)
        #expect(try await engine.stats().store.recordCount == 2)
        try await engine.close()
    }

    @Test(arguments: [
        "", "[]", #"{"type":"record"}"#, #"{"type":"other"}"#,
        #"{"format":"strata-export","type":"header","version":2}"#,
        #"{"type":"record","id":"x","namespace":"a","text":"t","createdAt":"2026-01-01"}"#,
        #"{"type":"record","id":"01a203d5-ae21-7000-afa5-4f87819e8d3b","namespace":"a","text":"t","createdAt":"2026-01-01","vector":{"model":"m","revision":"r","dimension":900000000,"components":""}}"#,
        #"{"type":"record","id":"01a203d5-ae21-7000-afa5-4f87819e8d3b","namespace":"a","text":"t","createdAt":"2026-01-01","accessCount":-1}"#,
        #"{"type":"end","recordCount":"3"}"#,
    ])
    func aLineThatIsNoneIsAnErrorWithoutItsValues(line: String) {
        do {
            _ = try PortableLine(jsonLine: line)
            Issue.record("read \(line)")
        } catch let error as StrataError {
            #expect(error.code == .invalidArgument || error.code == .unsupportedVersion)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test(arguments: Seeds.ci) func garbledLinesNeverStopTheProcess(seed: UInt64) {
        let record = MemoryRecord(
            id: RecordID(high: 1, low: 2), namespace: "a", text: "text", tags: ["t"], metadata: ["k": [1, 2.5]],
            createdAt: Timestamp(milliseconds: 0))
        let vector = StoredEmbedding(space: StoreSample.space, vector: [1, 2, 3, 4])
        let line = Array(PortableRecord(record: record, embedding: vector).jsonLine.utf8)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var bytes = line
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes.prefix(place), at: place)
                }
                if bytes.isEmpty || bytes.count > 4096 { break }
            }
            // What is read reads back as itself.
            if let read = try? PortableRecord(jsonLine: String(decoding: bytes, as: UTF8.self)) {
                #expect((try? PortableRecord(jsonLine: read.jsonLine)) == read)
            }
        }
    }
}
