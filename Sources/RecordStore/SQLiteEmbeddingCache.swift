import Foundation
import GRDB
public import StrataCore
import Synchronization

/// Embeddings in an SQLite file of their own, which may be deleted at any time.
///
/// A file that is damaged, of another version or cannot be used is made anew; where none can be made, nothing is kept.
/// Removed content is overwritten with zeros, and the rollback journal, which holds it during a transaction, is emptied
/// with the commit. Each row has a checksum: a vector that a failing disk has changed is worse than none.
public final class SQLiteEmbeddingCache: EmbeddingCacheStore {
    private struct State {
        var queue: DatabaseQueue?
        var resetCount = 0
        var isClosed = false
    }

    private let path: String
    private let limits: EmbeddingCacheLimits
    private let state: Mutex<State>

    private init(path: String, limits: EmbeddingCacheLimits) {
        self.path = path
        self.limits = limits
        state = Mutex(State())
    }

    /// Opens the cache at `path`, or makes it.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist, and no other process may use it.
    ///   - limits: the bounds; the oldest entries leave first.
    public static func open(at path: String, limits: EmbeddingCacheLimits) async -> SQLiteEmbeddingCache {
        let cache = SQLiteEmbeddingCache(path: path, limits: limits)
        // Neither closure throws; the seam to blocking threads is one that may.
        try? await SQLiteStore.offPool { cache.openOrReset() }
        return cache
    }

    /// Whether there is a cache at `path`.
    public static func exists(at path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Deletes the cache at `path`, which must not be open, if there is one.
    ///
    /// - Throws: ``StrataError/Code/storageFailure``.
    public static func delete(at path: String) throws {
        for file in EmbeddingCacheTables.fileSuffixes.map({ path + $0 })
        where FileManager.default.fileExists(atPath: file) {
            do {
                try FileManager.default.removeItem(atPath: file)
            } catch {
                throw StrataError(
                    .storageFailure, "cannot delete the embedding cache \(file); delete it by hand", cause: error)
            }
        }
    }

    /// The entries of those keys that are there and whole.
    public func entries(of keys: [EmbeddingCacheKey]) async -> [EmbeddingCacheEntry] {
        await perform { db in
            var kinds: [String: Int64?] = [:]
            return try keys.compactMap { key in
                let name = EmbeddingCacheTables.kind(key)
                if kinds[name] == nil { kinds[name] = try EmbeddingCacheTables.number(of: name, in: db) }
                guard let kind = kinds[name] ?? nil else { return nil }
                return try EmbeddingCacheTables.entry(of: key, kind: kind, in: db)
            }
        } ?? []
    }

    /// Keeps entries; the oldest leave when the file is full.
    public func keep(_ entries: [EmbeddingCacheEntry]) async {
        guard let newest = entries.map(\.madeAt).max() else { return }
        let limits = limits
        await perform { db in
            try EmbeddingCacheTables.insert(entries, in: db)
            try EmbeddingCacheTables.trim(
                to: limits.diskBytesMax, madeSince: newest - limits.timeToLive, rowCount: entries.count, in: db)
        }
    }

    /// Writes down that a removal has begun.
    public func prepareRemoval() async throws {
        let isDone: Void? = await perform { try $0.execute(sql: "UPDATE removal SET open_count = open_count + 1") }
        if isDone == nil { try checkIsGone() }
    }

    /// Removes the entries of texts and writes down that the removal has ended.
    public func remove(textsOf digests: [SHA256.Digest]) async throws {
        let isDone: Void? = await perform { db in
            for digest in digests {
                try db.cachedStatement(sql: "DELETE FROM entry WHERE digest = ?").execute(
                    arguments: [Data(digest.bytes)])
            }
            try db.execute(sql: "UPDATE removal SET open_count = max(0, open_count - 1)")
        }
        if isDone == nil { try checkIsGone() }
    }

    /// Rows, bytes and resets.
    public func statistics() async -> EmbeddingCacheStoreStatistics {
        let count = await perform { try Int.fetchOne($0, sql: "SELECT count(*) FROM entry") ?? 0 } ?? 0
        let bytes = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber
        return EmbeddingCacheStoreStatistics(
            entryCount: count, fileBytes: bytes?.intValue ?? 0, resetCount: state.withLock(\.resetCount))
    }

    /// Ends all work; calling it again does nothing.
    public func close() async {
        let queue = state.withLock { state in
            defer { state.queue = nil }
            state.isClosed = true
            return state.queue
        }
        guard let queue else { return }
        // An unfinished transaction is rolled back at the next opening, so a failure here loses nothing.
        try? await SQLiteStore.offPool { try queue.close() }
    }

    /// Works on the file in one transaction; nil when that failed, after which the file is a new one or none.
    private func perform<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async -> Value? {
        guard let queue = state.withLock({ $0.queue }) else { return nil }
        do {
            return try await queue.write(body)
        } catch is CancellationError {
            return nil
        } catch {
            // A statement that a cancellation has interrupted says nothing about the file.
            if !Task.isCancelled { try? await SQLiteStore.offPool { self.reset(queue) } }
            return nil
        }
    }

    private func openOrReset() {
        if let queue = try? EmbeddingCacheTables.open(at: path) {
            state.withLock { $0.queue = queue }
        } else {
            reset(nil)
        }
    }

    /// Deletes the file and makes a new one, unless somebody else has.
    private func reset(_ failed: DatabaseQueue?) {
        state.withLock { state in
            guard state.queue === failed, !state.isClosed else { return }
            try? failed?.close()
            state.resetCount += 1
            for suffix in EmbeddingCacheTables.fileSuffixes {
                try? FileManager.default.removeItem(atPath: path + suffix)
            }
            let isGone = !FileManager.default.fileExists(atPath: path)
            state.queue = isGone ? try? EmbeddingCacheTables.open(at: path) : nil
        }
    }

    /// After a failure the file must be new or none, for only then it holds nothing of what was to be removed.
    private func checkIsGone() throws {
        let isUsable = state.withLock { $0.queue != nil }
        guard !isUsable, FileManager.default.fileExists(atPath: path) else { return }
        throw StrataError(
            .storageFailure,
            "the embedding cache \(path) can be neither written nor deleted; delete it by hand", isRetryable: true)
    }
}
