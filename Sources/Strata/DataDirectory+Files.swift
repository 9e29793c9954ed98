internal import Backup
internal import Foundation
internal import RecordStore
internal import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Files that come and go in a data directory: scratch of backups and restores, what a restore has replaced.
extension DataDirectory {
    /// What begins so is removed by the next owner: only its maker could have used it.
    static let temporaryPrefix = ".tmp-"
    /// The database that the last restore has replaced.
    var previousPath: String { path + "/before-restore.sqlite" }
    /// What can be made anew from the database and must not outlive the one it was made from.
    private static let derivedNames = ["index"]

    /// Removes what a process that was killed has left of its temporary files.
    func removeLeftovers() {
        let files = FileManager.default
        for name in (try? files.contentsOfDirectory(atPath: path)) ?? [] where name.hasPrefix(Self.temporaryPrefix) {
            try? files.removeItem(atPath: path + "/" + name)
        }
    }

    /// Removes older copies of the database: the one that a restore has replaced, those from before a migration.
    func removeOldCopies() throws {
        let files = FileManager.default
        let migrated = Self.databaseName + SQLiteStore.migrationCopySuffix
        for name in (try? files.contentsOfDirectory(atPath: path)) ?? []
        where name.hasPrefix("before-restore.sqlite") || name.hasPrefix(migrated) {
            do {
                try files.removeItem(atPath: path + "/" + name)
            } catch {
                throw StrataError(
                    .storageFailure, "cannot remove \(path)/\(name); remove it by hand", cause: error)
            }
        }
    }

    /// Puts a database file, whose log is empty, in the place of the live one, which must be closed; one rename decides.
    func replaceDatabase(with fresh: String) throws {
        let files = FileManager.default
        // Indexes go first: they would be older or newer than the database, and are made anew from it.
        for name in Self.derivedNames { try? files.removeItem(atPath: path + "/" + name) }
        guard rename(fresh, databasePath) == 0 else {
            throw StrataError(
                .storageFailure,
                "cannot put the restored database in place (\(String(cString: strerror(errno)))); nothing was changed")
        }
        try BackupFolder(path: path).sync()
    }
}
