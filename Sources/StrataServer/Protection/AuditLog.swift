internal import Dispatch
public import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The record of administrative acts: `audit.log` in the data directory, mode 0600, one JSON object a line.
///
/// It says who did what to which namespace or key, and never holds a text or a secret.
public struct AuditLog: Sendable {
    private let path: String
    private let queue = DispatchQueue(label: "strata.audit")

    /// The log of that data directory.
    public init(dataDirectory: String) { path = dataDirectory + "/audit.log" }

    /// Appends an act; returns when the line is on disk.
    ///
    /// - Parameters:
    ///   - act: what was done, in snake case.
    ///   - actor: the key's id, `local` for the command line or a caller without a key.
    ///   - details: names, ids and counts.
    /// - Throws: ``StrataError/Code/storageFailure``.
    public func append(
        _ act: String, by actor: String, at time: Timestamp, details: [String: JSONValue] = [:]
    ) async throws {
        var entry = details
        entry["act"] = .string(act)
        entry["actor"] = .string(actor)
        entry["at"] = .string(time.description)
        let line = Array((JSONValue.object(entry).jsonText + "\n").utf8)
        let path = path
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            queue.async { continuation.resume(with: Result { try Self.append(line, to: path) }) }
        }
    }

    private static func append(_ line: [UInt8], to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let isWritten = file >= 0 && write(file, line, line.count) == line.count && fsync(file) == 0
        let reason = errno
        if file >= 0 { close(file) }
        guard isWritten else {
            throw StrataError(
                .storageFailure,
                "cannot write \(path) (\(String(cString: strerror(reason)))); free space or grant access")
        }
    }
}
