internal import StrataCore

/// What the exit code of `strata` says. Documented in `strata --help` and docs/cli.md.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    case failure = 1
    case usage = 2
    case notFound = 3
    case badInput = 4
    case busy = 5
    case storage = 6
    case model = 7
    case interrupted = 130

    /// The status that an error of the engine ends with.
    init(_ error: StrataError) {
        switch error.code {
        case .notFound: self = .notFound
        case .invalidArgument, .invalidFilter, .tooLarge, .conflict, .dimensionMismatch, .invalidVector:
            self = .badInput
        case .locked, .overloaded: self = .busy
        case .corrupted, .storageFailure, .unsupportedVersion: self = .storage
        case .modelInvalid, .modelSuspended, .runtimeUnavailable, .inferenceFailed: self = .model
        default: self = .failure
        }
    }

    /// What it means, for the help.
    var meaning: String {
        switch self {
        case .success: "done"
        case .failure: "something else went wrong; for doctor: a check failed"
        case .usage: "the command line cannot be understood"
        case .notFound: "no such record, file or data directory"
        case .badInput: "a text, filter, file or value was refused"
        case .busy: "another process owns the data directory; try later"
        case .storage: "the disk is full or read-only, or data is damaged"
        case .model: "model or ONNX Runtime unusable, though demanded"
        case .interrupted: "stopped by Ctrl-C; what was stored stays stored"
        }
    }
}
