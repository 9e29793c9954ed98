internal import Foundation
internal import StrataCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The folder that holds everything Strata keeps, owned by one process at a time.
///
/// ```
/// DIR/lock            who owns the folder: process id and start of ownership; held with flock(2)
/// DIR/owner.sock   where the owner answers other processes of the same user, while it does
/// DIR/strata.sqlite   records, vectors, keyword index, change log (with -wal and -shm beside it while open)
/// DIR/index/          vector indexes of large namespaces; may be deleted while nobody owns the folder
/// DIR/dead-letters.jsonl   memories that were handed in by batches and could not be stored
/// DIR/embedding-cache.sqlite   vectors of texts that were embedded; may be deleted while nobody owns the folder
/// DIR/before-restore.sqlite    the database that the last restore has replaced
/// DIR/.tmp-…          scratch of a backup or restore; the next owner removes what is left of it
/// ```
/// The kernel lets go of the lock when its process ends, however it ends, so that no stale lock can remain.
final class DataDirectory: Sendable {
    let path: String
    private let lockDescriptor: Mutex<Int32?>

    static let databaseName = "strata.sqlite"
    var databasePath: String { path + "/" + Self.databaseName }
    var deadLetterPath: String { path + "/dead-letters.jsonl" }
    var cachePath: String { path + "/embedding-cache.sqlite" }
    var indexPath: String { path + "/index" }

    /// Takes ownership of a folder, which is made when it does not exist.
    ///
    /// - Throws: ``StrataError/Code/locked`` naming the owner; ``StrataError/Code/storageFailure``.
    init(path: String, now: Timestamp) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StrataError(
                .storageFailure,
                "cannot make the data directory \(path); check that its parent exists and may be written to",
                cause: error)
        }
        let lockPath = path + "/lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw StrataError(
                .storageFailure, "cannot open \(lockPath) (\(reason)); the data directory must be writable")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = (try? String(contentsOfFile: lockPath, encoding: .utf8))?
                .split(separator: "\n").first.map(String.init)
            close(descriptor)
            throw StrataError(
                .locked,
                """
                the data directory \(path) is owned by another process (\(owner ?? "unknown")); \
                end that process, wait for it, or name another directory
                """, isRetryable: true)
        }
        let owner = Array("process \(getpid()) since \(now)\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, owner, owner.count, 0) == owner.count else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw StrataError(.storageFailure, "cannot write \(lockPath) (\(reason)); free space on the disk")
        }
        lockDescriptor = Mutex(descriptor)
        removeLeftovers()
    }

    deinit { release() }

    /// Lets go of the folder; calling it again does nothing.
    func release() {
        lockDescriptor.withLock { descriptor in
            if let held = descriptor {
                // Closing is not enough: a process that was forked this moment holds a copy until it has become its program.
                flock(held, LOCK_UN)
                close(held)
            }
            descriptor = nil
        }
    }
}
