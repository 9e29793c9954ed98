import RecordStore
import StrataCore
import StrataTesting
import Testing

struct ConcurrencyTests {
    @Test func readsBesideWritesSeeWholeCommitsOnly() async throws {
        try await withScratch { path in
            let store = try await SQLiteStore.open(at: path)
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    for commit in 0..<80 {
                        let units = (0..<10).map { unit in
                            let number = 10 * commit + unit
                            return [
                                StoreSample.insert(
                                    StoreSample.record(number, "text \(number)"), space: StoreSample.space)
                            ]
                        }
                        _ = try await store.commit(units, at: StoreSample.time(0))
                    }
                    return 0
                }
                for _ in 0..<4 {
                    group.addTask {
                        var last = 0
                        var readCount = 0
                        while last < 800 {
                            let snapshot = try await store.vectors(in: "a", space: StoreSample.space)
                            #expect(snapshot.keys.count % 10 == 0, "half a commit was seen")
                            #expect(snapshot.change == Int64(snapshot.keys.count), "the change is of another moment")
                            #expect(snapshot.keys.count >= last, "a later read saw less")
                            last = snapshot.keys.count
                            let statistics = try await store.statistics(in: "a", space: StoreSample.space)
                            #expect(statistics.recordCount == statistics.vectorCount)
                            #expect(try await store.numbers().count % 10 == 0)
                            readCount += 1
                        }
                        return readCount
                    }
                }
                var readCount = 0
                for try await count in group { readCount += count }
                #expect(readCount >= 8)
            }
            try await store.close()
        }
    }

    @Test func aCancelledReadThrowsCancellationAndTheStoreGoesOn() async throws {
        try await withScratch { path in
            let store = try await SQLiteStore.open(at: path)
            try await store.remember(1)
            let task = Task {
                while true { _ = try await store.numbers() }
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await store.numbers() == [1])
            try await store.close()
        }
    }

    @Test func twoStoresOnOneFileTakeTurns() async throws {
        try await withScratch { path in
            let first = try await SQLiteStore.open(at: path)
            let second = try await SQLiteStore.open(at: path)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (offset, store) in [first, second].enumerated() {
                    group.addTask {
                        for number in 0..<40 { try await store.remember(2 * number + offset) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await Set(first.numbers()) == Set(0..<80))
            try await first.close()
            try await second.close()
        }
    }
}
