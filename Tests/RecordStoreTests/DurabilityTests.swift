import CFaultVFS
import Foundation
import GRDB
import StrataCore
import StrataTesting
import Testing

@testable import RecordStore

/// Faults are of the whole process, so these tests run one at a time.
@Suite(.serialized)
struct DurabilityTests {
    static let isRegistered = fault_vfs_register() == 0

    static func openFaulty(_ path: String) async throws -> SQLiteStore {
        #expect(isRegistered)
        return try await SQLiteStore.open(at: path, vfs: "fault")
    }

    /// Stores one record a commit and says which commits were acknowledged.
    private static func runScript(_ store: SQLiteStore) async throws -> [Int] {
        var acknowledged: [Int] = []
        for number in 1...25 {
            do {
                try await store.remember(number)
                acknowledged.append(number)
            } catch let error as StrataError {
                #expect(error.code == .storageFailure)
                #expect(try await store.numbers() == acknowledged, "a failed commit is visible")
            }
        }
        return acknowledged
    }

    @Test func theWriterSyncsFullyAndSaysSo() async throws {
        try await withScratch { path in
            let store = try await Self.openFaulty(path)
            let mode = try await store.pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
            #expect(mode == 2)
            let before = fault_vfs_sync_count()
            for number in 1...10 { try await store.remember(number) }
            #expect(fault_vfs_sync_count() >= before + 10, "not every commit was synced")
            try await store.close()
        }
    }

    @Test func whicheverSyncFailsTheCommitFailsAndNothingOfItIsThere() async throws {
        var syncCount = 0
        try await withScratch { path in
            let store = try await Self.openFaulty(path)
            let before = fault_vfs_sync_count()
            #expect(try await Self.runScript(store).count == 25)
            syncCount = Int(fault_vfs_sync_count() - before)
            try await store.close()
        }
        try #require(syncCount >= 25)
        for failing in 1...syncCount {
            try await withScratch { path in
                let store = try await Self.openFaulty(path)
                fault_vfs_fail_sync(Int32(failing))
                let acknowledged = try await Self.runScript(store)
                fault_vfs_fail_sync(0)
                #expect(acknowledged.count == 24, "sync \(failing) of \(syncCount) failed unnoticed")
                #expect(try await store.numbers() == acknowledged)
                try await store.close()
                let reopened = try await SQLiteStore.open(at: path)
                #expect(try await reopened.numbers() == acknowledged)
                #expect(try await reopened.statistics(in: nil, space: StoreSample.space).vectorCount == 24)
                try await reopened.close()
            }
        }
    }

    @Test func aCommitWhoseSyncFailedDoesNotComeBackAfterACrash() async throws {
        try await withScratch { path in
            let store = try await Self.openFaulty(path)
            try await store.remember(1)
            fault_vfs_fail_sync(1)
            await #expect(throws: StrataError.self) { try await store.remember(2) }
            // The files as a crash right now would leave them.
            let copy = path + ".copy"
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
            }
            let recovered = try await SQLiteStore.open(at: copy)
            #expect(try await recovered.numbers() == [1])
            try await recovered.close()
            try await store.close()
        }
    }

    @Test(arguments: ["full", "read-only"])
    func aDiskThatTakesNoWritesFailsTheCommitAndNothingElse(fault: String) async throws {
        try await withScratch { path in
            func set(_ isOn: Int32) { fault == "full" ? fault_vfs_set_full(isOn) : fault_vfs_set_read_only(isOn) }
            let store = try await Self.openFaulty(path)
            try await store.remember(1)
            set(1)
            defer { set(0) }
            for number in 2...4 {
                let error = await #expect(throws: StrataError.self) { try await store.remember(number) }
                #expect(error?.code == .storageFailure)
                #expect(error?.message.contains("nothing was changed") == true)
                #expect(try await store.numbers() == [1])
            }
            set(0)
            try await store.remember(5)
            #expect(try await store.numbers() == [1, 5])
            try await store.close()
            let reopened = try await SQLiteStore.open(at: path)
            #expect(try await reopened.numbers() == [1, 5])
            try await reopened.close()
        }
    }

    @Test func aFullDiskWithinALargeCommitUndoesAllOfIt() async throws {
        try await withScratch { path in
            let store = try await SQLiteStore.open(at: path)
            try await store.remember(1)
            let pageCount = try await store.pool.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
            try await store.pool.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA max_page_count = \(pageCount + 20)")
            }
            let units = (2...500).map {
                [StoreSample.insert(StoreSample.record($0, "text \($0)"), space: StoreSample.space)]
            }
            let error = await #expect(throws: StrataError.self) {
                _ = try await store.commit(units, at: StoreSample.time(1))
            }
            #expect(error?.code == .storageFailure)
            #expect(try await store.numbers() == [1])
            try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
            _ = try await store.commit(units, at: StoreSample.time(1))
            #expect(try await store.numbers() == Array(1...500))
            try await store.close()
        }
    }

    @Test(arguments: Seeds.ci)
    func acknowledgedCommitsSurviveAKill(seed: UInt64) async throws {
        try await withScratch { path in
            let writer = Process()
            writer.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
                .appending(path: "crashchild")
            writer.arguments = [path]
            let output = Pipe()
            writer.standardOutput = output
            try writer.run()
            // The kill comes a random while after a random number of acknowledged commits: no sleep decides anything.
            var random = SeededGenerator(seed: seed)
            let length = Int.random(in: 1...3000, using: &random)
            var printed = Data()
            while printed.count < length {
                let part = output.fileHandleForReading.availableData
                try #require(!part.isEmpty, "the writer ended by itself")
                printed += part
            }
            for _ in 0..<Int.random(in: 0...200_000, using: &random) { _ = random.next() }
            kill(writer.processIdentifier, SIGKILL)
            writer.waitUntilExit()
            printed += output.fileHandleForReading.readDataToEndOfFile()
            let text = String(decoding: printed, as: UTF8.self)
            // A last line without its end may be half a number.
            let acknowledged = text.split(separator: "\n").dropLast(text.hasSuffix("\n") ? 0 : 1).compactMap { Int($0) }
            let last = try #require(acknowledged.last)

            let store = try await SQLiteStore.open(at: path)
            let found = try await store.numbers(in: "crash")
            let space = EmbeddingSpace(model: "crash", revision: "0", dimension: 384)
            #expect(found == Array(1...found.count))
            #expect(found.count >= last, "an acknowledged record is lost")
            // At most the commit in flight, which stores 1 through 5 records.
            #expect(found.count <= last + 1 + last % 5)
            #expect(try await store.vectors(in: "crash", space: space).keys.count == found.count)
            let terms = try await store.termStatistics(["text"], in: "crash")
            #expect(terms.recordCounts == ["text": found.count])
            #expect(try await store.changes(since: 0, in: nil, limit: .max).count == found.count)
            let check = try await store.pool.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
            #expect(check == ["ok"])
            try await store.close()
        }
    }
}
