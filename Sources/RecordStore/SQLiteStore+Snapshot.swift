import Foundation
import GRDB
import GRDBSQLite
import StrataCore

/// What a copy of the database holds.
public struct DatabaseSnapshot: Sendable, Hashable {
    /// The last change in it.
    public let change: Int64
    /// Its schema.
    public let schemaVersion: Int
    /// The bytes of a page.
    public let pageSize: Int
    /// How many pages it has.
    public let pageCount: Int
    /// How many records each namespace holds.
    public let recordCounts: [String: Int]
    /// How many vectors there are.
    public let vectorCount: Int
}

extension SQLiteStore {
    /// Copies the database as it is at one moment to a new file, while reads and writes go on.
    ///
    /// The copy is made by SQLite's backup API over one read transaction. Until it is done the log cannot be emptied, so
    /// it grows by what is written meanwhile.
    ///
    /// - Parameters:
    ///   - path: the file to be; it must not exist, and is left incomplete when the copy fails.
    ///   - progress: is told pages done and all pages; what it throws ends the copy.
    public func snapshot(
        to path: String, progress: @escaping @Sendable (Int, Int) throws -> Void
    ) async throws -> DatabaseSnapshot {
        try await read { db in
            // The first read fixes the moment, and everything below sees it.
            let change = try db.number("SELECT max(number) FROM change") ?? 0
            var recordCounts: [String: Int] = [:]
            let namespaces = try db.rows("SELECT name, record_count FROM namespace WHERE record_count > 0", [])
            while let row = try namespaces.next() { recordCounts[row[0]] = row[1] }
            let vectorCount = try Int.fetchOne(db, sql: "SELECT coalesce(sum(vector_count), 0) FROM shelf") ?? 0
            let pageCount = try Self.copyPages(of: db, to: path, progress: progress)
            return DatabaseSnapshot(
                change: change, schemaVersion: try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0,
                pageSize: try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0, pageCount: pageCount,
                recordCounts: recordCounts, vectorCount: vectorCount)
        }
    }

    /// Copies the pages that a connection sees to a new file, and gives their number.
    static func copyPages(
        of db: Database, to path: String, progress: (Int, Int) throws -> Void
    ) throws -> Int {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw StrataError(.storageFailure, "cannot make \(path); check the folder's permissions")
        }
        var target: OpaquePointer?
        defer { sqlite3_close(target) }
        // A copy that is not finished is thrown away, so it needs neither a journal nor syncs.
        try check(sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE, nil))
        try check(sqlite3_exec(target, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", nil, nil, nil))
        guard let backup = sqlite3_backup_init(target, "main", db.sqliteConnection, "main") else {
            throw StorageErrors.mapped(DatabaseError(resultCode: ResultCode(rawValue: sqlite3_errcode(target))))
        }
        var status = SQLITE_OK
        do {
            while status == SQLITE_OK {
                status = sqlite3_backup_step(backup, 512)
                let total = Int(sqlite3_backup_pagecount(backup))
                try progress(total - Int(sqlite3_backup_remaining(backup)), total)
            }
        } catch {
            sqlite3_backup_finish(backup)
            throw error
        }
        let pageCount = Int(sqlite3_backup_pagecount(backup))
        sqlite3_backup_finish(backup)
        guard status == SQLITE_DONE else { throw DatabaseError(resultCode: ResultCode(rawValue: status)) }
        return pageCount
    }

    private static func check(_ status: Int32) throws {
        guard status == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: status)) }
    }
}
