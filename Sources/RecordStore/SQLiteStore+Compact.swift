import GRDB
import StrataCore

/// What compacting gave.
public struct StoreCompaction: Sendable, Hashable {
    /// The bytes of the files before.
    public let fileBytesBefore: Int
    /// The bytes of the files after.
    public let fileBytes: Int
    /// Whether the log could be emptied; it cannot while a read goes on that began before.
    public let isLogEmpty: Bool
}

extension SQLiteStore {
    /// Gives free pages back to the file system and empties the log, in which the bytes of forgotten records outlast
    /// their removal from the database file.
    @discardableResult
    public func compact() async throws -> StoreCompaction {
        let before = fileBytes()
        while try await reclaim(pageCountMax: 4096) > 0 {}
        let isLogEmpty = try await emptyLog()
        return StoreCompaction(fileBytesBefore: before, fileBytes: fileBytes(), isLogEmpty: isLogEmpty)
    }

    /// Gives at most that many free pages back to the file system, in one short transaction.
    ///
    /// - Returns: how many pages went; 0 when none were free.
    public func reclaim(pageCountMax: Int) async throws -> Int {
        try await write { db in
            let before = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            guard before > 0 else { return 0 }
            // The statement frees a page each time it is stepped.
            let cursor = try Row.fetchCursor(db, sql: "PRAGMA incremental_vacuum(\(max(1, pageCountMax)))")
            while try cursor.next() != nil {}
            return before - (try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0)
        }
    }

    /// Drops the oldest entries of the change log beyond a number, at most `stepCountMax` of them.
    ///
    /// What a change feed or a record's history would say of them is gone; the last change of each record stays.
    ///
    /// - Returns: how many went.
    public func trimChanges(keepingLast count: Int, stepCountMax: Int = 10_000) async throws -> Int {
        try await write { db in
            let last = try db.number("SELECT max(number) FROM change") ?? 0
            try db.run(
                """
                DELETE FROM change WHERE number IN (SELECT c.number FROM change c WHERE c.number <= ? \
                AND NOT EXISTS (SELECT 1 FROM record r WHERE r.id = c.record AND r.change = c.number) \
                ORDER BY c.number LIMIT ?)
                """, [last - Int64(max(0, count)), stepCountMax])
            return db.changesCount
        }
    }

    private func emptyLog() async throws -> Bool {
        do {
            return try await pool.writeWithoutTransaction { db in
                // The first number is 1 when a reader or another process was in the way.
                let row = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                return row?[0] == 0
            }
        } catch {
            throw StorageErrors.mapped(error)
        }
    }
}
