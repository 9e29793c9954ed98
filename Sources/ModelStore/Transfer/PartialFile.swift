internal import Foundation
internal import StrataCore

/// A file that is being fetched: `NAME.part` with the bytes so far, and `NAME.etag` with the version they belong to.
///
/// All of it blocks. The validator is written before the first byte, so that bytes never lie there without the version
/// that they belong to.
struct PartialFile: Sendable {
    let path: String
    private var validatorPath: String { path + ".etag" }
    private var dataPath: String { path + ".part" }

    init(path: String) { self.path = path }

    /// Where a transfer can go on: bytes that are there and their version; nil starts from the beginning.
    func resumePoint() -> (offset: Int, validator: String)? {
        guard let size = size(), size > 0, let bytes = FileManager.default.contents(atPath: validatorPath),
            !bytes.isEmpty
        else { return nil }
        return (size, String(decoding: bytes, as: UTF8.self))
    }

    /// The bytes that are there.
    func size() -> Int? {
        var status = stat()
        guard stat(dataPath, &status) == 0 else { return nil }
        return Int(status.st_size)
    }

    /// Makes the file anew, for bytes of that version; without a strong version a later transfer starts over.
    func begin(validator: String?) throws {
        remove()
        if let validator {
            try DurableFile.write(Array(validator.utf8), to: validatorPath)
        }
        guard FileManager.default.createFile(atPath: dataPath, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw StrataError(.storageFailure, "cannot make \(dataPath): \(DurableFile.systemError())") }
    }

    /// Adds bytes at the end.
    func append(_ bytes: [UInt8]) throws {
        let descriptor = open(dataPath, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw DurableFile.failure("open", dataPath) }
        defer { close(descriptor) }
        try DurableFile.writeAll(bytes[...], to: descriptor, path: dataPath)
    }

    /// Makes the finished bytes the file itself.
    func finish() throws {
        try DurableFile.sync(dataPath)
        guard rename(dataPath, path) == 0 else { throw DurableFile.failure("rename", dataPath) }
        unlink(validatorPath)
    }

    /// Drops what is there.
    func remove() {
        unlink(dataPath)
        unlink(validatorPath)
    }

    /// The hash of the bytes so far.
    func digest() throws -> String { try LocalModelStore.digest(ofFileAt: dataPath) }
}
