import StrataCore

/// Markdown by sections, after CommonMark <https://spec.commonmark.org/0.31.2/> as far as cutting needs it.
///
/// A heading ends the chunk before it. Front matter becomes metadata, comments are dropped, code blocks, tables and list
/// items stay together where they fit.
struct MarkdownParser: FileParser {
    private let path: String
    private let includesHeadings: Bool
    private var chunker: Chunker
    private var frontMatter = FrontMatterState.possible
    private var fields: [String: JSONValue] = [:]
    private var tags: [String] = []
    private var occurredAt: Timestamp?
    private var headings: [(level: Int, title: String)] = []
    /// The line of a heading that nothing has followed yet.
    private var bareHeadingLine: Int?
    private var block: TextBlock?
    private var fence: MarkdownLine.Fence?
    /// The line where a comment was opened that has not been closed.
    private var commentLine: Int?

    private enum FrontMatterState {
        case possible
        case collecting([Line])
        case past
    }

    /// Front matter is looked for in so many lines; past them the opening `---` was a thematic break.
    private static let frontMatterLinesMax = 200

    init(path: String, options: IngestOptions) {
        self.path = path
        includesHeadings = options.includesHeadings
        chunker = Chunker(options: options)
    }

    mutating func take(_ line: Line, _ emit: (IngestEvent) -> Void) {
        switch frontMatter {
        case .past: takeBody(line, emit)
        case .possible:
            if line.number == 1, Self.text(line).trimmingEnd() == "---" {
                frontMatter = .collecting([line])
            } else {
                frontMatter = .past
                takeBody(line, emit)
            }
        case .collecting(var lines):
            lines.append(line)
            let text = Self.text(line).trimmingEnd()
            if text == "---" || text == "..." {
                closeFrontMatter(lines, emit)
            } else if lines.count > Self.frontMatterLinesMax || line.isOverLimit {
                replay(lines, emit)
            } else {
                frontMatter = .collecting(lines)
            }
        }
    }

    mutating func finish(_ emit: (IngestEvent) -> Void) {
        if case .collecting(let lines) = frontMatter { replay(lines, emit) }
        if let commentLine {
            emit(.problem(IngestProblem(path: path, line: commentLine, reason: .unclosedComment)))
        }
        finishSection(emit)
        emitBareHeading(emit)
    }

    // MARK: Front matter

    private mutating func closeFrontMatter(_ lines: [Line], _ emit: (IngestEvent) -> Void) {
        frontMatter = .past
        let inner = lines.dropFirst().dropLast()
        if let read = FrontMatter(inner.map(Self.text)) {
            (fields, tags, occurredAt) = (read.fields, read.tags, read.date)
            return
        }
        // What is not simple is still worth finding, as text; taken as Markdown, its end would make it a heading.
        var text = TextBlock(.verbatim)
        for line in inner { text.append(Self.text(line).trimmingEnd(), number: line.number) }
        for chunk in chunker.add(text) { emit(.item(item(chunk))) }
        finishSection(emit)
    }

    private mutating func replay(_ lines: [Line], _ emit: (IngestEvent) -> Void) {
        frontMatter = .past
        for line in lines { takeBody(line, emit) }
    }

    // MARK: Body

    private mutating func takeBody(_ line: Line, _ emit: (IngestEvent) -> Void) {
        let raw = Self.text(line)
        if let fence {
            append(raw.trimmingEnd(), to: .verbatim, number: line.number, emit)
            if fence.isClosed(by: raw) {
                self.fence = nil
                closeBlock(emit)
            }
            return
        }
        let hadText = !raw.allSatisfy(\.isWhitespace)
        let text = strippingComments(raw, number: line.number).trimmingEnd()
        if text.isEmpty, hadText { return }
        let shape = MarkdownLine(text)
        switch shape {
        case .blank: closeBlock(emit)
        case .heading(let level, let title):
            closeBlock(emit)
            open(level: level, title: title, number: line.number, emit)
        case .underline(let level):
            if let paragraph = block, paragraph.kind == .paragraph, !paragraph.isContinuation {
                block = nil
                let title = paragraph.lines.map { $0.text.trimmingBothEnds() }.joined(separator: " ")
                open(level: level, title: title, number: paragraph.lines[0].number, emit)
            } else if level == 2, text.count >= 3 {
                closeBlock(emit)
            } else {
                append(text, to: block?.kind ?? .paragraph, number: line.number, emit)
            }
        case .thematicBreak: closeBlock(emit)
        case .fence(let opening):
            closeBlock(emit)
            fence = opening
            append(text, to: .verbatim, number: line.number, emit)
        case .listItem:
            closeBlock(emit)
            append(text, to: .listItem, number: line.number, emit)
        case .tableRow: append(text, to: .verbatim, number: line.number, emit)
        case .text:
            let kind: TextBlock.Kind = block?.kind == .listItem ? .listItem : .paragraph
            append(text, to: kind, number: line.number, emit)
        }
    }

    /// Adds a line to the block when the block is of that kind, else to a new one.
    private mutating func append(
        _ text: String, to kind: TextBlock.Kind, number: Int, _ emit: (IngestEvent) -> Void
    ) {
        var open: TextBlock
        if let block, block.kind == kind {
            open = block
        } else {
            closeBlock(emit)
            open = TextBlock(kind)
        }
        block = nil
        open.append(text, number: number)
        if open.size >= chunker.blockSizeMax {
            add(open, emit)
            open = TextBlock(kind)
            open.isContinuation = true
        }
        block = open
    }

    private mutating func closeBlock(_ emit: (IngestEvent) -> Void) {
        if let block { add(block, emit) }
        block = nil
    }

    private mutating func add(_ block: TextBlock, _ emit: (IngestEvent) -> Void) {
        guard !block.lines.isEmpty else { return }
        bareHeadingLine = nil
        for chunk in chunker.add(block) { emit(.item(item(chunk))) }
    }

    /// Takes HTML comments out of a line; inside a code span they are text.
    private mutating func strippingComments(_ line: String, number: Int) -> String {
        guard commentLine != nil || line.contains("<!--") else { return line }
        var kept = ""
        var rest = line[...]
        var isInCode = false
        while let character = rest.first {
            if commentLine != nil {
                guard let end = rest.firstRange(of: "-->") else { return kept }
                rest = rest[end.upperBound...]
                commentLine = nil
            } else if !isInCode, rest.hasPrefix("<!--") {
                commentLine = number
                rest = rest.dropFirst(4)
            } else {
                if character == "`" { isInCode.toggle() }
                kept.append(character)
                rest = rest.dropFirst()
            }
        }
        return kept
    }

    // MARK: Sections

    private var headingPath: String {
        headings.map(\.title).filter { !$0.isEmpty }.joined(separator: " > ")
    }

    private mutating func open(level: Int, title: String, number: Int, _ emit: (IngestEvent) -> Void) {
        finishSection(emit)
        // A heading right above its first subheading lives on in the path of that.
        if let last = headings.last, last.level >= level { emitBareHeading(emit) }
        headings.removeAll { $0.level >= level }
        headings.append((level, title))
        bareHeadingLine = number
    }

    private mutating func finishSection(_ emit: (IngestEvent) -> Void) {
        closeBlock(emit)
        for chunk in chunker.finishSection() { emit(.item(item(chunk))) }
    }

    /// Keeps the words of a heading that has nothing below it.
    private mutating func emitBareHeading(_ emit: (IngestEvent) -> Void) {
        guard let line = bareHeadingLine, !headingPath.isEmpty else { return }
        bareHeadingLine = nil
        emit(.item(withFields(IngestItem(text: headingPath, path: path, lines: line...line))))
    }

    private func item(_ chunk: Chunker.Chunk) -> IngestItem {
        var text = chunk.text.trimmingBothEnds()
        if includesHeadings, !headingPath.isEmpty {
            text = headingPath + (chunk.startsWithProse ? ": " : ":\n") + text
        }
        return withFields(IngestItem(text: text, path: path, lines: chunk.lines))
    }

    private func withFields(_ item: IngestItem) -> IngestItem {
        var item = item
        item.metadata = fields
        if !headingPath.isEmpty { item.metadata["heading"] = .string(headingPath) }
        item.tags = tags
        item.occurredAt = occurredAt
        return item
    }

    private static func text(_ line: Line) -> String { String(decoding: line.bytes, as: UTF8.self) }
}
