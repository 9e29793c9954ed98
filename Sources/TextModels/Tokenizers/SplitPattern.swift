import StrataCore

/// What the pre-tokenizer Split looks for.
enum SplitPattern: Sendable {
    case words(WordPattern)
    case text([UInt8])
    /// Runs of scalars of some classes, of `countMax` scalars at most.
    case run(ScalarClassTable.Classes, countMax: Int)

    /// The regular expressions that are no ``WordPattern``.
    private static let runs: [(text: String, pattern: SplitPattern)] = [
        (#"\s+"#, .run(.space, countMax: .max)),
        (#"\s"#, .run(.space, countMax: 1)),
        (#"\p{L}+"#, .run(.letter, countMax: .max)),
        (#"\p{N}+"#, .run(.number, countMax: .max)),
        (#"\p{N}"#, .run(.number, countMax: 1)),
        (#"\p{N}{1,3}"#, .run(.number, countMax: 3)),
    ]

    /// Reads the `pattern` of a Split.
    init(_ section: JSONSection) throws {
        if let text = try section.member("String")?.bytes() {
            guard !text.isEmpty else {
                throw StrataError.tokenizerInvalid("\(section.path).String is empty; a delimiter has a length")
            }
            self = .text(text)
            return
        }
        let expression = try section.required("Regex").string()
        if let pattern = WordPattern.known.first(where: { $0.text == expression })?.pattern {
            self = .words(pattern)
        } else if let pattern = Self.runs.first(where: { $0.text == expression })?.pattern {
            self = pattern
        } else {
            throw StrataError.tokenizerInvalid(
                """
                \(section.path) is the regular expression \(expression), which this version does not know; known are \
                those of GPT-2, Qwen, Llama 3, cl100k and o200k and runs of one class such as \\s+
                """)
        }
    }

    /// Appends the words within `range` of `text`.
    func split(
        _ text: ValidUTF8, _ range: Range<Int>, _ behavior: DelimiterBehavior, isInverted: Bool,
        into words: inout [Range<Int>]
    ) {
        // These patterns match everything, so that nothing lies between two matches.
        if case .words(let pattern) = self, behavior == .isolated || behavior == .removed && isInverted {
            pattern.split(text, range, into: &words)
            return
        }
        var segments: [DelimiterBehavior.Segment] = []
        var done = range.lowerBound
        forEachMatch(in: text, range) { match in
            if done < match.lowerBound {
                segments.append(.init(range: done..<match.lowerBound, isDelimiter: isInverted))
            }
            segments.append(.init(range: match, isDelimiter: !isInverted))
            done = match.upperBound
        }
        if done < range.upperBound { segments.append(.init(range: done..<range.upperBound, isDelimiter: isInverted)) }
        behavior.join(segments, into: &words)
    }

    private func forEachMatch(in text: ValidUTF8, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        switch self {
        case .words(let pattern):
            var words: [Range<Int>] = []
            pattern.split(text, range, into: &words)
            words.forEach(body)
        case .text(let pattern):
            var position = range.lowerBound
            while position + pattern.count <= range.upperBound {
                if text[position...].starts(with: pattern) {
                    body(position..<position + pattern.count)
                    position += pattern.count
                } else {
                    position += 1
                }
            }
        case .run(let classes, let countMax):
            let table = ScalarClassTable.shared
            var start = range.lowerBound
            var count = 0
            var position = range.lowerBound
            while position < range.upperBound {
                let scalarStart = position
                let isMember = table[text.scalar(at: &position)].meets(classes)
                if count > 0, !isMember || count == countMax {
                    body(start..<scalarStart)
                    count = 0
                }
                if isMember {
                    if count == 0 { start = scalarStart }
                    count += 1
                }
            }
            if count > 0 { body(start..<range.upperBound) }
        }
    }
}
