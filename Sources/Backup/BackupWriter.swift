internal import Foundation
internal import StrataCore

/// Writes one backup from the file of a snapshot.
public struct BackupWriter: Sendable {
    /// Encrypts the chunks, when there is a key.
    public var sealer: (any ChunkSealer)?

    /// A writer with that sealer.
    public init(sealer: (any ChunkSealer)? = nil) { self.sealer = sealer }

    /// What a write gave.
    public struct Result: Sendable, Hashable {
        /// What stands in the clear.
        public let header: BackupHeader
        /// What stands at the end.
        public let summary: BackupSummary
        /// The bytes of the file.
        public let fileBytes: Int
    }

    /// Writes the backup of a database file that nobody changes meanwhile; blocks.
    ///
    /// - Parameters:
    ///   - header: what the backup is; `sealing` and `keyCheck` are filled in here.
    ///   - database: the file of the snapshot.
    ///   - baseDigests: the page digests of the base of an incremental backup; empty for a full one.
    ///   - counts: the record and vector counts of the snapshot.
    ///   - progress: is told pages done and all pages; what it throws ends the write, and no file appears.
    public func write(
        _ header: BackupHeader, of database: String, baseDigests: [UInt8], recordCounts: [String: Int],
        vectorCount: Int, to path: String, progress: (Int, Int) throws -> Void
    ) throws -> Result {
        guard let source = FileHandle(forReadingAtPath: database) else {
            throw StrataError(.notFound, "there is no snapshot \(database) to write a backup of")
        }
        defer { try? source.close() }
        var output = try Output(path: path, header: header, sealer: sealer)
        var digests: [UInt8] = []
        digests.reserveCapacity(header.pageCount * BackupFormat.digestBytes)
        var pagesWritten = 0
        var chunk: [UInt8] = []
        for number in 0..<header.pageCount {
            guard let page = try source.read(upToCount: header.pageSize), page.count == header.pageSize else {
                throw StrataError(.internal, "the snapshot ends at page \(number) of \(header.pageCount); try again")
            }
            let digest = page.withUnsafeBytes { BackupFormat.digest(ofPage: $0) }
            digests += digest
            let place = number * BackupFormat.digestBytes..<(number + 1) * BackupFormat.digestBytes
            if place.upperBound > baseDigests.count || !baseDigests[place].elementsEqual(digest) {
                chunk += BackupFormat.bytes(UInt32(number + 1))
                chunk += page
                pagesWritten += 1
            }
            if chunk.count >= BackupFormat.chunkBytes {
                try output.append(.pages, chunk)
                chunk.removeAll(keepingCapacity: true)
            }
            if number % 64 == 0 { try progress(number, header.pageCount) }
        }
        if !chunk.isEmpty { try output.append(.pages, chunk) }
        for start in stride(from: 0, to: digests.count, by: BackupFormat.chunkBytes) {
            try output.append(.digests, Array(digests[start...].prefix(BackupFormat.chunkBytes)))
        }
        let summary = BackupSummary(
            pagesWritten: pagesWritten, databaseDigest: BackupFormat.digest(ofDigests: digests),
            recordCounts: recordCounts, vectorCount: vectorCount)
        try output.append(.summary, Array(JSONEncoder().encode(summary)))
        try progress(header.pageCount, header.pageCount)
        try output.file.finish()
        return Result(header: output.header, summary: summary, fileBytes: output.byteCount)
    }

    private struct Output {
        let file: DurableFile
        let header: BackupHeader
        private let sealer: (any ChunkSealer)?
        private let headerBytes: [UInt8]
        private var index: UInt32 = 0
        private(set) var byteCount = 0

        init(path: String, header: BackupHeader, sealer: (any ChunkSealer)?) throws {
            var header = header
            if let sealer {
                header.sealing = sealer.name
                let context = Array("strata backup \(header.id)".utf8)
                header.keyCheck = try sealer.seal([], context: context)
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            let json = Array(try encoder.encode(header))
            headerBytes =
                BackupFormat.magic + BackupFormat.bytes(BackupFormat.version) + BackupFormat.bytes(UInt32(json.count))
                + json
            self.header = header
            self.sealer = sealer
            file = try DurableFile(path: path)
            try write(headerBytes + BackupFormat.bytes(BackupFormat.checksum(headerBytes)))
        }

        mutating func append(_ kind: BackupFormat.ChunkKind, _ plain: [UInt8]) throws {
            var stored = try Deflate.compressed(plain)
            if let sealer {
                stored = try sealer.seal(
                    stored, context: BackupFormat.context(headerBytes, kind: kind, index: index))
            }
            index += 1
            let head =
                [kind.rawValue] + BackupFormat.bytes(UInt32(stored.count)) + BackupFormat.bytes(UInt32(plain.count))
            try write(head + BackupFormat.bytes(BackupFormat.checksum(head, stored)) + stored)
        }

        private mutating func write(_ bytes: [UInt8]) throws {
            try file.write(bytes)
            byteCount += bytes.count
        }
    }
}
