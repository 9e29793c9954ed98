public import Backup
internal import Foundation
internal import RecordStore
internal import StrataCore
internal import Synchronization

/// A backup that was made.
public struct BackupReceipt: Sendable, Hashable, Codable {
    /// The file.
    public let path: String
    /// What it says about itself.
    public let header: BackupHeader
    /// The bytes of the file.
    public let fileBytes: Int
    /// How many pages of the database it holds.
    public let pagesWritten: Int
    /// How many records the database held.
    public let recordCount: Int
}

extension MemoryEngine {
    /// Saves the whole memory as it is at one moment, while everything goes on.
    ///
    /// The backup appears in its folder only when it is whole and on disk.
    ///
    /// - Parameters:
    ///   - folder: where backups are; it is made when it does not exist.
    ///   - kind: `incremental` saves the pages that differ from the newest backup's; without one it becomes a full one.
    /// - Throws: ``StrataError/Code/storageFailure``; ``StrataError/Code/invalidArgument`` when the newest backup was
    ///   made with another key; `CancellationError`.
    @discardableResult
    public func backUp(
        to folder: BackupFolder, kind: BackupHeader.Kind = .incremental, options: BackupOptions = BackupOptions()
    ) async throws -> BackupReceipt {
        guard let store = store as? SQLiteStore, let directory else {
            throw StrataError(.invalidArgument, "this memory has no data directory, so there is nothing to back up")
        }
        return try await metrics.measure(.backup) {
            try await backUp(store, directory, to: folder, kind: kind, options: options)
        }
    }

    private func backUp(
        _ store: SQLiteStore, _ directory: DataDirectory, to folder: BackupFolder, kind: BackupHeader.Kind,
        options: BackupOptions
    ) async throws -> BackupReceipt {
        try? await flushUses()
        let steps = BackupSteps(options)
        let now = configuration.environment.now()
        let id = Self.backupID(configuration.environment.randomBits())
        let copy = directory.path + "/\(DataDirectory.temporaryPrefix)snapshot-\(id)"
        defer { try? FileManager.default.removeItem(atPath: copy) }
        return try await withTaskCancellationHandler {
            let snapshot = try await store.snapshot(to: copy) { try steps.step(.snapshot, $0, of: $1) }
            return try await Self.blocking {
                try Self.write(
                    snapshot, at: copy, id: id, kind: kind, time: now, to: folder, sealer: options.sealer, steps)
            }
        } onCancel: {
            steps.cancel()
        }
    }

    /// Makes the backup that a schedule asks for, if it asks for one now, and removes those that have expired.
    ///
    /// It is the body of a background job: called often, it does nothing most of the time.
    ///
    /// - Returns: the backup, or nil when none was due.
    @discardableResult
    public func backUpIfDue(
        to folder: BackupFolder, schedule: BackupSchedule = BackupSchedule(), options: BackupOptions = BackupOptions()
    ) async throws -> BackupReceipt? {
        let entries = try await Self.blocking { folder.list().entries }
        guard let kind = schedule.due(after: entries, at: configuration.environment.now()) else { return nil }
        let receipt = try await backUp(to: folder, kind: kind, options: options)
        try await Self.blocking { try folder.remove(schedule.retention.expired(folder.list().entries)) }
        return receipt
    }

    private static func write(
        _ snapshot: DatabaseSnapshot, at copy: String, id: String, kind: BackupHeader.Kind, time: Timestamp,
        to folder: BackupFolder, sealer: (any ChunkSealer)?, _ steps: BackupSteps
    ) throws -> BackupReceipt {
        try folder.prepare()
        var header = BackupHeader(
            id: id, kind: .full, createdAt: time, change: snapshot.change, schemaVersion: snapshot.schemaVersion,
            pageSize: snapshot.pageSize, pageCount: snapshot.pageCount)
        var baseDigests: [UInt8] = []
        if kind == .incremental, let last = folder.list().entries.last, last.header.pageSize == snapshot.pageSize {
            let content = try BackupReader(path: last.path, sealer: sealer).read { _, _ in }
            baseDigests = content.digests
            header.kind = .incremental
            header.baseID = last.header.id
            header.baseChange = last.header.change
            header.baseDigest = content.summary.databaseDigest
        }
        let path = folder.file(for: header)
        let result = try BackupWriter(sealer: sealer).write(
            header, of: copy, baseDigests: baseDigests, recordCounts: snapshot.recordCounts,
            vectorCount: snapshot.vectorCount, to: path
        ) { try steps.step(.write, $0, of: $1) }
        return BackupReceipt(
            path: path, header: result.header, fileBytes: result.fileBytes, pagesWritten: result.summary.pagesWritten,
            recordCount: result.summary.recordCount)
    }

    private static func backupID(_ bits: UInt64) -> String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Carries blocking work to a thread that may block, with errors as the engine promises them.
    static func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result(catching: work).mapError { error in
                        if error is StrataError || error is CancellationError { return error }
                        return StrataError(
                            .storageFailure, "reading or writing a file failed; check the disk and try again",
                            isRetryable: true, cause: error)
                    })
            }
        }
    }
}
