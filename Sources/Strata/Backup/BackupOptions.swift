public import Backup
internal import StrataCore
internal import Synchronization

/// How a backup or a restore works.
public struct BackupOptions: Sendable {
    /// Encrypts and decrypts; nil without a key.
    public var sealer: (any ChunkSealer)?
    /// Is told how far the work is. It is called from threads of the work, many times a second.
    public var progress: (@Sendable (BackupProgress) -> Void)?

    /// Options of those parts.
    public init(sealer: (any ChunkSealer)? = nil, progress: (@Sendable (BackupProgress) -> Void)? = nil) {
        self.sealer = sealer
        self.progress = progress
    }
}

/// How far a backup or a restore is.
public struct BackupProgress: Sendable, Hashable {
    /// The parts of the work.
    public enum Stage: String, Sendable {
        /// The database is copied as it is at one moment.
        case snapshot
        /// Pages are compared, compressed and written.
        case write
        /// Backups are read and put together.
        case read
        /// What was put together is held against itself.
        case check
    }

    /// What is being done.
    public let stage: Stage
    /// The share of the stage that is done, 0 through 1.
    public let share: Double
}

/// A report of progress that ends the work once its task was cancelled; blocking work sees no task of its own.
final class BackupSteps: Sendable {
    private let isCancelled = Atomic(false)
    private let report: (@Sendable (BackupProgress) -> Void)?

    init(_ options: BackupOptions) { report = options.progress }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    func step(_ stage: BackupProgress.Stage, _ done: Int, of total: Int) throws {
        if isCancelled.load(ordering: .relaxed) { throw CancellationError() }
        report?(BackupProgress(stage: stage, share: total > 0 ? min(1, Double(done) / Double(total)) : 1))
    }
}
