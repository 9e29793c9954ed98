internal import Foundation
internal import StrataCore

/// Reads one backup; whatever a file holds, it is answered with an error, never with a trap or boundless memory.
public struct BackupReader: Sendable {
    /// Where the file is.
    public let path: String
    /// What it says about itself.
    public let header: BackupHeader
    private let headerBytes: [UInt8]
    private let sealer: (any ChunkSealer)?

    /// Reads the header.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/corrupted`` for damage,
    ///   ``StrataError/Code/unsupportedVersion``, ``StrataError/Code/invalidArgument`` for a missing or wrong key when
    ///   `sealer` is asked for with `needsKey`.
    public init(path: String, sealer: (any ChunkSealer)? = nil, needsKey: Bool = true) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw StrataError(.notFound, "there is no backup \(path)")
        }
        defer { try? file.close() }
        let start = try Self.read(16, from: file, path)
        guard start.starts(with: BackupFormat.magic) else { throw Self.damaged(path, "it does not begin as one") }
        let version = BackupFormat.number(start[8..<12])
        guard version == BackupFormat.version else {
            throw StrataError(
                .unsupportedVersion,
                "\(path) has backup format \(version), this program knows \(BackupFormat.version); use the newer program"
            )
        }
        let length = Int(BackupFormat.number(start[12..<16]))
        guard length <= BackupFormat.headerBytesMax else { throw Self.damaged(path, "its header is too long") }
        headerBytes = start + (try Self.read(length, from: file, path))
        let checksum = try Self.read(4, from: file, path)
        guard BackupFormat.number(checksum) == BackupFormat.checksum(headerBytes),
            let header = try? JSONDecoder().decode(BackupHeader.self, from: Data(headerBytes[16...])),
            header.isPlausible
        else { throw Self.damaged(path, "its header fails its checksum") }
        self.path = path
        self.header = header
        self.sealer = header.sealing == nil ? nil : sealer
        if needsKey { try checkKey(sealer) }
    }

    private func checkKey(_ sealer: (any ChunkSealer)?) throws {
        guard let sealing = header.sealing, let keyCheck = header.keyCheck else { return }
        guard let sealer else {
            throw StrataError(
                .invalidArgument,
                "backup \(header.id) is encrypted; give its key with --key-file or STRATA_BACKUP_KEY")
        }
        let context = Array("strata backup \(header.id)".utf8)
        guard sealer.name == sealing, (try? sealer.open(keyCheck, context: context)) == [] else {
            throw StrataError(
                .invalidArgument, "the key does not open backup \(header.id); give the one it was made with")
        }
    }

    /// Reads the whole file, checks every chunk, and hands out the pages in ascending order; blocks.
    ///
    /// - Parameter page: takes the number, from 1, and the bytes of each page.
    /// - Returns: the digests of all pages of the database, and the summary.
    /// - Throws: ``StrataError/Code/corrupted`` for any damage; what `page` throws.
    public func read(
        page: (UInt32, UnsafeRawBufferPointer) throws -> Void
    ) throws -> (digests: [UInt8], summary: BackupSummary) {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw StrataError(.notFound, "there is no backup \(path)")
        }
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(headerBytes.count + 4))
        var digests: [UInt8] = []
        var lastPage: UInt32 = 0
        var pageCount = 0
        var index: UInt32 = 0
        while true {
            let (kind, plain) = try chunk(from: file, index: index)
            index += 1
            switch kind {
            case .pages:
                let step = 4 + header.pageSize
                guard digests.isEmpty, !plain.isEmpty, plain.count % step == 0 else { throw damaged("its pages") }
                for start in stride(from: 0, to: plain.count, by: step) {
                    let number = BackupFormat.number(plain[start..<start + 4])
                    guard number > lastPage, number <= header.pageCount else { throw damaged("its page numbers") }
                    lastPage = number
                    pageCount += 1
                    try plain.withUnsafeBytes {
                        try page(number, UnsafeRawBufferPointer(rebasing: $0[(start + 4)..<(start + step)]))
                    }
                }
            case .digests:
                digests += plain
                guard digests.count <= header.pageCount * BackupFormat.digestBytes else {
                    throw damaged("its page digests")
                }
            case .summary:
                guard let summary = try? JSONDecoder().decode(BackupSummary.self, from: Data(plain)),
                    try file.read(upToCount: 1)?.isEmpty ?? true
                else { throw damaged("its end") }
                guard digests.count == header.pageCount * BackupFormat.digestBytes,
                    summary.databaseDigest == BackupFormat.digest(ofDigests: digests),
                    summary.pagesWritten == pageCount, header.kind == .incremental || pageCount == header.pageCount
                else { throw damaged("its counts") }
                return (digests, summary)
            }
        }
    }

    private func chunk(
        from file: FileHandle, index: UInt32
    ) throws -> (BackupFormat.ChunkKind, [UInt8]) {
        let head = try Self.read(BackupFormat.chunkHeadBytes, from: file, path)
        let (storedCount, plainCount) = (Int(BackupFormat.number(head[1..<5])), Int(BackupFormat.number(head[5..<9])))
        guard let kind = BackupFormat.ChunkKind(rawValue: head[0]), plainCount <= BackupFormat.chunkBytesMax,
            storedCount <= plainCount + plainCount / 100 + BackupFormat.overheadBytesMax
        else { throw damaged("a chunk's head") }
        var stored = try Self.read(storedCount, from: file, path)
        guard BackupFormat.checksum(Array(head[..<9]), stored) == BackupFormat.number(head[9..<13]) else {
            throw damaged("the checksum of a chunk")
        }
        if header.sealing != nil {
            let context = BackupFormat.context(headerBytes, kind: kind, index: index)
            guard let opened = try? sealer?.open(stored, context: context) else { throw damaged("the seal of a chunk") }
            stored = opened
        }
        guard let plain = Deflate.expanded(stored, count: plainCount) else { throw damaged("a chunk's compression") }
        return (kind, plain)
    }

    private static func read(_ count: Int, from file: FileHandle, _ path: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            while bytes.count < count, let part = try file.read(upToCount: count - bytes.count), !part.isEmpty {
                bytes += part
            }
        } catch {
            throw StrataError(
                .storageFailure, "cannot read the backup \(path); check the disk", isRetryable: true, cause: error)
        }
        guard bytes.count == count else { throw damaged(path, "it ends too early") }
        return bytes
    }

    private func damaged(_ what: String) -> StrataError { Self.damaged(path, "\(what) cannot be right") }

    private static func damaged(_ path: String, _ what: String) -> StrataError {
        StrataError(.corrupted, "\(path) is no backup or damaged (\(what)); use another backup")
    }
}
