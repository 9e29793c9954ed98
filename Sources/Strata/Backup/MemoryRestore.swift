public import Backup
internal import Foundation
internal import RecordStore
internal import StrataCore
internal import TextAnalysis

/// What a restore brings back, and how.
public struct RestoreOptions: Sendable {
    /// The backup; nil for the newest.
    public var backupID: String?
    /// The last change that is to be in the result; nil for all that the backup holds. It takes the first backup that
    /// holds the change and takes back what came later; what was forgotten in between stays forgotten.
    public var change: Int64?
    /// One namespace, and the name that it is to have; nil for the whole memory.
    public var namespace: (from: String, to: String)?
    /// Whether records that were forgotten since stay forgotten. The change log of the memory that is there says which,
    /// or else that of the newest backup.
    public var appliesForgets = true
    /// Key and progress.
    public var backup = BackupOptions()

    /// The whole memory, as of the newest backup.
    public init() {}
}

/// What a restore did.
public struct RestoreReceipt: Sendable, Hashable, Codable {
    /// The backup that was used.
    public let backupID: String
    /// The last change that is in the result, before any forgetting.
    public let change: Int64
    /// How many records were restored.
    public let recordCount: Int
    /// How many records of the backup stayed forgotten.
    public let forgottenCount: Int
    /// How many records went or changed back to reach the change that was asked for.
    public let rewoundCount: Int
    /// The namespace that was restored; nil for all.
    public let namespace: String?
    /// Where the memory is that was there before; nil when there was none.
    public let previousPath: String?
}

/// What a verification found.
public struct BackupVerification: Sendable, Hashable, Codable {
    /// The backup.
    public let backupID: String
    /// How many files it took to put it together.
    public let linkCount: Int
    /// How many records were restored and read.
    public let recordCount: Int
    /// How many vectors were restored.
    public let vectorCount: Int
}

/// Puts databases together from backups, in a scratch folder of its own.
struct BackupAssembly {
    let folder: BackupFolder
    let options: BackupOptions
    let steps: BackupSteps

    private static let analyzer = TextAnalyzer(language: .english)
    static let terms: @Sendable (String) -> [String] = { analyzer.terms(in: $0) }

    /// Restores a backup into `scratch`, opens it and holds it against what the backup says.
    ///
    /// - Returns: the opened store, the chain's last header and how many links it has.
    func open(
        _ id: String, in scratch: String
    ) async throws -> (store: SQLiteStore, header: BackupHeader, summary: BackupSummary, linkCount: Int) {
        let path = scratch + "/strata.sqlite"
        let (folder, options, steps) = (folder, options, steps)
        let (header, summary, linkCount) = try await MemoryEngine.blocking {
            let entries = try BackupFolder.chain(to: id, in: folder.list().entries)
            let chain = try BackupChain(entries, sealer: options.sealer)
            let summary = try chain.assemble(at: path) { try steps.step(.read, $0, of: $1) }
            return (chain.header, summary, entries.count)
        }
        try steps.step(.check, 0, of: 1)
        let store = try await SQLiteStore.open(at: path)
        do {
            try await check(store, header, summary)
        } catch {
            try? await store.close()
            throw error
        }
        try steps.step(.check, 1, of: 1)
        return (store, header, summary, linkCount)
    }

    private func check(_ store: SQLiteStore, _ header: BackupHeader, _ summary: BackupSummary) async throws {
        let statistics = try await store.statistics(in: nil, space: nil)
        var counts: [String: Int] = [:]
        for name in try await store.namespaces() {
            counts[name] = try await store.statistics(in: name, space: nil).recordCount
        }
        guard counts == summary.recordCounts, statistics.change == header.change,
            statistics.vectorCountBySpace.values.reduce(0, +) == summary.vectorCount
        else {
            throw StrataError(
                .corrupted,
                """
                backup \(header.id) restores to \(statistics.recordCount) records at change \(statistics.change), \
                but was made of \(summary.recordCount) at change \(header.change); use another backup
                """)
        }
        let findings = try await store.verify(terms: Self.terms)
        guard let first = findings.first else { return }
        throw StrataError(
            .corrupted,
            "backup \(header.id) restores to a memory with faults (\(first.code), \(first.count)); use another backup")
    }

    /// Runs `body` with a folder that only this user can read, and removes it.
    static func withScratch<Value>(
        in parent: String, _ body: (String) async throws -> Value
    ) async throws -> Value {
        let path = parent + "/\(DataDirectory.temporaryPrefix)restore-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StrataError(
                .storageFailure, "cannot make the scratch folder \(path); check permissions and the disk", cause: error)
        }
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }
}

extension MemoryEngine {
    /// Really restores a backup into a scratch folder, reads everything in it and compares counts, checksums and rows.
    ///
    /// - Parameters:
    ///   - id: the backup; nil for the newest.
    ///   - scratch: where the scratch folder is made; nil for the system's folder of temporary files.
    /// - Throws: ``StrataError/Code/corrupted`` for a damaged backup or one whose links are missing;
    ///   ``StrataError/Code/invalidArgument`` for a missing or wrong key; ``StrataError/Code/notFound``.
    public static func verifyBackup(
        _ id: String? = nil, in folder: BackupFolder, scratch: String? = nil, options: BackupOptions = BackupOptions()
    ) async throws -> BackupVerification {
        let steps = BackupSteps(options)
        return try await withTaskCancellationHandler {
            let id = try await newest(of: folder, id: id)
            let parent = scratch ?? FileManager.default.temporaryDirectory.path
            return try await BackupAssembly.withScratch(in: parent) { scratch in
                let assembly = BackupAssembly(folder: folder, options: options, steps: steps)
                let restored = try await assembly.open(id, in: scratch)
                try await restored.store.close()
                return BackupVerification(
                    backupID: restored.header.id, linkCount: restored.linkCount,
                    recordCount: restored.summary.recordCount, vectorCount: restored.summary.vectorCount)
            }
        } onCancel: {
            steps.cancel()
        }
    }

    static func newest(of folder: BackupFolder, id: String?) async throws -> String {
        if let id { return id }
        guard let last = try await blocking({ folder.list().entries.last }) else {
            throw StrataError(
                .notFound, "there is no backup in \(folder.path); make one with `strata backup create`")
        }
        return last.header.id
    }
}
