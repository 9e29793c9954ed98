internal import Foundation
internal import StrataCore

/// One process at a time makes, replaces or removes the model of a name; the kernel lets go when it ends.
struct NameLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Throws: ``StrataError/Code/locked``, ``StrataError/Code/storageFailure``.
    init(_ name: String, in folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/.\(name).lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw DurableFile.failure("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StrataError(
                .locked, "another process is fetching or changing the model \(name); wait for it", isRetryable: true)
        }
    }

    func release() { close(descriptor) }
}
