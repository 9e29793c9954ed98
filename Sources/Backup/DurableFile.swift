internal import Foundation
internal import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A file that is written aside and appears under its name only when it is whole and on disk.
final class DurableFile {
    private let descriptor: Int32
    private let partialPath: String
    private let path: String
    private var isFinished = false

    /// Partial files begin with this, in the folder of their target.
    static let partialPrefix = ".partial-"

    /// Starts a file that will be called `path`; readable by its owner only.
    init(path: String) throws {
        self.path = path
        let folder = (path as NSString).deletingLastPathComponent
        partialPath = folder + "/" + Self.partialPrefix + (path as NSString).lastPathComponent
        descriptor = open(partialPath, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("make", partialPath) }
        // Held for as long as it is written, so that another process can tell it from one that a crash has left.
        _ = flock(descriptor, LOCK_EX | LOCK_NB)
    }

    deinit {
        close(descriptor)
        if !isFinished { unlink(partialPath) }
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write", partialPath) }
            rest = rest.dropFirst(count)
        }
    }

    /// Gives the file its name, after its bytes have reached the disk, and then the name as well.
    func finish() throws {
        guard fsync(descriptor) == 0 else { throw Self.failure("sync", partialPath) }
        guard rename(partialPath, path) == 0 else { throw Self.failure("rename", partialPath) }
        isFinished = true
        try Self.syncFolder((path as NSString).deletingLastPathComponent)
    }

    static func syncFolder(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", folder) }
    }

    /// Removes what a crash has left of unfinished files; those that somebody writes now stay.
    static func removePartials(in folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(partialPrefix) {
            let path = folder + "/" + name
            let descriptor = open(path, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
            close(descriptor)
        }
    }

    static func failure(_ verb: String, _ path: String) -> StrataError {
        let number = errno
        return StrataError(
            .storageFailure,
            "cannot \(verb) \(path) (\(String(cString: strerror(number)))); check the folder, its permissions and the disk",
            isRetryable: number == ENOSPC || number == EIO)
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
