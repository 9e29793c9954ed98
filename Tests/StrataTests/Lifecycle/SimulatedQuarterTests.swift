import Foundation
import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct SimulatedQuarterTests {
    /// A cycle every so many hours; a day of traffic a day, of which a few memories go on being asked for.
    private static let stepHours: Int64 = 6
    private static let interactCountMax = 18
    /// A quarter and a bit: what comes into the insights on the first day leaves them after the ninety-first.
    private static let dayCount = 96
    /// One seed where the suite must be quick; STRATA_LONG_TESTS=1 runs them all.
    private static let seeds =
        ProcessInfo.processInfo.environment["STRATA_LONG_TESTS"] == nil ? [Seeds.ci[0]] : Seeds.ci

    @Test(arguments: seeds)
    func everyRecordGoesTheWayThatTheRulesDescribeThroughAQuarter(seed: UInt64) async throws {
        let scratch = try Scratch()
        let clock = ManualClock()
        let embedder = SeededEmbedder(seed: seed)
        var random = SeededGenerator(seed: seed)
        var oracle = LifecycleOracle()
        func open() async throws -> MemoryEngine {
            try await openEngine(
                at: scratch.path, embedder: embedder, clock: clock, seed: seed &+ UInt64(clock.now.milliseconds)
            ) {
                $0.nearDuplicates = nil
                $0.lifecycle.catchUpAfter = nil
                $0.lifecycle.learned.mode = .rules
                $0.lifecycle.interact.recordCountMax = Self.interactCountMax
                $0.cache = nil
            }
        }
        var engine = try await open()
        var pinned: Set<RecordID> = []
        var lasting: Set<RecordID> = []
        var favourites: [String] = []
        for step in 0..<(Self.dayCount * 24 / Int(Self.stepHours)) {
            clock.advance(by: .seconds(Self.stepHours * 3600))
            let memories = (0..<Int.random(in: 1...3, using: &random)).map { index in
                let importance = Int.random(in: 0..<20, using: &random)
                return NewMemory(
                    "note \(step) \(index) about subject \(Int.random(in: 0..<999, using: &random))",
                    layer: importance == 19
                        ? .assets : importance == 16 || (8..<12).contains(step) ? .insights : .interact,
                    importance: importance < 3 ? 0.8 + 0.1 * Double(importance % 3) : Double(importance) / 30,
                    pinned: importance == 18, source: importance == 17 ? .recall : .user)
            }
            for outcome in try await engine.remember(memories) {
                let record = try outcome.get().record
                oracle.add(record)
                if record.pinned { pinned.insert(record.id) }
                if record.layer == .assets { lasting.insert(record.id) }
                if Int.random(in: 0..<6, using: &random) == 0 { favourites.append(record.text) }
            }
            favourites = Array(favourites.suffix(20))
            for _ in 0..<2 {
                guard let query = favourites.randomElement(using: &random) else { continue }
                let hits = try await engine.recall(query, limit: 1).map(\.record.id)
                oracle.use(hits, at: clock.now)
                if let id = hits.first, Int.random(in: 0..<5, using: &random) == 0 {
                    let isUseful = Bool.random(using: &random)
                    try await engine.feedback(id, isUseful ? .useful : .notUseful)
                    oracle.judge(id, useful: isUseful)
                }
            }
            if step % 50 == 49, let id = oracle.entries.filter({ $0.value.layer == .insights }).keys.min() {
                try await engine.move(id, to: .interact)
                oracle.move(id, to: .interact, at: clock.now)
            }
            try await engine.promote()
            oracle.cycle(at: clock.now)
            if step % 4 == 3 {
                try await engine.cleanUp()
                oracle.evict(.interact, over: Self.interactCountMax, at: clock.now)
                try await compare(engine, oracle, "step \(step) seed \(seed)")
            }
            if step % 97 == 96 {
                try await engine.close()
                engine = try await open()
            }
        }
        for rule in ["used", "important", "proven", "vital", "expired interact", "expired insights", "evicted"] {
            #expect(oracle.fired[rule, default: 0] > 0, "rule \(rule) never fired with seed \(seed)")
        }
        #expect(pinned.count > 10 && lasting.count > 10)
        #expect(pinned.union(lasting).isSubset(of: Set(oracle.entries.keys)))
        try await engine.close()
    }

    private func compare(_ engine: MemoryEngine, _ oracle: LifecycleOracle, _ place: String) async throws {
        var (found, cursor): ([RecordID: MemoryRecord], String?) = ([:], nil)
        repeat {
            let page = try await engine.list(cursor: cursor, limit: 1000)
            for record in page.records { found[record.id] = record }
            cursor = page.nextCursor
        } while cursor != nil
        try #require(Set(found.keys) == Set(oracle.entries.keys), "\(place)")
        for (id, entry) in oracle.entries {
            let record = try #require(found[id])
            try #require(record.layer == entry.layer, "\(place)")
            try #require(record.enteredLayerAt == entry.entered, "\(place)")
            try #require(record.layerUseCount == entry.layerUses && record.accessCount == entry.uses, "\(place)")
        }
    }
}
