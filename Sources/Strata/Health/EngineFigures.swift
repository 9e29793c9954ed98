internal import Backup
internal import Foundation
public import StrataCore
public import Telemetry

/// Everything that is measured of an engine at one moment.
public struct EngineFigures: Sendable, Hashable, Codable {
    /// When it was measured.
    public var at: Timestamp
    /// Counts and sizes.
    public var statistics: EngineStatistics
    /// What the operating system says of the process.
    public var process: ProcessFigures
    /// Writes that wait.
    public var pendingWriteCount: Int
    /// Calls that run.
    public var runningCallCount: Int
    /// The free bytes of the disk that the data are on; nil without a data directory.
    public var diskFreeBytes: Int?
    /// The bytes of the log of commits that are not yet in the database file.
    public var walBytes: Int?
    /// How many backups there are; nil when no folder is watched.
    public var backupCount: Int?
    /// When the newest one was made.
    public var lastBackupAt: Timestamp?
}

extension MemoryEngine {
    /// Measures everything that needs no work of model or writer.
    ///
    /// - Parameter backups: the folder in which backups are looked for; nil looks for none.
    public func figures(backups: String? = nil) async throws -> EngineFigures {
        let directory = directory
        let statistics = try await stats()
        let outside = try await Self.blocking { OutsideFigures(directory: directory, backups: backups) }
        return EngineFigures(
            at: configuration.environment.now(), statistics: statistics, process: outside.process,
            pendingWriteCount: await writes.pendingCount, runningCallCount: load.runningCount,
            diskFreeBytes: outside.diskFreeBytes, walBytes: outside.walBytes, backupCount: outside.backupCount,
            lastBackupAt: outside.lastBackupAt)
    }
}

/// What is read from files, on a thread that may block.
private struct OutsideFigures: Sendable {
    var process = ProcessFigures.read()
    var diskFreeBytes: Int?
    var walBytes: Int?
    var backupCount: Int?
    var lastBackupAt: Timestamp?

    init(directory: DataDirectory?, backups: String?) {
        let files = FileManager.default
        if let directory {
            let disk = try? files.attributesOfFileSystem(forPath: directory.path)
            diskFreeBytes = (disk?[.systemFreeSize] as? NSNumber)?.intValue
            let log = try? files.attributesOfItem(atPath: directory.databasePath + "-wal")
            walBytes = (log?[.size] as? NSNumber)?.intValue ?? 0
        }
        if let backups {
            let entries = BackupFolder(path: backups).list().entries
            backupCount = entries.count
            lastBackupAt = entries.map(\.header.createdAt).max()
        }
    }
}
