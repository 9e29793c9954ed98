import StrataCore

/// The second step of tokenizing: normal text to words, which the model then splits each for itself.
indirect enum PreTokenizer: Sendable {
    /// White space separates, every punctuation character is a word.
    case bert
    /// Runs of `\w` and runs of what is neither `\w` nor white space.
    case whitespace
    case whitespaceSplit
    case punctuation(DelimiterBehavior)
    case sequence([PreTokenizer])

    /// What becomes of a delimiter.
    enum DelimiterBehavior: String, Sendable {
        case removed = "Removed"
        case isolated = "Isolated"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    static let supported = "BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, Sequence"

    /// Appends the words within `range` of `text`, in order, none of them empty.
    func split(_ text: ValidUTF8, _ range: Range<Int>, into words: inout [Range<Int>]) {
        switch self {
        case .bert:
            splitRuns(text, range, into: &words) { $0.isSpace ? .separator : $0.isPunctuation ? .single : .word }
        case .whitespace:
            splitRuns(text, range, into: &words) { $0.isSpace ? .separator : $0.isWord ? .word : .otherWord }
        case .whitespaceSplit: splitRuns(text, range, into: &words) { $0.isSpace ? .separator : .word }
        case .punctuation(let behavior): splitAtPunctuation(text, range, behavior, into: &words)
        case .sequence(let steps):
            var current = range.isEmpty ? [] : [range]
            for step in steps {
                var next: [Range<Int>] = []
                for part in current { step.split(text, part, into: &next) }
                current = next
            }
            words.append(contentsOf: current)
        }
    }

    private enum Role { case separator, word, otherWord, single }

    /// Splits into runs of scalars of one role; a `single` is a run of its own.
    @inline(__always)
    private func splitRuns(
        _ text: ValidUTF8, _ range: Range<Int>, into words: inout [Range<Int>],
        role: (UnicodeTable.Entry) -> Role
    ) {
        let table = UnicodeTable.shared
        var start = range.lowerBound
        var runRole = Role.separator
        var position = range.lowerBound
        while position < range.upperBound {
            let scalarStart = position
            let scalarRole = role(table[text.scalar(at: &position)])
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
        var pieces: [Range<Int>] = []
        switch behavior {
        case .contiguous:
            splitRuns(text, range, into: &words) { $0.isPunctuation ? .otherWord : .word }
            return
        default: splitRuns(text, range, into: &pieces) { $0.isPunctuation ? .single : .word }
        }
        if behavior == .isolated {
            words.append(contentsOf: pieces)
            return
        }
        var mergesIntoLast = false
        var pending: Range<Int>?
        for piece in pieces {
            var start = piece.lowerBound
            let isDelimiter = UnicodeTable.shared[text.scalar(at: &start)].isPunctuation
            switch behavior {
            case .mergedWithPrevious where isDelimiter && mergesIntoLast:
                words[words.count - 1] = words[words.count - 1].lowerBound..<piece.upperBound
                mergesIntoLast = false
            case .mergedWithPrevious:
                words.append(piece)
                mergesIntoLast = !isDelimiter
            case .mergedWithNext where isDelimiter:
                if let pending { words.append(pending) }
                pending = piece
            case .mergedWithNext:
                words.append((pending ?? piece).lowerBound..<piece.upperBound)
                pending = nil
            default:
                if !isDelimiter { words.append(piece) }
            }
        }
        if let pending { words.append(pending) }
    }
}

extension PreTokenizer {
    init(_ section: JSONSection) throws {
        switch try section.kind() {
        case "BertPreTokenizer": self = .bert
        case "Whitespace": self = .whitespace
        case "WhitespaceSplit": self = .whitespaceSplit
        case "Punctuation":
            let name = try section.member("behavior")?.string() ?? DelimiterBehavior.isolated.rawValue
            guard let behavior = DelimiterBehavior(rawValue: name) else {
                throw StrataError.tokenizerInvalid(
                    """
                    \(section.path) has the behavior "\(name)"; supported are Removed, Isolated, MergedWithPrevious, \
                    MergedWithNext, Contiguous
                    """)
            }
            self = .punctuation(behavior)
        case "Sequence":
            self = .sequence(try section.required("pretokenizers").elements().map(PreTokenizer.init))
        case let kind: throw section.unsupported(kind, supported: Self.supported)
        }
    }
}
