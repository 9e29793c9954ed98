internal import RecordStore
internal import StrataCore

/// What compacting gave back.
public struct CompactionReceipt: Sendable, Hashable, Codable {
    /// The bytes of database and log before.
    public let fileBytesBefore: Int
    /// The bytes of database and log after.
    public let fileBytes: Int
    /// Whether everything that was forgotten is out of the files; false when a read that began before kept a part of the
    /// log, and compacting again later will do it.
    public let isComplete: Bool
}

extension MemoryEngine {
    /// Rewrites what still holds words of forgotten records, gives free pages back to the file system and removes the
    /// copies of the database that a restore or a migration has left.
    ///
    /// Forgetting overwrites rows, postings, vectors, history and cached vectors at once; only the log keeps words until it
    /// is emptied, which this does. Backups keep what they held when they were made.
    @discardableResult
    public func compact() async throws -> CompactionReceipt {
        guard let store = store as? SQLiteStore else {
            throw StrataError(.invalidArgument, "this memory has no data directory, so there is nothing to compact")
        }
        if let directory { try await Self.blocking { try directory.removeOldCopies() } }
        let result = try await store.compact()
        return CompactionReceipt(
            fileBytesBefore: result.fileBytesBefore, fileBytes: result.fileBytes, isComplete: result.isLogEmpty)
    }

    /// A small step of keeping the files small, for a background job: gives free pages back and cuts the change log.
    ///
    /// - Parameters:
    ///   - pageCountMax: how many pages of 4 KiB go at most, which bounds the time that writers wait.
    ///   - changeCountMax: how many entries of the change log are kept, beside the last one of each record.
    /// - Returns: whether there was something to do; then there may be more.
    @discardableResult
    public func reclaimSpace(pageCountMax: Int = 256, changeCountMax: Int = 1_000_000) async throws -> Bool {
        guard let store = store as? SQLiteStore else { return false }
        let trimmed = try await store.trimChanges(keepingLast: changeCountMax, stepCountMax: pageCountMax * 16)
        return try await store.reclaim(pageCountMax: pageCountMax) + trimmed > 0
    }
}
