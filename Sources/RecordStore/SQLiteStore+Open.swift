import Foundation
import GRDB
import StrataCore

extension SQLiteStore {
    /// Opens the connections and brings the schema up to date; blocks.
    static func openPool(at path: String, vfs: String?, readerCount: Int) throws -> DatabasePool {
        let url = URL(fileURLWithPath: path).absoluteURL
        var isFolder: ObjCBool = false
        let folder = url.deletingLastPathComponent().path
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw StrataError(.notFound, "the folder of the database \(path) does not exist; make it first")
        }
        let name = vfs.map { "file:\(url.path(percentEncoded: true))?vfs=\($0)" } ?? url.path
        let pool = try DatabasePool(path: name, configuration: configuration(readerCount: readerCount))
        do {
            try prepare(pool, path: path)
        } catch {
            try? pool.close()
            throw error
        }
        return pool
    }

    private static func configuration(readerCount: Int) -> Configuration {
        var configuration = Configuration()
        configuration.label = "strata.store"
        configuration.maximumReaderCount = max(1, readerCount)
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { db in
            // Free pages can go back to the file system; this takes hold only where there is no page yet.
            if !db.configuration.readonly { try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
            try db.execute(
                sql: """
                    PRAGMA cache_size = -32768;
                    PRAGMA mmap_size = 1073741824;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA trusted_schema = OFF
                    """)
        }
        return configuration
    }

    private static func prepare(_ pool: DatabasePool, path: String) throws {
        try pool.writeWithoutTransaction { db in
            let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            let tableCount = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
            guard application == Schema.applicationID || application == 0 && tableCount == 0 else {
                throw StrataError(.corrupted, "\(path) is a database, but not one of Strata's; give another path")
            }
            let isSuperseded = try Schema.migrator.hasBeenSuperseded(db)
            guard version <= Schema.version, !isSuperseded else {
                throw StrataError(
                    .unsupportedVersion,
                    """
                    \(path) has schema version \(version), this program knows \(Schema.version) and older; \
                    use the newer program
                    """)
            }
            if tableCount > 0, version < Schema.version { try saveBeforeMigration(db, path: path, version: version) }
        }
        try Schema.migrator.migrate(pool)
        try pool.writeWithoutTransaction { db in
            // GRDB sets NORMAL on a pool's writer after `prepareDatabase`, and would then not see a failing sync.
            try db.execute(
                sql: """
                    PRAGMA synchronous = FULL;
                    PRAGMA journal_size_limit = 67108864;
                    PRAGMA secure_delete = ON
                    """)
        }
    }

    /// What the copy of a database is called that is made before its schema is brought up to date.
    public static let migrationCopySuffix = ".before-migration-"

    /// Copies a database of an older schema beside itself, aside first and renamed when whole; a copy that is there
    /// already is left alone, because it may be the only good one.
    private static func saveBeforeMigration(_ db: Database, path: String, version: Int) throws {
        let copy = path + "\(migrationCopySuffix)\(version)"
        guard !FileManager.default.fileExists(atPath: copy) else { return }
        let partial = copy + ".partial"
        try? FileManager.default.removeItem(atPath: partial)
        _ = try copyPages(of: db, to: partial) { _, _ in }
        do {
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: partial))
            try file.synchronize()
            try file.close()
            try FileManager.default.moveItem(atPath: partial, toPath: copy)
        } catch {
            throw StrataError(
                .storageFailure, "cannot save \(path) before its migration; free space on the disk", cause: error)
        }
    }
}
