import Foundation

/// One line of a file, without its end.
struct Line: Sendable {
    /// The bytes, neither the line feed nor a carriage return before it; empty for a line over the limit.
    var bytes: [UInt8]
    /// Counted from 1.
    var number: Int
    /// Where it starts in the file.
    var byteOffset: Int
    /// How long it is in the file; more than `bytes.count` when it is over the limit.
    var byteCount: Int

    var isOverLimit: Bool { byteCount > bytes.count }
}

/// Hands out a file piece by piece.
protocol LineSource {
    /// How much of the file was handed out, in bytes.
    var bytesRead: Int { get }
    /// The next piece, or nil at the end of the file.
    mutating func next() throws -> Line?
}

/// Reads a file line by line, holding one block and one line of at most `lineBytesMax` bytes.
///
/// A byte order mark at the start is skipped. A last line without an end counts; the nothing after a last end does not.
struct LineReader: LineSource {
    private let handle: FileHandle
    private let lineBytesMax: Int
    private var block: [UInt8] = []
    private var position = 0
    private var blockOffset = 0
    private var lineNumber = 0
    private var isAtEnd = false

    static let blockBytes = 1 << 16

    init(handle: FileHandle, lineBytesMax: Int) {
        self.handle = handle
        self.lineBytesMax = lineBytesMax
    }

    /// How much of the file was handed out, in bytes.
    var bytesRead: Int { blockOffset + position }

    /// The next line, or nil at the end of the file.
    mutating func next() throws -> Line? {
        if lineNumber == 0 {
            try fill()
            if block.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        }
        var line = Line(bytes: [], number: lineNumber + 1, byteOffset: blockOffset + position, byteCount: 0)
        var hasEnd = false
        while !hasEnd {
            if position == block.count {
                if isAtEnd { break }
                try fill()
                continue
            }
            let rest = block[position...]
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            hasEnd = end < rest.endIndex
            line.byteCount += end - position
            // One byte more than the limit, for a carriage return that does not count.
            if line.byteCount <= lineBytesMax + 1 { line.bytes.append(contentsOf: rest[..<end]) }
            position = hasEnd ? end + 1 : end
        }
        guard hasEnd || line.byteCount > 0 else { return nil }
        lineNumber += 1
        if line.bytes.count == line.byteCount, line.bytes.last == UInt8(ascii: "\r") {
            line.bytes.removeLast()
            line.byteCount -= 1
        }
        if line.byteCount > lineBytesMax { line.bytes = [] }
        return line
    }

    private mutating func fill() throws {
        blockOffset += block.count
        let data = try handle.read(upToCount: Self.blockBytes) ?? Data()
        block = [UInt8](data)
        position = 0
        isAtEnd = block.isEmpty
    }
}
