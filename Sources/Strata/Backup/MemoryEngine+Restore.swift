public import Backup
internal import Foundation
internal import RecordStore
internal import StrataCore

extension MemoryEngine {
    /// Brings a memory back from its backups.
    ///
    /// The data directory must not be open. The backup is put together and checked beside it; only then it takes the
    /// place of the live database, which stays beside it as `before-restore.sqlite` until the next restore or
    /// ``compact()``. A single namespace is replaced within the live database in one transaction.
    ///
    /// - Parameters:
    ///   - folder: where the backups are.
    ///   - path: the data directory, which is made when it does not exist.
    /// - Throws: ``StrataError/Code/locked``, ``StrataError/Code/corrupted`` for a damaged backup,
    ///   ``StrataError/Code/notFound``, ``StrataError/Code/invalidArgument`` for a wrong key,
    ///   ``StrataError/Code/storageFailure``. Until the very end nothing of the live data is touched.
    @discardableResult
    public static func restore(
        from folder: BackupFolder, to path: String, options: RestoreOptions = RestoreOptions(),
        environment: EngineEnvironment = .system
    ) async throws -> RestoreReceipt {
        let directory = try DataDirectory(path: path, now: environment.now())
        defer { directory.release() }
        let steps = BackupSteps(options.backup)
        return try await withTaskCancellationHandler {
            try await BackupAssembly.withScratch(in: path) { scratch in
                let run = RestoreRun(
                    directory: directory, folder: folder, options: options, steps: steps, scratch: scratch,
                    now: environment.now())
                return try await run.run()
            }
        } onCancel: {
            steps.cancel()
        }
    }
}

/// One restore, in its scratch folder.
private struct RestoreRun {
    let directory: DataDirectory
    let folder: BackupFolder
    let options: RestoreOptions
    let steps: BackupSteps
    let scratch: String
    let now: Timestamp

    func run() async throws -> RestoreReceipt {
        let id = try await backupID()
        let assembly = BackupAssembly(folder: folder, options: options.backup, steps: steps)
        let restored = try await assembly.open(id, in: scratch)
        do {
            var rewoundCount = 0
            let change = min(options.change ?? restored.header.change, restored.header.change)
            if change < restored.header.change {
                rewoundCount = try await restored.store.rewind(to: change, terms: BackupAssembly.terms)
            }
            let ledger = try await ledger(after: change, newest: id, assembly)
            let forgottenCount = try await restored.store.apply(
                options.appliesForgets ? ledger.forgotten : [], numbersAfter: ledger.lastChange)
            guard try await restored.store.verify(terms: BackupAssembly.terms).isEmpty else {
                throw StrataError(.internal, "a restored memory has faults that its backup has not; report this")
            }
            let receipt = { (recordCount: Int, previousPath: String?) in
                RestoreReceipt(
                    backupID: id, change: change, recordCount: recordCount, forgottenCount: forgottenCount,
                    rewoundCount: rewoundCount, namespace: options.namespace?.to, previousPath: previousPath)
            }
            if let namespace = options.namespace {
                let count = try await replace(namespace, with: restored.store)
                try await restored.store.close()
                return receipt(count, nil)
            }
            let count = try await restored.store.statistics(in: nil, space: nil).recordCount
            try await restored.store.close()
            return receipt(count, try await swap())
        } catch {
            try? await restored.store.close()
            throw error
        }
    }

    /// The backup that was asked for, or the first that holds the change that was asked for.
    private func backupID() async throws -> String {
        guard let change = options.change, options.backupID == nil else {
            return try await MemoryEngine.newest(of: folder, id: options.backupID)
        }
        let entries = try await MemoryEngine.blocking { [folder] in folder.list().entries }
        guard let entry = entries.first(where: { $0.header.change >= change }) else {
            let last = entries.map(\.header.change).max() ?? 0
            throw StrataError(
                .notFound, "no backup holds change \(change); the last change in \(folder.path) is \(last)")
        }
        return entry.header.id
    }

    /// What was forgotten after a change, and the last number that a change has had: from the live memory, or else from
    /// the newest backup.
    private func ledger(
        after change: Int64, newest id: String, _ assembly: BackupAssembly
    ) async throws -> (forgotten: [ForgottenRecord], lastChange: Int64) {
        if FileManager.default.fileExists(atPath: directory.databasePath),
            let store = try? await SQLiteStore.open(at: directory.databasePath)
        {
            let found = try? await (store.forgotten(after: change), store.statistics(in: nil, space: nil).change)
            try? await store.close()
            if let found { return found }
        }
        let last = try await MemoryEngine.newest(of: folder, id: nil)
        guard last != id || options.change != nil else { return ([], change) }
        return try await BackupAssembly.withScratch(in: scratch) { scratch in
            let newest = try await assembly.open(last, in: scratch)
            let forgotten = try await newest.store.forgotten(after: change)
            try await newest.store.close()
            return (forgotten, newest.header.change)
        }
    }

    private func replace(_ namespace: (from: String, to: String), with restored: SQLiteStore) async throws -> Int {
        guard try await restored.namespaces().contains(namespace.from) else {
            throw StrataError(.notFound, "the backup holds no namespace \(namespace.from); nothing was changed")
        }
        let live = try await SQLiteStore.open(at: directory.databasePath)
        do {
            let count = try await live.replaceNamespace(
                namespace.to, with: restored, namespace: namespace.from, at: now)
            try await live.close()
            return count
        } catch {
            try? await live.close()
            throw error
        }
    }

    /// Puts the restored database in the place of the live one.
    ///
    /// The log of the live one is moved into it first, so that one rename decides; a log that cannot be moved, because
    /// its database is damaged, is set aside with it.
    private func swap() async throws -> String? {
        let (live, fresh) = (directory.databasePath, scratch + "/strata.sqlite")
        let previous = directory.previousPath
        let hadMemory = FileManager.default.fileExists(atPath: live)
        if hadMemory, let store = try? await SQLiteStore.open(at: live) { try? await store.close() }
        let directory = directory
        try await MemoryEngine.blocking {
            let files = FileManager.default
            for suffix in ["", "-wal", "-shm"] { try? files.removeItem(atPath: previous + suffix) }
            if hadMemory {
                for suffix in ["-wal", "-shm"] where files.fileExists(atPath: live + suffix) {
                    try files.moveItem(atPath: live + suffix, toPath: previous + suffix)
                }
                try files.linkItem(atPath: live, toPath: previous)
            }
            try directory.replaceDatabase(with: fresh)
        }
        return hadMemory ? previous : nil
    }
}
