internal import Foundation
internal import StrataCore

/// Reads tar files, compressed with gzip or not: ustar, with the long names of pax and GNU.
struct TarReader: ArchiveReader {
    let path: String
    let isGzip: Bool
    let limits: ArchiveLimits

    func read(
        wants: (ArchiveEntry) throws -> Bool, body: (ArchiveEntry, ArraySlice<UInt8>) throws -> Void
    ) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw StrataError(.storageFailure, "cannot open \(path) for reading")
        }
        defer { try? file.close() }
        let size = Int(try file.seekToEnd())
        try file.seek(toOffset: 0)
        let bytesMax = limits.bytesMax(archiveBytes: size)
        var parser = TarParser(entryCountMax: limits.entryCountMax)
        var total = 0
        func take(_ part: ArraySlice<UInt8>) throws {
            total += part.count
            guard total <= bytesMax else { throw ArchiveLimits.tooLarge(bytesMax) }
            try parser.take(part, wants: wants, body: body)
        }
        let inflater = isGzip ? try Inflater(.gzip) : nil
        while !parser.isAtEnd, let chunk = try file.read(upToCount: 1 << 18), !chunk.isEmpty {
            if let inflater { try inflater.inflate(Array(chunk), take) } else { try take(Array(chunk)[...]) }
        }
        guard parser.isComplete else { throw TarParser.damaged("it ends in the middle of an entry") }
    }
}

/// Takes a tar file in pieces of any size. Holds one header, one long name, and no contents.
struct TarParser {
    private enum State {
        case header
        /// Contents of a file.
        case contents(ArchiveEntry, isWanted: Bool, left: Int)
        /// A long name or a pax header, which describes the next entry.
        case description(type: UInt8, left: Int)
        /// Filling up to a whole block.
        case padding(left: Int)
    }

    private static let block = 512
    private static let descriptionBytesMax = 1 << 20
    private let entryCountMax: Int
    private var state = State.header
    private var pending: [UInt8] = []
    private var paddingAfter = 0
    private var longName: String?
    private var paxSize: Int?
    private var entryCount = 0
    private var zeroBlockCount = 0

    init(entryCountMax: Int) { self.entryCountMax = entryCountMax }

    /// Whether the two blocks of zeros have come that end a tar file.
    var isAtEnd: Bool { zeroBlockCount >= 2 }

    /// Whether nothing of an entry is missing.
    var isComplete: Bool {
        if case .header = state { pending.isEmpty && longName == nil } else { false }
    }

    static func damaged(_ reason: String) -> StrataError {
        StrataError(.corrupted, "the tar archive is damaged: \(reason)")
    }

    mutating func take(
        _ bytes: ArraySlice<UInt8>, wants: (ArchiveEntry) throws -> Bool,
        body: (ArchiveEntry, ArraySlice<UInt8>) throws -> Void
    ) throws {
        var rest = bytes
        while !rest.isEmpty, !isAtEnd {
            switch state {
            case .header:
                let part = rest.prefix(Self.block - pending.count)
                pending += part
                rest = rest.dropFirst(part.count)
                if pending.count == Self.block {
                    let header = pending
                    pending = []
                    try begin(header, wants: wants, body: body)
                }
            case .contents(let entry, let isWanted, let left):
                let part = rest.prefix(left)
                if isWanted { try body(entry, part) }
                rest = rest.dropFirst(part.count)
                state = .contents(entry, isWanted: isWanted, left: left - part.count)
                if left == part.count {
                    if isWanted { try body(entry, []) }
                    pad()
                }
            case .description(let type, let left):
                let part = rest.prefix(left)
                pending += part
                rest = rest.dropFirst(part.count)
                state = .description(type: type, left: left - part.count)
                if left == part.count {
                    try describe(type)
                    pad()
                }
            case .padding(let left):
                let part = rest.prefix(left)
                rest = rest.dropFirst(part.count)
                state = left == part.count ? .header : .padding(left: left - part.count)
            }
        }
    }

    private mutating func pad() { state = paddingAfter > 0 ? .padding(left: paddingAfter) : .header }

    private mutating func begin(
        _ header: [UInt8], wants: (ArchiveEntry) throws -> Bool,
        body: (ArchiveEntry, ArraySlice<UInt8>) throws -> Void
    ) throws {
        if header.allSatisfy({ $0 == 0 }) {
            zeroBlockCount += 1
            return
        }
        zeroBlockCount = 0
        entryCount += 1
        guard entryCount <= entryCountMax else { throw ArchiveLimits.tooMany }
        let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        guard try Self.number(header[148..<156]) == sum else { throw Self.damaged("a header's checksum is wrong") }
        let type = header[156]
        var size = try Self.number(header[124..<136])
        paddingAfter = (Self.block - size % Self.block) % Self.block
        switch type {
        case UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"):
            guard size > 0, size <= Self.descriptionBytesMax else { throw Self.damaged("a long name is too long") }
            state = .description(type: type, left: size)
        case 0, UInt8(ascii: "0"):
            if let paxSize {
                size = paxSize
                paddingAfter = (Self.block - size % Self.block) % Self.block
            }
            let entry = ArchiveEntry(path: longName ?? Self.name(header), sizeBytes: size)
            (longName, paxSize) = (nil, nil)
            try ArchiveEntry.check(entry.path)
            let isWanted = try wants(entry)
            if size == 0 {
                if isWanted { try body(entry, []) }
            } else {
                state = .contents(entry, isWanted: isWanted, left: size)
            }
        case UInt8(ascii: "5"):
            try ArchiveEntry.check(longName ?? Self.name(header))
            (longName, paxSize) = (nil, nil)
            guard size == 0 else { throw Self.damaged("a folder has contents") }
        case UInt8(ascii: "1"): throw ArchiveEntry.notAFile("a hard link")
        case UInt8(ascii: "2"): throw ArchiveEntry.notAFile("a symbolic link")
        case let type: throw ArchiveEntry.notAFile("an entry of type \(type)")
        }
    }

    private mutating func describe(_ type: UInt8) throws {
        let bytes = pending
        pending = []
        switch type {
        case UInt8(ascii: "L"): longName = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        case UInt8(ascii: "x"):
            for (key, value) in try Self.paxRecords(bytes) {
                if key == "path" { longName = value }
                if key == "size" {
                    guard let size = Int(value), size >= 0 else { throw Self.damaged("a pax size is no number") }
                    paxSize = size
                }
            }
        // A global header holds comments as a rule, and never what belongs to one entry.
        default: break
        }
    }

    /// Records `LENGTH KEY=VALUE\n`, whose length counts itself.
    private static func paxRecords(_ bytes: [UInt8]) throws -> [(String, String)] {
        var records: [(String, String)] = []
        var rest = bytes[...]
        while let space = rest.firstIndex(of: UInt8(ascii: " ")) {
            guard let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 1, length <= rest.count
            else { throw damaged("a pax record's length is wrong") }
            let record = rest[(space + 1)..<(rest.startIndex + length)].dropLast()
            guard let equal = record.firstIndex(of: UInt8(ascii: "=")) else { throw damaged("a pax record has no key") }
            records.append(
                (
                    String(decoding: record[..<equal], as: UTF8.self),
                    String(decoding: record[(equal + 1)...], as: UTF8.self)
                ))
            rest = rest.dropFirst(length)
        }
        return records
    }

    /// The name, with the prefix of ustar before it.
    private static func name(_ header: [UInt8]) -> String {
        func text(_ range: Range<Int>) -> String {
            String(decoding: header[range].prefix { $0 != 0 }, as: UTF8.self)
        }
        let prefix = Array(header[257..<262]) == Array("ustar".utf8) ? text(345..<500) : ""
        return prefix.isEmpty ? text(0..<100) : "\(prefix)/\(text(0..<100))"
    }

    /// Octal digits, or base 256 behind a set top bit.
    private static func number(_ field: ArraySlice<UInt8>) throws -> Int {
        if let first = field.first, first & 0x80 != 0 {
            guard first == 0x80, field.dropFirst().prefix(field.count - 8).allSatisfy({ $0 == 0 }) else {
                throw damaged("a number is out of range")
            }
            let value = field.suffix(7).reduce(0) { $0 << 8 | Int($1) }
            return value
        }
        let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
        guard digits.allSatisfy({ (48...55).contains($0) }) else { throw damaged("a number is not octal") }
        return digits.reduce(0) { $0 << 3 | Int($1 - 48) }
    }
}
