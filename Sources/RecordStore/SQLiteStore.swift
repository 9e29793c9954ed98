import Foundation
import GRDB
public import StrataCore
import Synchronization

/// The embedded store: one SQLite database in WAL mode, through GRDB.
///
/// Commits are synced to disk before they return (`synchronous=FULL`); reads run beside them on connections of their own,
/// each on one snapshot of the database. All work happens on the connections' queues, never on the caller's thread.
public final class SQLiteStore: MemoryStore {
    let pool: DatabasePool
    private let path: String
    private let isClosed = Mutex(false)

    private init(pool: DatabasePool, path: String) {
        self.pool = pool
        self.path = path
    }

    /// Opens the database at `path`, or makes it; its folder must exist.
    ///
    /// - Parameters:
    ///   - path: the database file; SQLite keeps two more files beside it, `-wal` and `-shm`.
    ///   - readerCount: how many reads run at a time, 1 or more.
    /// - Throws: ``StrataError/Code/notFound`` when the folder is missing, ``StrataError/Code/corrupted`` when the file
    ///   is no Strata database or damaged, ``StrataError/Code/unsupportedVersion`` when a newer version wrote it,
    ///   ``StrataError/Code/storageFailure`` when it cannot be written, ``StrataError/Code/locked``.
    public static func open(at path: String, readerCount: Int = 4) async throws -> SQLiteStore {
        try await open(at: path, vfs: nil, readerCount: readerCount)
    }

    /// Opens over a virtual file system of SQLite's, by its name; tests put one in that fails at will.
    static func open(at path: String, vfs: String?, readerCount: Int = 4) async throws -> SQLiteStore {
        let pool = try await offPool { try openPool(at: path, vfs: vfs, readerCount: readerCount) }
        return SQLiteStore(pool: pool, path: path)
    }

    /// Ends all work, moves the log into the database file and releases the files; calling it again does nothing.
    public func close() async throws {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        let pool = pool
        // Whoever copies the one file of a closed memory then has all of it. A log that cannot be moved stays beside it.
        _ = try? await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try await Self.offPool { try pool.close() }
    }

    /// Applies units of work in one durable transaction.
    public func commit(
        _ units: [[StoreMutation]], at time: Timestamp
    ) async throws -> [Result<[StoreOutcome], StrataError>] {
        try checkOpen()
        do {
            return try await pool.write { db in
                var run = CommitRun(db: db, time: time)
                let results = try units.map { try run.apply($0) }
                try run.writeCounters()
                return results
            }
        } catch {
            let failure = StorageErrors.mapped(error)
            if let failure = failure as? StrataError, failure.code == .storageFailure { await overwriteFailedCommit() }
            throw failure
        }
    }

    /// Writes one page that says nothing new.
    ///
    /// When the sync of a commit fails, SQLite rolls back but its frames stay in the log behind the last good commit; a
    /// crash right then would bring them back. The next write goes to the same place, so one is made at once. If it
    /// fails as well, its own frame has still replaced the first of the stale ones, or the disk takes no writes at all.
    private func overwriteFailedCommit() async {
        try? await pool.write { try $0.execute(sql: "PRAGMA user_version = \(Schema.version)") }
    }

    /// Runs a write in one transaction, with errors as the seam promises them.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try checkOpen()
        do {
            return try await pool.write(body)
        } catch {
            throw StorageErrors.mapped(error)
        }
    }

    /// Runs a read in one snapshot, with errors as the seam promises them.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try checkOpen()
        do {
            return try await pool.read(body)
        } catch {
            // A read that the closing of its connection cut short fails with whatever SQLite was about to do.
            try checkOpen()
            throw StorageErrors.mapped(error)
        }
    }

    /// The bytes of the database and of its log.
    func fileBytes() -> Int {
        [path, path + "-wal"].reduce(0) { sum, path in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }

    func checkOpen() throws {
        guard !isClosed.withLock({ $0 }) else { throw StrataError(.closed, "the store is closed; open it again") }
    }

    /// Carries blocking work to a thread that may block, which those of Swift's own pool may not.
    static func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try work() }.mapError(StorageErrors.mapped))
            }
        }
    }
}
