internal import Foundation
internal import StrataCore

/// A full backup and the increments upon it, which together are one database.
public struct BackupChain: Sendable {
    private let readers: [BackupReader]

    /// What the last link says about itself.
    public var header: BackupHeader { readers[readers.count - 1].header }
    /// How many pages will be read at least.
    public var pageCount: Int { header.pageCount }

    /// Opens the links, a full backup first.
    ///
    /// - Throws: the errors of ``BackupReader``; ``StrataError/Code/corrupted`` for links that do not belong together.
    public init(_ entries: [BackupFolder.Entry], sealer: (any ChunkSealer)?) throws {
        readers = try entries.map { try BackupReader(path: $0.path, sealer: sealer) }
        guard readers.first?.header.kind == .full else {
            throw StrataError(.corrupted, "a chain of backups has to begin with a full one; use another backup")
        }
        for (base, link) in zip(readers, readers.dropFirst()) {
            guard link.header.baseID == base.header.id, link.header.baseChange == base.header.change,
                link.header.pageSize == base.header.pageSize
            else {
                throw StrataError(
                    .corrupted, "backup \(link.header.id) does not continue \(base.header.id); use another backup")
            }
        }
    }

    /// Writes the database of the last link to a new file and checks it, page by page; blocks.
    ///
    /// Every link is read to its end and held against its base, so that a chain is verified link by link.
    ///
    /// - Parameter progress: is told the links done and all links; what it throws ends the work.
    /// - Returns: the summary of the last link.
    /// - Throws: ``StrataError/Code/corrupted`` for any damage, ``StrataError/Code/storageFailure``.
    public func assemble(at path: String, progress: (Int, Int) throws -> Void) throws -> BackupSummary {
        let pageSize = header.pageSize
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let target = FileHandle(forUpdatingAtPath: path)
        else { throw DurableFile.failure("make", path) }
        defer { try? target.close() }
        var base: BackupSummary?
        var last: (digests: [UInt8], summary: BackupSummary)?
        for (index, reader) in readers.enumerated() {
            if let base, reader.header.baseDigest != base.databaseDigest {
                throw StrataError(
                    .corrupted, "backup \(reader.header.id) was made upon other data; use an earlier or a full backup")
            }
            try progress(index, readers.count + 1)
            let content = try reader.read { number, bytes in
                try Self.storing(path) {
                    try target.seek(toOffset: UInt64(number - 1) * UInt64(pageSize))
                    try target.write(contentsOf: Data(bytes))
                }
            }
            base = content.summary
            last = content
        }
        guard let last else { preconditionFailure("a chain has at least one link") }
        try Self.storing(path) {
            try target.truncate(atOffset: UInt64(header.pageCount) * UInt64(pageSize))
            try target.synchronize()
            try target.seek(toOffset: 0)
        }
        try progress(readers.count, readers.count + 1)
        for place in stride(from: 0, to: last.digests.count, by: BackupFormat.digestBytes) {
            let page = try target.read(upToCount: pageSize) ?? Data()
            let digest = page.withUnsafeBytes { BackupFormat.digest(ofPage: $0) }
            guard digest.elementsEqual(last.digests[place..<(place + BackupFormat.digestBytes)]) else {
                throw StrataError(
                    .corrupted,
                    "page \(place / BackupFormat.digestBytes + 1) of backup \(header.id) is not the one that was saved; use another"
                )
            }
        }
        try progress(readers.count + 1, readers.count + 1)
        return last.summary
    }

    private static func storing(_ path: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw StrataError(
                .storageFailure, "cannot write \(path); free space on the disk", isRetryable: true, cause: error)
        }
    }
}
