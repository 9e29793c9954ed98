/// Turns the lines of one file into events; pure, so that it needs no file.
protocol FileParser {
    /// Takes the next line. A line over the limit is empty and has been reported already.
    mutating func take(_ line: Line, _ emit: (IngestEvent) -> Void)
    /// Takes the end of the file.
    mutating func finish(_ emit: (IngestEvent) -> Void)
}

/// Paragraphs, separated by blank lines.
struct PlainTextParser: FileParser {
    private let path: String
    private var chunker: Chunker
    private var block = TextBlock(.paragraph)

    init(path: String, options: IngestOptions) {
        self.path = path
        chunker = Chunker(options: options)
    }

    mutating func take(_ line: Line, _ emit: (IngestEvent) -> Void) {
        let text = String(decoding: line.bytes, as: UTF8.self).trimmingEnd()
        if text.isEmpty {
            closeBlock(emit)
        } else {
            block.append(text, number: line.number)
            if block.size >= chunker.blockSizeMax {
                closeBlock(emit)
                block.isContinuation = true
            }
        }
    }

    mutating func finish(_ emit: (IngestEvent) -> Void) {
        closeBlock(emit)
        for chunk in chunker.finishSection() { emit(.item(item(chunk))) }
    }

    private mutating func closeBlock(_ emit: (IngestEvent) -> Void) {
        for chunk in chunker.add(block) { emit(.item(item(chunk))) }
        block = TextBlock(.paragraph)
    }

    private func item(_ chunk: Chunker.Chunk) -> IngestItem {
        IngestItem(text: chunk.text.trimmingBothEnds(), path: path, lines: chunk.lines)
    }
}

extension StringProtocol {
    /// The text without white space at its end.
    func trimmingEnd() -> String {
        guard let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(self[...last])
    }

    /// The text without white space at either end.
    func trimmingBothEnds() -> String { String(drop { $0.isWhitespace }).trimmingEnd() }
}
