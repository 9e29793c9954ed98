import RecordStore
import StrataCore
import StrataTesting
import Testing

struct ConformanceTests {
    @Test(arguments: MemoryStoreConformance.rules)
    func theReferenceKeepsEveryRule(rule: MemoryStoreConformance) async throws {
        try await rule.check { InMemoryStore() }
    }

    @Test(arguments: MemoryStoreConformance.rules)
    func theSQLiteStoreKeepsEveryRule(rule: MemoryStoreConformance) async throws {
        try await withScratch { path in
            try await rule.check { try await SQLiteStore.open(at: path) }
        }
    }

    @Test(arguments: Seeds.ci)
    func theSQLiteStoreAgreesWithTheReferenceOverRandomOperations(seed: UInt64) async throws {
        try await withScratch { path in
            var store = try await SQLiteStore.open(at: path)
            var run = MemoryStoreModelRun(seed: seed)
            for step in 1...2000 {
                try await run.step(store)
                if step % 20 == 0 { try await run.compare(store) }
                if step % 250 == 0 {
                    try await store.close()
                    store = try await SQLiteStore.open(at: path)
                    try await run.compare(store)
                }
            }
            try await store.close()
            for kind in ["insert", "update", "embed", "use", "forget", "feedback", "move", "discard", "failed"] {
                #expect(run.counts[kind, default: 0] > 100, "the run did too little of \(kind)")
            }
        }
    }

    @Test(arguments: Seeds.ci)
    func everyFilterMeansInSQLWhatItMeansOnARecord(seed: UInt64) async throws {
        try await withScratch { path in
            let store = try await SQLiteStore.open(at: path)
            var random = RandomFilters(seed: seed)
            let records = (0..<150).map { random.record($0, text: "text \($0)", in: "a") }
            let inserts = records.map { [StoreSample.insert($0, onDuplicate: .keep)] }
            for result in try await store.commit(inserts, at: StoreSample.time(0)) { _ = try result.get() }
            let stored = try await store.list(in: "a", matching: nil, after: nil, limit: .max)
            #expect(stored.count == records.count)
            var matchCount = 0
            for _ in 0..<1500 {
                let filter = random.filter()
                let expected = stored.filter { filter.matches($0.record) }
                let keys = try await store.keys(in: "a", matching: filter)
                #expect(keys == expected.map(\.key), "\(filter)")
                // The same filter among the candidates of a search.
                let hits = try await store.keywordSearch(
                    [WeightedTerm(term: "text", weight: 1)], lengthMean: 2, parameters: BM25Parameters(), in: "a",
                    matching: filter, keys: nil, limit: .max)
                #expect(Set(hits.map(\.key)) == Set(keys), "\(filter)")
                matchCount += keys.isEmpty || keys.count == stored.count ? 0 : 1
            }
            #expect(matchCount > 500, "too few filters told records apart")
            try await store.close()
        }
    }
}
