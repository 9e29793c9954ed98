internal import CZlib
internal import Foundation
internal import StrataCore

/// Reads zip files by their central directory: stored and deflated entries below 4 GiB, without encryption.
struct ZipReader: ArchiveReader {
    let path: String
    let limits: ArchiveLimits

    private struct Member {
        let entry: ArchiveEntry
        let isDeflated: Bool
        let crc: UInt32
        let compressedBytes: Int
        let headerOffset: Int
    }

    func read(
        wants: (ArchiveEntry) throws -> Bool, body: (ArchiveEntry, ArraySlice<UInt8>) throws -> Void
    ) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw StrataError(.storageFailure, "cannot open \(path) for reading")
        }
        defer { try? file.close() }
        let size = Int(try file.seekToEnd())
        let members = try directory(of: file, size: size)
        let bytesMax = limits.bytesMax(archiveBytes: size)
        var total = 0
        for member in members {
            total += member.entry.sizeBytes
            guard total <= bytesMax else { throw ArchiveLimits.tooLarge(bytesMax) }
        }
        for member in members where try wants(member.entry) { try read(member, of: file, size: size, body) }
    }

    private static func damaged(_ reason: String) -> StrataError {
        StrataError(.corrupted, "the zip archive is damaged: \(reason)")
    }

    private func bytes(of file: FileHandle, at offset: Int, count: Int) throws -> [UInt8] {
        try file.seek(toOffset: UInt64(offset))
        let bytes = try file.read(upToCount: count) ?? Data()
        guard bytes.count == count else { throw Self.damaged("it is cut off") }
        return Array(bytes)
    }

    private func directory(of file: FileHandle, size: Int) throws -> [Member] {
        // The end record has 22 bytes and a comment of at most 65 535.
        let tailCount = min(size, 22 + 65_535)
        guard tailCount >= 22 else { throw Self.damaged("it has no directory") }
        let tail = try bytes(of: file, at: size - tailCount, count: tailCount)
        guard
            let end = stride(from: tailCount - 22, through: 0, by: -1).first(where: {
                Self.number(tail, $0, 4) == 0x0605_4B50
            })
        else { throw Self.damaged("it has no directory") }
        let (count, length) = (Self.number(tail, end + 10, 2), Self.number(tail, end + 12, 4))
        let offset = Self.number(tail, end + 16, 4)
        guard count != 0xFFFF, offset != 0xFFFF_FFFF else {
            throw StrataError(.invalidArgument, "zip archives of more than 4 GiB are not read; use .tar.gz or a folder")
        }
        guard count <= limits.entryCountMax else { throw ArchiveLimits.tooMany }
        guard offset + length <= size else { throw Self.damaged("its directory lies outside") }
        let directory = try bytes(of: file, at: offset, count: length)
        var members: [Member] = []
        var position = 0
        for _ in 0..<count {
            guard position + 46 <= length, Self.number(directory, position, 4) == 0x0201_4B50 else {
                throw Self.damaged("its directory is cut off")
            }
            let nameCount = Self.number(directory, position + 28, 2)
            let next =
                position + 46 + nameCount + Self.number(directory, position + 30, 2)
                + Self.number(directory, position + 32, 2)
            guard next <= length else { throw Self.damaged("its directory is cut off") }
            let name = String(decoding: directory[(position + 46)..<(position + 46 + nameCount)], as: UTF8.self)
            if let member = try member(directory, position, name) { members.append(member) }
            position = next
        }
        return members
    }

    /// One entry of the directory; nil for a folder.
    private func member(_ directory: [UInt8], _ position: Int, _ name: String) throws -> Member? {
        try ArchiveEntry.check(name)
        let mode = Self.number(directory, position + 38, 4) >> 16
        let isUnix = Self.number(directory, position + 4, 2) >> 8 == 3
        if isUnix, mode & 0o170000 == 0o120000 { throw ArchiveEntry.notAFile("a symbolic link") }
        guard !name.hasSuffix("/") else { return nil }
        let method = Self.number(directory, position + 10, 2)
        guard Self.number(directory, position + 8, 2) & 1 == 0, method == 0 || method == 8 else {
            throw StrataError(.invalidArgument, "the zip archive is encrypted or packed in an unusual way; repack it")
        }
        return Member(
            entry: ArchiveEntry(path: name, sizeBytes: Self.number(directory, position + 24, 4)),
            isDeflated: method == 8, crc: UInt32(Self.number(directory, position + 16, 4)),
            compressedBytes: Self.number(directory, position + 20, 4),
            headerOffset: Self.number(directory, position + 42, 4))
    }

    private func read(
        _ member: Member, of file: FileHandle, size: Int,
        _ body: (ArchiveEntry, ArraySlice<UInt8>) throws -> Void
    ) throws {
        let header = try bytes(of: file, at: member.headerOffset, count: 30)
        guard Self.number(header, 0, 4) == 0x0403_4B50 else { throw Self.damaged("an entry has no header") }
        let start = member.headerOffset + 30 + Self.number(header, 26, 2) + Self.number(header, 28, 2)
        guard start + member.compressedBytes <= size else { throw Self.damaged("an entry lies outside") }
        try file.seek(toOffset: UInt64(start))
        var checksum = crc32(0, nil, 0)
        var made = 0
        func take(_ part: ArraySlice<UInt8>) throws {
            made += part.count
            guard made <= member.entry.sizeBytes else { throw Self.damaged("an entry is longer than it says") }
            checksum = part.withUnsafeBufferPointer { crc32(checksum, $0.baseAddress, UInt32($0.count)) }
            try body(member.entry, part)
        }
        let inflater = member.isDeflated ? try Inflater(.none) : nil
        var left = member.compressedBytes
        while left > 0 {
            guard let chunk = try file.read(upToCount: min(left, 1 << 18)), !chunk.isEmpty else {
                throw Self.damaged("it is cut off")
            }
            left -= chunk.count
            if let inflater { try inflater.inflate(Array(chunk), take) } else { try take(Array(chunk)[...]) }
        }
        guard made == member.entry.sizeBytes, UInt32(truncatingIfNeeded: checksum) == member.crc else {
            throw Self.damaged("an entry's checksum is wrong")
        }
        try body(member.entry, [])
    }

    /// A little-endian number.
    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
}
