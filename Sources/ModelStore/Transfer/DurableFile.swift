internal import Foundation
internal import StrataCore

/// Files that are whole or not there. All of it blocks.
enum DurableFile {
    /// Writes a file aside, syncs it and renames it into place.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let aside = path + ".new"
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("make", aside) }
        do {
            defer { close(descriptor) }
            try writeAll(bytes[...], to: descriptor, path: aside)
            guard fsync(descriptor) == 0 else { throw failure("sync", aside) }
        }
        guard rename(aside, path) == 0 else { throw failure("rename", aside) }
    }

    /// Writes all bytes to an open file.
    static func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, path: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("write", path)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Makes the bytes of a file, or the names in a folder, survive a power cut.
    static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", path) }
    }

    /// The last failed system call as an error.
    static func failure(_ action: String, _ path: String) -> StrataError {
        StrataError(.storageFailure, "cannot \(action) \(path): \(systemError())")
    }

    static func systemError() -> String { String(cString: strerror(errno)) }
}
