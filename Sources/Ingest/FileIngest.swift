import Foundation

/// The texts of one file, read as they are asked for.
///
/// It holds one block and one line of the file and the items of the current section, however long the file is. A value
/// owns an open file, so it is used by one task at a time.
public struct FileIngest: Sequence, IteratorProtocol {
    private let path: String
    private let lineBytesMax: Int
    private var reader: any LineSource
    private var parser: any FileParser
    private var events: [IngestEvent] = []
    private var nextEvent = 0
    private var isAtEnd = false

    /// Opens a file.
    ///
    /// Markdown and plain text are first read through for bytes that are no text, so that nothing of a refused file is
    /// given out; in JSON Lines only the line is refused.
    ///
    /// - Parameters:
    ///   - file: where the file is.
    ///   - path: its name in items and problems, relative to whatever the caller reads.
    ///   - format: how to read it.
    ///   - options: how to cut it.
    /// - Throws: ``IngestProblem`` of the whole file: unreadable, not UTF-8, a NUL byte.
    public init(
        file: String, path: String, format: IngestFormat, options: IngestOptions = IngestOptions()
    ) throws(IngestProblem) {
        self.path = path
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
            if format == .markdown || format == .plainText {
                try Self.check(handle, path: path)
                try handle.seek(toOffset: 0)
            }
            switch format {
            case .markdown, .plainText, .jsonLines, .mcpMemory:
                lineBytesMax = options.lineBytesMax
                reader = LineReader(handle: handle, lineBytesMax: options.lineBytesMax)
            case .chatGPT, .claude, .mem0:
                lineBytesMax = options.elementBytesMax
                reader = JSONElementReader(handle: handle, elementBytesMax: options.elementBytesMax)
            }
        } catch let problem as IngestProblem {
            throw problem
        } catch {
            throw IngestProblem(path: path, line: nil, reason: .unreadable)
        }
        parser =
            switch format {
            case .markdown: MarkdownParser(path: path, options: options)
            case .plainText: PlainTextParser(path: path, options: options)
            case .jsonLines: JSONLinesParser(path: path)
            case .chatGPT: ElementParser(path: path, reader: ChatGPTConversation.read)
            case .claude: ElementParser(path: path, reader: ClaudeConversation.read)
            case .mem0: ElementParser(path: path, reader: Mem0Memory.read)
            case .mcpMemory: ElementParser(path: path, reader: MCPMemoryLine.read)
            }
    }

    /// How much of the file was read, in bytes.
    public var bytesRead: Int { reader.bytesRead }

    /// The next item or problem, or nil at the end of the file.
    public mutating func next() -> IngestEvent? {
        while nextEvent == events.count {
            if isAtEnd { return nil }
            events.removeAll(keepingCapacity: true)
            nextEvent = 0
            readLine()
        }
        nextEvent += 1
        return events[nextEvent - 1]
    }

    private mutating func readLine() {
        // The parser's closure may not change self while self calls the parser.
        var received: [IngestEvent] = []
        do {
            if let line = try reader.next() {
                if line.isOverLimit {
                    let reason = IngestProblem.Reason.lineTooLong(byteCount: line.byteCount, limit: lineBytesMax)
                    received.append(.problem(IngestProblem(path: path, line: line.number, reason: reason)))
                }
                parser.take(line) { received.append($0) }
            } else {
                isAtEnd = true
                parser.finish { received.append($0) }
            }
        } catch let damage as JSONElementReader.Damage {
            isAtEnd = true
            received.append(.problem(IngestProblem(path: path, line: damage.line, reason: .brokenDocument)))
        } catch {
            isAtEnd = true
            received.append(.problem(IngestProblem(path: path, line: nil, reason: .unreadable)))
        }
        events = received
    }

    private static func check(_ handle: FileHandle, path: String) throws {
        var check = TextCheck()
        var fault: TextCheck.Fault?
        while fault == nil, let block = try handle.read(upToCount: LineReader.blockBytes), !block.isEmpty {
            fault = check.take([UInt8](block))
        }
        if let fault = fault ?? check.finish() {
            throw IngestProblem(path: path, line: nil, reason: fault.reason(after: 0))
        }
    }
}
