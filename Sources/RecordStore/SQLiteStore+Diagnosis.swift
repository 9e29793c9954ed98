import GRDB
import GRDBSQLite
import StrataCore

/// What a store says about its own state.
public struct StoreDiagnosis: Sendable, Hashable {
    /// The schema of the database file.
    public let schemaVersion: Int
    /// SQLite's journal mode, `wal`.
    public let journalMode: String
    /// What the writing connection has in force: 2 is FULL, which syncs every commit.
    public let synchronous: Int
    /// What `PRAGMA quick_check` found, at most ten lines; empty for a sound file.
    public let damages: [String]
}

extension SQLiteStore {
    /// The version of the SQLite library in use.
    public static var libraryVersion: String { String(cString: sqlite3_libversion()) }

    /// Reads the whole file for damage and asks the writing connection for its settings.
    ///
    /// - Throws: ``StrataError/Code/corrupted`` when the damage is such that the check cannot run; other errors of a read.
    public func diagnose() async throws -> StoreDiagnosis {
        let (synchronous, journalMode) = try await settings()
        return try await read { db in
            let report = try String.fetchAll(db, sql: "PRAGMA quick_check(10)")
            return StoreDiagnosis(
                schemaVersion: try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0, journalMode: journalMode,
                synchronous: synchronous, damages: report == ["ok"] ? [] : report)
        }
    }

    /// The settings of the writing connection; those of the readers decide nothing.
    private func settings() async throws -> (synchronous: Int, journalMode: String) {
        do {
            return try await pool.writeWithoutTransaction { db in
                (
                    try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? 0,
                    try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? ""
                )
            }
        } catch {
            throw StorageErrors.mapped(error)
        }
    }
}
