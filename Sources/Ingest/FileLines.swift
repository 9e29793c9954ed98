import Foundation

/// The lines of a file as texts, one at a time, for callers that read their own format.
public struct FileLines: Sequence, IteratorProtocol {
    private let path: String
    private let lineBytesMax: Int
    private var reader: LineReader
    private var isAtEnd = false

    /// Opens a file; `path` is its name in problems.
    ///
    /// - Throws: ``IngestProblem`` when it cannot be opened.
    public init(file: String, path: String, lineBytesMax: Int) throws(IngestProblem) {
        guard let handle = try? FileHandle(forReadingFrom: URL(fileURLWithPath: file)) else {
            throw IngestProblem(path: path, line: nil, reason: .unreadable)
        }
        self.path = path
        self.lineBytesMax = lineBytesMax
        reader = LineReader(handle: handle, lineBytesMax: lineBytesMax)
    }

    /// How much of the file was read, in bytes.
    public var bytesRead: Int { reader.bytesRead }

    /// The next line that is not empty, with its number, or why it cannot be read.
    public mutating func next() -> (number: Int, text: Result<String, IngestProblem>)? {
        while !isAtEnd {
            do {
                guard let line = try reader.next() else { return nil }
                if line.byteCount == 0 { continue }
                return (
                    line.number, text(of: line).mapError { IngestProblem(path: path, line: line.number, reason: $0) }
                )
            } catch {
                isAtEnd = true
                return (0, .failure(IngestProblem(path: path, line: nil, reason: .unreadable)))
            }
        }
        return nil
    }

    private func text(of line: Line) -> Result<String, IngestProblem.Reason> {
        if line.isOverLimit { return .failure(.lineTooLong(byteCount: line.byteCount, limit: lineBytesMax)) }
        var check = TextCheck()
        if let fault = check.take(line.bytes) ?? check.finish() {
            return .failure(fault.reason(after: line.byteOffset))
        }
        return .success(String(decoding: line.bytes, as: UTF8.self))
    }
}
