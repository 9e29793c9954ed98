import StrataCore

/// The second step of tokenizing: all pre-tokenizers of a file, one after the other.
struct WordSplitter: Sendable {
    /// Whether the model is to read the words byte by byte.
    let isByteLevel: Bool
    private let steps: [PreTokenizer]
    private let rewrites: Bool

    static let supported = """
        BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, Digits, Split, ByteLevel, Metaspace, Sequence
        """

    /// Calls `body` with the words of a part of a text, in order, and with the text that they are parts of.
    ///
    /// - Parameter isStart: whether the part is the beginning of what was to be tokenized.
    func forWords(
        of text: ValidUTF8, _ range: Range<Int>, isStart: Bool, _ body: (ValidUTF8, [Range<Int>]) -> Void
    ) {
        var words: [Range<Int>] = []
        guard rewrites || steps.count != 1 else {
            words.reserveCapacity(range.count / 4 + 4)
            steps[0].split(text, range, into: &words)
            body(text, words)
            return
        }
        if !range.isEmpty { words.append(range) }
        apply(steps[...], text, words, origin: isStart ? range.lowerBound : nil, body)
    }

    /// - Parameter origin: where the beginning of what was to be tokenized is, when it is still there.
    private func apply(
        _ steps: ArraySlice<PreTokenizer>, _ text: ValidUTF8, _ words: [Range<Int>], origin: Int?,
        _ body: (ValidUTF8, [Range<Int>]) -> Void
    ) {
        guard let step = steps.first else {
            body(text, words)
            return
        }
        var next: [Range<Int>] = []
        guard step.rewrites else {
            next.reserveCapacity((words.last?.upperBound ?? 0) / 4 + words.count)
            for word in words { step.split(text, word, into: &next) }
            apply(steps.dropFirst(), text, next, origin: origin, body)
            return
        }
        var changed: [UInt8] = []
        let byteCount = words.reduce(0) { $0 + $1.count }
        changed.reserveCapacity(byteCount + byteCount / 2 + 4)
        next.reserveCapacity(byteCount / 4 + words.count)
        for word in words {
            step.rewrite(text.part(word), isStart: word.lowerBound == origin, into: &changed, &next)
        }
        let isStartThere = words.first?.lowerBound == origin
        changed.withUnsafeBufferPointer {
            apply(steps.dropFirst(), $0, next, origin: isStartThere ? 0 : nil, body)
        }
    }
}

extension WordSplitter {
    init(_ section: JSONSection) throws {
        var steps: [PreTokenizer] = []
        var isByteLevel = false
        try Self.read(section, into: &steps, &isByteLevel)
        self.isByteLevel = isByteLevel
        self.steps = steps
        rewrites = steps.contains(where: \.rewrites)
    }

    private static func read(
        _ section: JSONSection, into steps: inout [PreTokenizer], _ isByteLevel: inout Bool
    ) throws {
        let kind = try section.kind()
        if kind == "Sequence" {
            for element in try section.required("pretokenizers").elements() {
                try read(element, into: &steps, &isByteLevel)
            }
            return
        }
        guard !isByteLevel else {
            throw StrataError.tokenizerInvalid(
                "\(section.path) comes after a ByteLevel, whose bytes nothing can split; put it before that one")
        }
        switch kind {
        case "BertPreTokenizer": steps.append(.bert)
        case "Whitespace": steps.append(.whitespace)
        case "WhitespaceSplit": steps.append(.whitespaceSplit)
        case "Punctuation":
            steps.append(.punctuation(try section.member("behavior").map(behavior) ?? .isolated))
        case "Digits": steps.append(.digits(areSingle: try section.member("individual_digits")?.bool() ?? false))
        case "Split":
            steps.append(
                .pattern(
                    try SplitPattern(section.required("pattern")), try behavior(section.required("behavior")),
                    isInverted: try section.member("invert")?.bool() ?? false))
        case "Metaspace": steps.append(.metaspace(try Metaspace(section)))
        case "ByteLevel":
            isByteLevel = true
            if try section.required("add_prefix_space").bool() { steps.append(.spacePrefix) }
            if try section.member("use_regex")?.bool() ?? true {
                steps.append(.pattern(.words(.gpt2), .isolated, isInverted: false))
            }
        default: throw section.unsupported(kind, supported: supported)
        }
    }

    private static func behavior(_ section: JSONSection) throws -> DelimiterBehavior {
        let name = try section.string()
        guard let behavior = DelimiterBehavior(rawValue: name) else {
            let names = DelimiterBehavior.allCases.map(\.rawValue).joined(separator: ", ")
            throw StrataError.tokenizerInvalid("\(section.path) is \"\(name)\"; supported are \(names)")
        }
        return behavior
    }
}
