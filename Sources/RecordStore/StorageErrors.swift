import GRDB
import StrataCore

/// Puts SQLite's errors into the engine's words.
enum StorageErrors {
    /// A ``StrataError``, or the `CancellationError` as it came.
    static func mapped(_ error: any Error) -> any Error {
        switch error {
        case let error as StrataError: error
        case let error as CancellationError: error
        case let error as DatabaseError: mapped(error)
        default: StrataError(.internal, "an unforeseen error in the store; please report this", cause: error)
        }
    }

    private static func mapped(_ error: DatabaseError) -> StrataError {
        let code = error.extendedResultCode
        let detail = "SQLite error \(code.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL:
            return StrataError(
                .storageFailure, "the disk is full (\(detail)); nothing was changed; free some space and try again",
                isRetryable: true, cause: error)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            return StrataError(
                .storageFailure,
                "the database cannot be written (\(detail)); nothing was changed; make the file and its folder writable",
                cause: error)
        case .SQLITE_CANTOPEN:
            return StrataError(
                .storageFailure, "the database file cannot be opened (\(detail)); check the path and its permissions",
                cause: error)
        case .SQLITE_IOERR:
            return StrataError(
                .storageFailure,
                "reading or writing the database failed (\(detail)); nothing was changed; check the disk and try again",
                isRetryable: true, cause: error)
        case .SQLITE_NOMEM:
            return StrataError(
                .storageFailure, "SQLite ran out of memory (\(detail)); nothing was changed; give it more",
                isRetryable: true, cause: error)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT:
            return StrataError(
                .corrupted, "the database file is damaged or no database (\(detail)); restore it from a backup",
                cause: error)
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            return StrataError(
                .locked, "another process holds the database (\(detail)); stop it and try again", isRetryable: true,
                cause: error)
        case .SQLITE_TOOBIG:
            return StrataError(.tooLarge, "a value is larger than SQLite takes (\(detail)); split it", cause: error)
        case .SQLITE_MISUSE where error.message == "Connection is closed":
            return StrataError(.closed, "the store is closed; open it again", cause: error)
        default:
            return StrataError(
                .internal, "the database refused a statement (\(detail)); please report this", cause: error)
        }
    }
}
