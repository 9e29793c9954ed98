internal import Foundation
internal import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What is piped into the process.
enum StandardInput {
    /// What is read at most into memory as one text or one line; the engine's own limit is far lower and has the better
    /// message.
    static let bytesMax = 16 << 20

    /// All of it as one text, without the line end at its end.
    ///
    /// - Throws: ``StrataError/Code/tooLarge``; ``StrataError/Code/invalidArgument`` for bytes that are not UTF-8.
    static func readAll() throws -> String {
        var bytes: [UInt8] = []
        while let chunk = try readChunk() {
            bytes += chunk
            try checkSize(bytes.count)
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return try text(bytes[...], named: "standard input")
    }

    /// A line that is not blank, with its number.
    struct Line {
        let number: Int
        /// The text, or why it cannot be one.
        let text: Result<String, StrataError>
    }

    /// Lines in batches: those that are there now, without waiting for more.
    struct Lines {
        private var buffer: [UInt8]
        private var isAtEnd: Bool
        private var number = 0
        private let interruption: Interruption?

        /// The lines of standard input, which ends for us when the process is asked to end.
        init(until interruption: Interruption? = nil) {
            (buffer, isAtEnd) = ([], false)
            self.interruption = interruption
        }

        /// The lines of a text.
        init(of text: String) { (buffer, isAtEnd, interruption) = (Array(text.utf8), true, nil) }

        /// The next lines, at least one and at most `countMax`; nil at the end.
        mutating func nextBatch(countMax: Int) throws -> [Line]? {
            while true {
                let batch = takeLines(countMax: countMax)
                if !batch.isEmpty { return batch }
                if isAtEnd { return nil }
                if let chunk = try StandardInput.readChunk(until: interruption) {
                    buffer += chunk
                    try StandardInput.checkSize(buffer.count)
                } else if interruption?.isPending == true {
                    // What has come of a line so far is none.
                    return nil
                } else {
                    isAtEnd = true
                }
            }
        }

        private mutating func takeLines(countMax: Int) -> [Line] {
            var batch: [Line] = []
            var rest = buffer[...]
            while batch.count < countMax {
                guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? (isAtEnd ? rest.endIndex : nil),
                    !rest.isEmpty
                else { break }
                number += 1
                let bytes = rest[..<end]
                let text = Result { () throws(StrataError) in try StandardInput.text(bytes, named: "the line") }
                if (try? text.get())?.allSatisfy(\.isWhitespace) != true {
                    batch.append(Line(number: number, text: text))
                }
                rest = end == rest.endIndex ? [] : rest[(end + 1)...]
            }
            buffer = Array(rest)
            return batch
        }
    }

    private static func checkSize(_ count: Int) throws(StrataError) {
        guard count <= bytesMax else {
            throw StrataError(
                .tooLarge, "standard input has more than \(bytesMax) bytes in one text; split it, or use strata ingest")
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>, named name: String) throws(StrataError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StrataError(.invalidArgument, "\(name) is not valid UTF-8; convert it first, for example with iconv")
        }
        return text.last == "\r" ? String(text.dropLast()) : text
    }

    /// The bytes that are there, waiting for at least one; nil at the end.
    private static func readChunk(until interruption: Interruption? = nil) throws(StrataError) -> [UInt8]? {
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while let interruption {
            if interruption.isPending { return nil }
            if poll(&input, 1, 100) != 0 { break }
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count > 0 { return Array(chunk.prefix(count)) }
            if count == 0 { return nil }
            guard errno == EINTR else {
                throw StrataError(.storageFailure, "cannot read standard input (\(String(cString: strerror(errno))))")
            }
        }
    }
}
