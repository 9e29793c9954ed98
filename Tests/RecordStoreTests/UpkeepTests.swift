import GRDB
import StrataCore
import StrataTesting
import Testing

@testable import RecordStore

@Suite struct UpkeepTests {
    @Test func freePagesGoBackBitByBitUntilNoneIsLeft() async throws {
        try await withScratch { path in
            let store = try await SQLiteStore.open(at: path)
            let text = String(repeating: "word ", count: 2000)
            let records = (0..<200).map { StoreSample.record($0, "\($0) \(text)") }
            for result in try await store.commit(records.map { [StoreSample.insert($0)] }, at: StoreSample.time(0)) {
                _ = try result.get()
            }
            _ = try await store.commit([[.forget(.everything, namespace: "a")]], at: StoreSample.time(1))
            func pages(_ pragma: String) async throws -> Int {
                try await store.pool.read { try Int.fetchOne($0, sql: "PRAGMA \(pragma)") ?? 0 }
            }
            let before = try await pages("page_count")
            #expect(try await pages("auto_vacuum") == 2)
            #expect(try await pages("freelist_count") > 100)
            let first = try await store.upkeep(.freePages, limit: 10)
            #expect(first.doneCount == 10 && first.next != nil)
            while try await store.upkeep(.freePages, limit: 64).next != nil {}
            #expect(try await pages("freelist_count") == 0)
            #expect(try await pages("page_count") < before / 2)
            try await store.close()
        }
    }

    @Test func rowsOfNoRecordAreRemovedAndOthersAreNot() async throws {
        try await withScratch { path in
            let store = try await SQLiteStore.open(at: path)
            let inserts = (1...30).map { number in
                [
                    StoreSample.insert(
                        StoreSample.record(number, "text \(number)", tags: ["t"]), space: StoreSample.space)
                ]
            }
            for result in try await store.commit(inserts, at: StoreSample.time(0)) { _ = try result.get() }
            // What a defect could leave behind: the row is gone, what hangs on it is not.
            try await store.pool.write { try $0.execute(sql: "DELETE FROM record WHERE key IN (3, 17)") }
            var (count, next) = (0, Int64?.some(0))
            while let row = next {
                let outcome = try await store.upkeep(.orphans(after: row), limit: 7)
                count += outcome.doneCount
                next = outcome.next
            }
            // Two vectors and two tags; keyword rows and postings are `doctor --repair`'s to mend.
            #expect(count == 4)
            let snapshot = try await store.vectors(in: "a", space: StoreSample.space)
            #expect(snapshot.keys.count == 28 && !snapshot.keys.contains(17))
            #expect(try await store.upkeep(.orphans(after: 0), limit: 1000).doneCount == 0)
            try await store.close()
        }
    }
}
