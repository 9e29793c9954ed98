import StrataCore

/// One step from normal text to words, which the model then splits each for itself.
enum PreTokenizer: Sendable {
    /// White space separates, every punctuation character is a word.
    case bert
    /// Runs of `\w` and runs of what is neither `\w` nor white space.
    case whitespace
    case whitespaceSplit
    case punctuation(DelimiterBehavior)
    case digits(areSingle: Bool)
    case pattern(SplitPattern, DelimiterBehavior, isInverted: Bool)
    /// A space before every part that has none.
    case spacePrefix
    case metaspace(Metaspace)

    /// Whether the step changes the text, so that the words are not within it.
    var rewrites: Bool {
        switch self {
        case .spacePrefix, .metaspace: true
        default: false
        }
    }

    /// Appends the words within `range` of `text`, in order, none of them empty.
    func split(_ text: ValidUTF8, _ range: Range<Int>, into words: inout [Range<Int>]) {
        switch self {
        case .bert:
            splitRuns(text, range, into: &words) { $0.isSpace ? .separator : $0.isPunctuation ? .single : .word }
        case .whitespace:
            splitRuns(text, range, into: &words) { $0.isSpace ? .separator : $0.isWord ? .word : .otherWord }
        case .whitespaceSplit: splitRuns(text, range, into: &words) { $0.isSpace ? .separator : .word }
        case .punctuation(let behavior): splitAtPunctuation(text, range, behavior, into: &words)
        case .digits(let areSingle):
            let table = ScalarClassTable.shared
            splitRuns(text, range, into: &words) { (scalar: UInt32) in
                table[scalar].meets(.numeric) ? areSingle ? .single : .otherWord : .word
            }
        case .pattern(let pattern, let behavior, let isInverted):
            pattern.split(text, range, behavior, isInverted: isInverted, into: &words)
        case .spacePrefix, .metaspace:
            preconditionFailure("a step that rewrites the text has no words within it")
        }
    }

    /// Appends a changed copy of the part of a text to `output`, and where its words are.
    ///
    /// - Parameter isStart: whether the part is the beginning of what was to be tokenized.
    func rewrite(
        _ part: ValidUTF8, isStart: Bool, into output: inout [UInt8], _ words: inout [Range<Int>]
    ) {
        switch self {
        case .metaspace(let metaspace): metaspace.rewrite(part, isStart: isStart, into: &output, &words)
        case .spacePrefix:
            let start = output.count
            if part.first != UInt8(ascii: " ") { output.append(UInt8(ascii: " ")) }
            output.append(contentsOf: part)
            words.append(start..<output.count)
        default: preconditionFailure("a step that keeps the text rewrites nothing")
        }
    }

    private enum Role { case separator, word, otherWord, single }

    @inline(__always)
    private func splitRuns(
        _ text: ValidUTF8, _ range: Range<Int>, into words: inout [Range<Int>], role: (UnicodeTable.Entry) -> Role
    ) {
        let table = UnicodeTable.shared
        splitRuns(text, range, into: &words) { (scalar: UInt32) in role(table[scalar]) }
    }

    /// Splits into runs of scalars of one role; a `single` is a run of its own.
    @inline(__always)
    private func splitRuns(
        _ text: ValidUTF8, _ range: Range<Int>, into words: inout [Range<Int>], role: (UInt32) -> Role
    ) {
        var start = range.lowerBound
        var runRole = Role.separator
        var position = range.lowerBound
        while position < range.upperBound {
            let scalarStart = position
            let scalarRole = role(text.scalar(at: &position))
            if scalarRole != runRole || scalarRole == .single {
                if runRole != .separator { words.append(start..<scalarStart) }
                start = scalarStart
                runRole = scalarRole
            }
        }
        if runRole != .separator { words.append(start..<range.upperBound) }
    }

    private func splitAtPunctuation(
        _ text: ValidUTF8, _ range: Range<Int>, _ behavior: DelimiterBehavior, into words: inout [Range<Int>]
    ) {
        guard behavior != .isolated else {
            splitRuns(text, range, into: &words) { $0.isPunctuation ? .single : .word }
            return
        }
        var pieces: [Range<Int>] = []
        splitRuns(text, range, into: &pieces) { $0.isPunctuation ? .single : .word }
        behavior.join(
            pieces.map { piece in
                var start = piece.lowerBound
                let isDelimiter = UnicodeTable.shared[text.scalar(at: &start)].isPunctuation
                return DelimiterBehavior.Segment(range: piece, isDelimiter: isDelimiter)
            }, into: &words)
    }
}
