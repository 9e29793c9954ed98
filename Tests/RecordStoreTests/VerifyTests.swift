import Foundation
import GRDB
import StrataCore
import StrataTesting
import Testing

@testable import RecordStore

/// What verification says about a store in which one thing was broken on purpose.
struct VerifyTests {
    static let terms: @Sendable (String) -> [String] = { StoreSample.content($0).terms }

    /// A way of breaking a store by hand, and what must be found.
    struct Fault: Sendable, CustomTestStringConvertible {
        let sql: String
        let code: String
        var isMended = true
        /// How many records have no vector afterwards.
        var missingVectorCount = 0
        var testDescription: String { "\(code): \(sql)" }
    }

    static let faults: [Fault] = [
        Fault(sql: "DELETE FROM keyword WHERE record = 3", code: "keyword_missing"),
        Fault(
            sql: "UPDATE keyword SET terms = (SELECT terms FROM keyword WHERE record = 4) WHERE record = 3",
            code: "keyword_stale"),
        Fault(sql: "UPDATE keyword SET terms = x'FF' WHERE record = 3", code: "keyword_stale"),
        Fault(
            sql: "INSERT INTO keyword(record, terms) SELECT 999, terms FROM keyword WHERE record = 3",
            code: "keyword_orphan"),
        Fault(sql: "UPDATE term SET tail = x'0101' WHERE name = 'text'", code: "keyword_index"),
        Fault(
            sql: "UPDATE term SET tail = (SELECT tail FROM term WHERE name = '5') WHERE name = '4'",
            code: "keyword_index"),
        Fault(sql: "DELETE FROM term WHERE name = 'text'", code: "keyword_stale"),
        Fault(sql: "UPDATE term SET record_count = record_count + 1 WHERE name = '4'", code: "term_count"),
        Fault(sql: "INSERT INTO term(namespace, name, record_count) VALUES (1, 'ghost', 2)", code: "term_count"),
        Fault(sql: "UPDATE namespace SET record_count = record_count + 1", code: "namespace_count"),
        Fault(sql: "UPDATE namespace SET text_bytes = 0, pinned_count = 3", code: "namespace_count"),
        Fault(sql: "UPDATE namespace SET term_count = 1", code: "length_count"),
        Fault(sql: "DELETE FROM tag WHERE record = 2", code: "tag_missing"),
        Fault(sql: "INSERT INTO tag(namespace, name, record) VALUES (1, 'ghost', 2)", code: "tag_orphan"),
        Fault(sql: "INSERT INTO tag(namespace, name, record) VALUES (1, 't', 999)", code: "tag_orphan"),
        Fault(sql: "UPDATE shelf SET vector_count = 1", code: "shelf_count"),
        Fault(sql: "DELETE FROM vector WHERE key & 0xFFFFFF = 5", code: "vector_missing", missingVectorCount: 1),
        Fault(
            sql: "UPDATE vector SET components = x'0000' WHERE key & 0xFFFFFF = 5", code: "vector_damaged",
            missingVectorCount: 1),
        Fault(
            sql:
                "UPDATE vector SET components = CAST(x'0000C07F' || substr(components, 5) AS BLOB) WHERE key & 0xFFFFFF = 5",
            code: "vector_damaged", missingVectorCount: 1),
        Fault(sql: "INSERT INTO vector(key, components) VALUES ((1 << 40) | 999, x'00')", code: "vector_orphan"),
        Fault(sql: "INSERT INTO vector(key, components) VALUES ((9 << 40) | 1, x'00')", code: "vector_orphan"),
        Fault(sql: "UPDATE record SET duplicate_of = zeroblob(16) WHERE key = 4", code: "duplicate_link"),
        Fault(sql: "UPDATE change SET previous = '{' WHERE number = 2", code: "change_damaged"),
        Fault(
            sql: """
                INSERT INTO change(namespace, record, operation, at, previous) \
                VALUES (1, zeroblob(16), 'updated', 0, '{"text":"old words"}')
                """, code: "history_orphan"),
        Fault(sql: "UPDATE record SET text = 'other words' WHERE key = 6", code: "digest", isMended: false),
        Fault(sql: "UPDATE record SET layer = 9 WHERE key = 6", code: "record", isMended: false),
        Fault(sql: "UPDATE record SET change = 9999 WHERE key = 6", code: "change_ahead", isMended: false),
        Fault(sql: "UPDATE record SET change = 1 WHERE key = 6", code: "change_of_other", isMended: false),
        Fault(
            sql: """
                INSERT INTO change(namespace, record, operation, at) \
                SELECT namespace, id, 'forgotten', 0 FROM record WHERE key = 6
                """, code: "change_forgotten", isMended: false),
    ]

    private func filled(_ path: String) async throws -> SQLiteStore {
        let store = try await SQLiteStore.open(at: path)
        for number in 1...12 { try await store.remember(number) }
        try await store.remember(13, in: "b")
        _ = try await store.apply(
            .update(StoreSample.id(3), namespace: "a", RecordPatch(kind: "fact"), content: nil, ifChange: nil))
        _ = try await store.apply(.forget(.ids([StoreSample.id(12)]), namespace: "a"))
        return store
    }

    @Test(arguments: faults)
    func whatWasBrokenIsNamedAndMended(fault: Fault) async throws {
        try await withScratch { path in
            let store = try await filled(path)
            let before = try await store.verify(terms: Self.terms)
            #expect(before == [])
            try await store.pool.write { try $0.execute(sql: fault.sql) }
            let found = try await store.verify(terms: Self.terms)
            #expect(found.map(\.code).contains(fault.code), "\(found)")
            #expect(found.allSatisfy { !$0.isRepaired && $0.count > 0 })
            #expect(try await store.verify(terms: Self.terms) == found, "looking has changed something")
            let mended = try await store.verify(repairs: true, terms: Self.terms)
            #expect(mended.first { $0.code == fault.code }?.isRepaired == fault.isMended)
            let rest = try await store.verify(terms: Self.terms).map(\.code)
            #expect(fault.isMended ? rest.isEmpty : rest.contains(fault.code), "\(rest)")
            if fault.isMended {
                #expect(try await store.numbers() == Array(1...11))
                let missing = try await store.recordsWithoutVector(space: StoreSample.space, after: nil, limit: 99)
                #expect(missing.count == fault.missingVectorCount)
                let terms = [WeightedTerm(term: "text", weight: 1)]
                let hits = try await store.keywordSearch(
                    terms, lengthMean: 2, parameters: BM25Parameters(), in: "a", matching: nil, keys: nil, limit: 99)
                #expect(hits.count == 11)
                #expect(try await store.termStatistics(["text", "4"], in: "a").recordCounts == ["text": 11, "4": 1])
            }
            try await store.close()
        }
    }

    @Test(arguments: Seeds.ci)
    func aRandomRunLeavesNothingToFind(seed: UInt64) async throws {
        try await withScratch { path in
            let store = try await SQLiteStore.open(at: path)
            var run = MemoryStoreModelRun(seed: seed)
            for _ in 1...400 { try await run.step(store) }
            // The run's updates give the digest of the bare text, which is not that of a record with a speaker.
            let findings = try await store.verify(terms: Self.terms).filter { $0.code != "digest" }
            #expect(findings == [], "seed \(seed)")
            try await store.close()
        }
    }

    @Test func cachedVectorsThatFailTheirChecksumsAreNamedAndRemoved() async throws {
        try await withScratch { path in
            let cache = await SQLiteEmbeddingCache.open(at: path, limits: EmbeddingCacheLimits())
            let keys = ["one", "two", "three"].map {
                EmbeddingCacheKey(fingerprint: "f", role: .document, digest: SHA256.digest(of: $0))
            }
            let embedding = Embedding(vector: [1, 2, 3], tokenCount: 1, isTruncated: false)
            await cache.keep(
                keys.map { EmbeddingCacheEntry(key: $0, embedding: embedding, madeAt: StoreSample.time(1)) })
            await cache.close()
            #expect(try await SQLiteEmbeddingCache.verify(at: path) == [])
            let queue = try DatabaseQueue(path: path)
            try await queue.write { try $0.execute(sql: "UPDATE entry SET vector = zeroblob(12) WHERE id = 2") }
            try queue.close()
            #expect(try await SQLiteEmbeddingCache.verify(at: path).map(\.code) == ["cache_checksum"])
            #expect(try await SQLiteEmbeddingCache.verify(at: path, repairs: true).map(\.isRepaired) == [true])
            #expect(try await SQLiteEmbeddingCache.verify(at: path) == [])
        }
    }
}
