extension EnglishStemmer {
    /// A suffix with what takes its place, or a whole word with its stem.
    struct Rule: Sendable {
        let suffix: StaticString
        let replacement: StaticString
        /// The last letter of the suffix: most rules are ruled out by it.
        let last: UInt8

        init(_ suffix: StaticString, _ replacement: StaticString) {
            self.suffix = suffix
            self.replacement = replacement
            last = suffix.withUTF8Buffer { $0.last ?? 0 }
        }

        func matches(_ word: [UInt8]) -> Bool { last == word.last && equals(word[...], suffix) }

        func apply(to word: inout [UInt8]) {
            word.removeLast(suffix.utf8CodeUnitCount)
            append(replacement, to: &word)
        }
    }

    /// The first rule whose suffix ends the word; longer suffixes stand before those that end them.
    static func longest(of rules: [Rule], in word: [UInt8]) -> Rule? {
        guard let last = word.last else { return nil }
        return rules.first { $0.last == last && hasSuffix(word, $0.suffix) }
    }

    /// Words with a stem of their own.
    static let irregularStems: [Rule] = [
        Rule("skis", "ski"), Rule("skies", "sky"), Rule("sky", "sky"), Rule("idly", "idl"), Rule("gently", "gentl"),
        Rule("ugly", "ugli"), Rule("early", "earli"), Rule("only", "onli"), Rule("singly", "singl"),
        Rule("news", "news"), Rule("howe", "howe"), Rule("atlas", "atlas"), Rule("cosmos", "cosmos"),
        Rule("bias", "bias"), Rule("andes", "andes"),
    ]

    /// Prefixes after which R1 begins, whatever their letters say.
    static let fixedPrefixes: [StaticString] = [
        "arsen", "commun", "emerg", "gener", "inter", "later", "organ", "past", "univers",
    ]

    /// What makes "succeed", "proceed" and "exceed", which keep their ending.
    static let wordsBeforeEed: [StaticString] = ["succ", "proc", "exc"]

    /// What makes "evening", "canning", "inning", "earring", "herring" and "outing", which keep theirs.
    static let wordsBeforeIng: [StaticString] = ["even", "cann", "inn", "earr", "herr", "out"]

    /// Step 2, without its rules for "li" and "ogi".
    static let derivations: [Rule] = [
        Rule("ational", "ate"), Rule("tional", "tion"), Rule("enci", "ence"), Rule("anci", "ance"),
        Rule("abli", "able"), Rule("entli", "ent"), Rule("izer", "ize"), Rule("ization", "ize"),
        Rule("ation", "ate"), Rule("ator", "ate"), Rule("alism", "al"), Rule("aliti", "al"), Rule("alli", "al"),
        Rule("fulness", "ful"), Rule("ousli", "ous"), Rule("ousness", "ous"), Rule("iveness", "ive"),
        Rule("iviti", "ive"), Rule("biliti", "ble"), Rule("bli", "ble"), Rule("ogist", "og"),
        Rule("fulli", "ful"), Rule("lessli", "less"),
    ]

    /// Step 3, without its rule for "ative".
    static let adjectives: [Rule] = [
        Rule("ational", "ate"), Rule("tional", "tion"), Rule("alize", "al"), Rule("icate", "ic"),
        Rule("iciti", "ic"), Rule("ical", "ic"), Rule("ful", ""), Rule("ness", ""),
    ]

    /// Step 4, without its rule for "ion".
    static let endings: [Rule] = [
        Rule("ement", ""), Rule("ment", ""), Rule("ent", ""), Rule("ance", ""), Rule("ence", ""), Rule("able", ""),
        Rule("ible", ""), Rule("ant", ""), Rule("ate", ""), Rule("ive", ""), Rule("ize", ""), Rule("iti", ""),
        Rule("ism", ""), Rule("ous", ""), Rule("al", ""), Rule("er", ""), Rule("ic", ""),
    ]
}

// MARK: Bytes against literals

func hasSuffix(_ word: [UInt8], _ suffix: StaticString) -> Bool { hasSuffix(word[...], suffix) }

func hasSuffix(_ word: ArraySlice<UInt8>, _ suffix: StaticString) -> Bool {
    let length = suffix.utf8CodeUnitCount
    guard length <= word.count else { return false }
    return suffix.withUTF8Buffer { literal in
        var position = length - 1
        while position >= 0 {
            if word[word.endIndex - length + position] != literal[position] { return false }
            position -= 1
        }
        return true
    }
}

func hasPrefix(_ word: [UInt8], _ prefix: StaticString) -> Bool {
    let length = prefix.utf8CodeUnitCount
    return length <= word.count && equals(word[..<length], prefix)
}

func hasPrefix(_ literal: StaticString, _ prefix: StaticString) -> Bool {
    let length = prefix.utf8CodeUnitCount
    guard length <= literal.utf8CodeUnitCount else { return false }
    return literal.withUTF8Buffer { bytes in prefix.withUTF8Buffer { bytes.prefix(length).elementsEqual($0) } }
}

func equals(_ word: ArraySlice<UInt8>, _ literal: StaticString) -> Bool {
    word.count == literal.utf8CodeUnitCount && hasSuffix(word, literal)
}

func append(_ literal: StaticString, to word: inout [UInt8]) {
    literal.withUTF8Buffer { word.append(contentsOf: $0) }
}
