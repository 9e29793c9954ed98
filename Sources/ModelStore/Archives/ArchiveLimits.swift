internal import StrataCore

/// What an archive may hold, so that a small file cannot fill a disk.
struct ArchiveLimits: Sendable {
    var entryCountMax = 10_000
    /// Of everything in it, whether wanted or not.
    var sizeBytesMax = 64 << 30
    /// How many times as large as itself an archive may become. Weights hardly shrink; bombs grow a thousandfold.
    var growthMax = 100
    /// Below this nobody is harmed, whatever the growth.
    var harmlessBytes = 64 << 20

    /// The most bytes that an archive of that length may become.
    func bytesMax(archiveBytes: Int) -> Int {
        let (grown, isOverflow) = archiveBytes.multipliedReportingOverflow(by: growthMax)
        return min(sizeBytesMax, max(harmlessBytes, isOverflow ? .max : grown))
    }

    static func tooLarge(_ bytesMax: Int) -> StrataError {
        StrataError(
            .tooLarge, "the archive becomes larger than \(bytesMax) bytes, which no model of its length does; refused")
    }

    static let tooMany = StrataError(.tooLarge, "the archive has more entries than a model needs; refused")
}

/// An entry of an archive.
struct ArchiveEntry: Sendable, Hashable {
    let path: String
    let sizeBytes: Int

    /// Refuses names that lead out of a folder: absolute ones, `..`, backslashes, NUL.
    ///
    /// The names are never used as paths; an archive that holds such names was made to do harm all the same.
    static func check(_ path: String) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.hasPrefix("/"), !parts.contains(".."), !path.contains("\\"), !path.contains("\0"),
            path.utf8.count <= 4096
        else { throw StrataError(.invalidArgument, "the archive has an entry whose name leads out of it; refused") }
    }

    /// The answer to links and devices.
    static func notAFile(_ kind: String) -> StrataError {
        StrataError(.invalidArgument, "the archive has \(kind) among its entries, where only files belong; refused")
    }
}

/// Reads the files of an archive in their order.
protocol ArchiveReader {
    /// Calls `wants` for every file; the bytes of those that it wants are handed to `body` in parts, an empty part last.
    ///
    /// - Throws: ``StrataError/Code/corrupted``, ``StrataError/Code/invalidArgument`` for traversal and links,
    ///   ``StrataError/Code/tooLarge`` for a bomb; what the closures throw.
    func read(
        wants: (ArchiveEntry) throws -> Bool, body: (ArchiveEntry, ArraySlice<UInt8>) throws -> Void
    ) throws
}
