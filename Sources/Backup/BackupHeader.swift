internal import CZlib
internal import Foundation
public import StrataCore

/// What the first bytes of a backup say in the clear: counts, times and ids, never a name or a text.
public struct BackupHeader: Sendable, Hashable, Codable {
    /// Whether a backup stands alone.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Every page of the database.
        case full
        /// The pages that differ from those of ``BackupHeader/baseID``.
        case incremental
    }

    /// The name of this backup, 16 hexadecimal digits.
    public var id: String
    /// Whether it stands alone.
    public var kind: Kind
    /// When its snapshot was taken.
    public var createdAt: Timestamp
    /// The last change that it holds.
    public var change: Int64
    /// The backup that this one continues; nil for a full one.
    public var baseID: String?
    /// The last change of that one; 0 for a full one.
    public var baseChange: Int64
    /// The ``BackupSummary/databaseDigest`` of that one; nil for a full one.
    public var baseDigest: String?
    /// The schema of the database.
    public var schemaVersion: Int
    /// The bytes of a page.
    public var pageSize: Int
    /// How many pages the database has.
    public var pageCount: Int
    /// How the chunks are sealed; nil when they are not.
    public var sealing: String?
    /// An empty message, sealed, which tells a wrong key from a damaged file.
    public var keyCheck: [UInt8]?

    /// A header of those fields.
    public init(
        id: String, kind: Kind, createdAt: Timestamp, change: Int64, baseID: String? = nil, baseChange: Int64 = 0,
        baseDigest: String? = nil, schemaVersion: Int, pageSize: Int, pageCount: Int
    ) {
        self.id = id
        self.kind = kind
        self.createdAt = createdAt
        self.change = change
        self.baseID = baseID
        self.baseChange = baseChange
        self.baseDigest = baseDigest
        self.schemaVersion = schemaVersion
        self.pageSize = pageSize
        self.pageCount = pageCount
    }

    /// Whether the figures can be those of a database, so that nothing is allocated for a damaged file.
    var isPlausible: Bool {
        let isPowerOfTwo = pageSize > 0 && pageSize & (pageSize - 1) == 0
        return isPowerOfTwo && (512...65_536).contains(pageSize) && (1...0xFFFF_FFFE).contains(pageCount)
            && change >= 0 && id.count == 16 && id.allSatisfy(\.isHexDigit) && (kind == .full) == (baseID == nil)
            && (sealing == nil) == (keyCheck == nil)
    }
}

/// What the last bytes of a backup say, sealed like its pages.
public struct BackupSummary: Sendable, Hashable, Codable {
    /// How many pages this backup holds.
    public var pagesWritten: Int
    /// The SHA-256 over the digests of all pages of the database, as hexadecimal digits.
    public var databaseDigest: String
    /// How many records each namespace holds.
    public var recordCounts: [String: Int]
    /// How many vectors the database holds.
    public var vectorCount: Int

    /// A summary of those counts.
    public init(pagesWritten: Int, databaseDigest: String, recordCounts: [String: Int], vectorCount: Int) {
        self.pagesWritten = pagesWritten
        self.databaseDigest = databaseDigest
        self.recordCounts = recordCounts
        self.vectorCount = vectorCount
    }

    /// How many records the database holds.
    public var recordCount: Int { recordCounts.values.reduce(0, +) }
}

/// How a backup lies in its file; all numbers are little-endian.
///
/// ```
/// 8 bytes "STRABKUP" · u32 version · u32 length of the header · header as JSON · u32 CRC-32 of all of this
/// chunks: u8 kind · u32 stored bytes · u32 plain bytes · u32 CRC-32 of the stored bytes · stored bytes
/// ```
/// The chunks are pages (u32 number and bytes each), then the digests of all pages (16 bytes each, the beginning of
/// their SHA-256), then one summary, with which the file ends. A chunk is compressed (zlib) and then, with a key, sealed.
enum BackupFormat {
    static let magic = Array("STRABKUP".utf8)
    static let version: UInt32 = 1
    static let headerBytesMax = 64 << 10
    static let chunkBytesMax = 4 << 20
    /// How much a chunk is filled.
    static let chunkBytes = 1 << 20
    /// What sealing and the frame of zlib may add.
    static let overheadBytesMax = 8 << 10
    static let chunkHeadBytes = 13
    static let digestBytes = 16

    enum ChunkKind: UInt8 {
        case pages = 1
        case digests = 2
        case summary = 3
    }

    static func checksum(_ parts: [UInt8]...) -> UInt32 {
        var sum = crc32(0, nil, 0)
        for part in parts { sum = crc32(sum, part, uInt(part.count)) }
        return UInt32(truncatingIfNeeded: sum)
    }

    static func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    static func number(_ bytes: some Collection<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The beginning of a page's SHA-256.
    static func digest(ofPage page: UnsafeRawBufferPointer) -> ArraySlice<UInt8> {
        var hash = SHA256()
        hash.update(page)
        return hash.finalize().bytes.prefix(digestBytes)
    }

    /// One digest for a database, from those of its pages.
    static func digest(ofDigests digests: [UInt8]) -> String {
        var hash = SHA256()
        digests.withUnsafeBytes { hash.update($0) }
        return hash.finalize().description
    }

    /// What a seal is bound to, so that chunks cannot change places within a backup or between two.
    static func context(_ header: [UInt8], kind: ChunkKind?, index: UInt32) -> [UInt8] {
        var hash = SHA256()
        header.withUnsafeBytes { hash.update($0) }
        return hash.finalize().bytes + [kind?.rawValue ?? 0] + bytes(index)
    }
}
