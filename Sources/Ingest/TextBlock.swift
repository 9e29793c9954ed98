/// A paragraph, list item or other stretch of lines that is kept in one chunk where it fits.
struct TextBlock {
    enum Kind { case paragraph, listItem, verbatim }

    struct Line {
        var text: String
        var number: Int
    }

    var kind: Kind
    var lines: [Line] = []
    /// Whether it goes on where an overlong block was cut.
    var isContinuation = false
    private(set) var size = 0

    init(_ kind: Kind) { self.kind = kind }

    mutating func append(_ text: String, number: Int) {
        lines.append(Line(text: text, number: number))
        size += Self.size(of: text)
    }

    var text: String { lines.map(\.text).joined(separator: "\n") }

    /// How many bytes of a word count as one word.
    static let bytesPerWord = 15

    /// The size of a text in words; a long word counts once for each started ``bytesPerWord`` bytes.
    static func size(of text: some StringProtocol) -> Int {
        words(of: text).reduce(0) { $0 + ($1.utf8.count + bytesPerWord - 1) / bytesPerWord }
    }

    static func words<Text: StringProtocol>(of text: Text) -> [Text.SubSequence] {
        text.split { $0.isWhitespace }
    }
}

/// A piece of a block that goes into one chunk, with what joins it to the piece before.
struct TextUnit {
    var text: String
    var size: Int
    var separator: String
    var lines: ClosedRange<Int>
    /// Whether it reads on from a line of words, which a code block, table or list does not.
    var isProse: Bool

    init(_ text: String, separator: String, lines: ClosedRange<Int>, isProse: Bool) {
        self.text = text
        self.separator = separator
        self.lines = lines
        self.isProse = isProse
        size = TextBlock.size(of: text)
    }
}

extension TextBlock {
    /// The block as pieces of at most `sizeMax`: whole if it fits, else by sentences or lines, else by words, and a word
    /// that is too long by itself between scalars.
    func units(separator: String, sizeMax: Int) -> [TextUnit] {
        guard let first = lines.first, let last = lines.last else { return [] }
        let isProse = kind == .paragraph
        if size <= sizeMax {
            return [TextUnit(text, separator: separator, lines: first.number...last.number, isProse: isProse)]
        }
        var units = isProse ? sentences() : wholeLines()
        if !units.isEmpty { units[0].separator = separator }
        return units.flatMap { $0.size <= sizeMax ? [$0] : $0.cut(sizeMax: sizeMax) }
    }

    private func wholeLines() -> [TextUnit] {
        lines.map { TextUnit($0.text, separator: "\n", lines: $0.number...$0.number, isProse: false) }
    }

    private func sentences() -> [TextUnit] {
        var units: [TextUnit] = []
        var hasOpenSentence = false
        for line in lines {
            var separator = "\n"
            for sentence in Self.sentences(of: line.text) {
                if hasOpenSentence, let open = units.popLast() {
                    units.append(
                        TextUnit(
                            open.text + separator + sentence.text, separator: open.separator,
                            lines: open.lines.lowerBound...line.number, isProse: true))
                } else {
                    units.append(
                        TextUnit(
                            String(sentence.text), separator: separator, lines: line.number...line.number,
                            isProse: true))
                }
                hasOpenSentence = !sentence.isComplete
                separator = sentence.isFollowedBySpace ? " " : ""
            }
        }
        return units
    }

    /// Cuts a line after each full stop, question or exclamation mark with its closing quotes and brackets that is
    /// followed by white space or the end, and after each ideographic one.
    private static func sentences(
        of line: String
    ) -> [(text: Substring, isComplete: Bool, isFollowedBySpace: Bool)] {
        var sentences: [(text: Substring, isComplete: Bool, isFollowedBySpace: Bool)] = []
        var start = line.startIndex
        var index = start
        while index < line.endIndex {
            let character = line[index]
            index = line.index(after: index)
            let isIdeographic = "。！？".contains(character)
            guard isIdeographic || ".!?…".contains(character) else { continue }
            while index < line.endIndex, "\"'”’»)]」』）.!?…。！？".contains(line[index]) { index = line.index(after: index) }
            let isBeforeSpace = index == line.endIndex || line[index].isWhitespace
            guard isIdeographic || isBeforeSpace else { continue }
            sentences.append((line[start..<index], true, isBeforeSpace))
            while index < line.endIndex, line[index].isWhitespace { index = line.index(after: index) }
            start = index
        }
        if start < line.endIndex { sentences.append((line[start...], false, false)) }
        return sentences
    }
}

extension TextUnit {
    /// The unit as single words, the first with the unit's own separator.
    fileprivate func cut(sizeMax: Int) -> [TextUnit] {
        var units: [TextUnit] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            // A comment between the lines has left no line in the text, so the number can be too low, never too high.
            let number = min(lines.lowerBound + index, lines.upperBound)
            for (position, word) in TextBlock.words(of: line).enumerated() {
                var rest = word.unicodeScalars[...]
                var separator = units.isEmpty ? self.separator : position == 0 ? "\n" : " "
                while !rest.isEmpty {
                    let piece = Self.prefix(of: rest, bytesMax: sizeMax * TextBlock.bytesPerWord)
                    units.append(
                        TextUnit(String(piece), separator: separator, lines: number...number, isProse: isProse))
                    rest = rest[piece.endIndex...]
                    separator = ""
                }
            }
        }
        return units
    }

    private static func prefix(
        of scalars: Substring.UnicodeScalarView, bytesMax: Int
    ) -> Substring.UnicodeScalarView {
        var byteCount = 0
        var end = scalars.startIndex
        while end < scalars.endIndex {
            byteCount += UTF8.width(scalars[end])
            if byteCount > bytesMax { break }
            end = scalars.index(after: end)
        }
        return scalars[..<end]
    }
}
