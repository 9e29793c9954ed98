/// Turns a folded word, as UTF-8 bytes, into its stem in place; the stem is never longer than the word.
typealias WordStemmer = @Sendable (inout [UInt8]) -> Void

/// The Snowball English stemmer ("Porter2"), as of Snowball 3.1.
///
/// Words are lower-case ASCII letters, with an ASCII apostrophe where there is one. While it works, a `Y` marks a y
/// that counts as a consonant. The steps are those of <https://snowballstem.org/algorithms/english/stemmer.html>.
enum EnglishStemmer {
    /// Replaces `word` by its stem. Words of one or two letters stay as they are.
    static func stem(_ word: inout [UInt8]) {
        guard word.count > 2 else { return }
        if let irregular = irregularStems.first(where: { $0.matches(word) }) {
            irregular.apply(to: &word)
            return
        }
        if word[0] == UInt8(ascii: "'") { word.removeFirst() }
        let hasConsonantY = markConsonantY(&word)
        let regions = Regions(of: word)
        removePossessive(&word)
        removePlural(&word)
        removePast(&word, regions)
        replaceFinalY(&word)
        shortenDerivation(&word, regions)
        shortenAdjective(&word, regions)
        removeDerivation(&word, regions)
        removeFinalEOrL(&word, regions)
        if hasConsonantY {
            for index in word.indices where word[index] == consonantY { word[index] = UInt8(ascii: "y") }
        }
    }

    /// Where R1 and R2 begin: each is what follows the first consonant after a vowel, R2 within R1.
    private struct Regions {
        var first: Int
        var second: Int

        init(of word: [UInt8]) {
            (first, second) = (word.count, word.count)
            if let prefix = fixedPrefixes.first(where: { hasPrefix(word, $0) }) {
                first = prefix.utf8CodeUnitCount
            } else if let start = Self.start(in: word, from: 0) {
                first = start
            }
            second = Self.start(in: word, from: first) ?? word.count
        }

        private static func start(in word: [UInt8], from start: Int) -> Int? {
            var index = start
            while index < word.count, !isVowel(word[index]) { index += 1 }
            while index < word.count, isVowel(word[index]) { index += 1 }
            return index < word.count ? index + 1 : nil
        }
    }

    private static func markConsonantY(_ word: inout [UInt8]) -> Bool {
        var isMarked = false
        var isAtStartOrAfterVowel = true
        for index in word.indices {
            if isAtStartOrAfterVowel, word[index] == UInt8(ascii: "y") {
                word[index] = consonantY
                isMarked = true
            }
            isAtStartOrAfterVowel = isVowel(word[index])
        }
        return isMarked
    }

    // MARK: Inflections (steps 0 and 1)

    private static func removePossessive(_ word: inout [UInt8]) {
        for suffix: StaticString in ["'s'", "'s", "'"] where hasSuffix(word, suffix) {
            word.removeLast(suffix.utf8CodeUnitCount)
            return
        }
    }

    private static func removePlural(_ word: inout [UInt8]) {
        if hasSuffix(word, "sses") {
            word.removeLast(2)
        } else if hasSuffix(word, "ies") || hasSuffix(word, "ied") {
            word.removeLast(word.count > 4 ? 2 : 1)
        } else if word.last == UInt8(ascii: "s"), !hasSuffix(word, "ss"), !hasSuffix(word, "us"),
            word.dropLast(2).contains(where: isVowel)
        {
            word.removeLast()
        }
    }

    private static func removePast(_ word: inout [UInt8], _ regions: Regions) {
        guard let suffix = pastSuffix(of: word) else { return }
        let start = word.count - suffix.utf8CodeUnitCount
        if hasPrefix(suffix, "eed") {
            let isExempt = wordsBeforeEed.contains { equals(word[..<start], $0) }
            if start >= regions.first, !isExempt { word.removeLast(word.count - start - 2) }
            return
        }
        if hasPrefix(suffix, "ing"), suffix.utf8CodeUnitCount == 3 {
            if start == 2, word[1] == UInt8(ascii: "y"), !isVowel(word[0]) {
                word.removeLast(4)
                append("ie", to: &word)
                return
            }
            if wordsBeforeIng.contains(where: { equals(word[..<start], $0) }) { return }
        }
        guard word[..<start].contains(where: isVowel) else { return }
        word.removeLast(word.count - start)
        if hasSuffix(word, "at") || hasSuffix(word, "bl") || hasSuffix(word, "iz") {
            append("e", to: &word)
        } else if endsWithDouble(word) {
            // "add", "egg" and "odd" keep both letters.
            let isShortWord =
                word.count == 3 && [UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "o")].contains(word[0])
            if !isShortWord { word.removeLast() }
        } else if word.count == regions.first, endsInShortSyllable(word, length: word.count) {
            append("e", to: &word)
        }
    }

    private static func pastSuffix(of word: [UInt8]) -> StaticString? {
        switch word.last {
        case UInt8(ascii: "d"): hasSuffix(word, "eed") ? "eed" : hasSuffix(word, "ed") ? "ed" : nil
        case UInt8(ascii: "g"): hasSuffix(word, "ing") ? "ing" : nil
        case UInt8(ascii: "y"):
            hasSuffix(word, "eedly")
                ? "eedly" : hasSuffix(word, "edly") ? "edly" : hasSuffix(word, "ingly") ? "ingly" : nil
        default: nil
        }
    }

    private static func replaceFinalY(_ word: inout [UInt8]) {
        guard word.count > 2, let last = word.last, last == UInt8(ascii: "y") || last == consonantY,
            !isVowel(word[word.count - 2])
        else { return }
        word[word.count - 1] = UInt8(ascii: "i")
    }

    // MARK: Derivations (steps 2 to 5)

    private static func shortenDerivation(_ word: inout [UInt8], _ regions: Regions) {
        guard let rule = longest(of: derivations, in: word) else {
            // "li" goes after certain consonants, and "ogi" loses its i after an l.
            guard word.count > 2, word.last == UInt8(ascii: "i") else { return }
            let before = word[word.count - 3]
            if hasSuffix(word, "li"), word.count - 2 >= regions.first, isIn(lettersBeforeLi, before) {
                word.removeLast(2)
            } else if hasSuffix(word, "logi"), word.count - 3 >= regions.first {
                word.removeLast()
            }
            return
        }
        if word.count - rule.suffix.utf8CodeUnitCount >= regions.first { rule.apply(to: &word) }
    }

    private static func shortenAdjective(_ word: inout [UInt8], _ regions: Regions) {
        guard let rule = longest(of: adjectives, in: word) else {
            if hasSuffix(word, "ative"), word.count - 5 >= regions.second { word.removeLast(5) }
            return
        }
        if word.count - rule.suffix.utf8CodeUnitCount >= regions.first { rule.apply(to: &word) }
    }

    private static func removeDerivation(_ word: inout [UInt8], _ regions: Regions) {
        guard let rule = longest(of: endings, in: word) else {
            if hasSuffix(word, "sion") || hasSuffix(word, "tion"), word.count - 3 >= regions.second {
                word.removeLast(3)
            }
            return
        }
        if word.count - rule.suffix.utf8CodeUnitCount >= regions.second { rule.apply(to: &word) }
    }

    private static func removeFinalEOrL(_ word: inout [UInt8], _ regions: Regions) {
        let start = word.count - 1
        if word.last == UInt8(ascii: "e") {
            guard start >= regions.second || (start >= regions.first && !endsInShortSyllable(word, length: start))
            else { return }
            word.removeLast()
        } else if hasSuffix(word, "ll"), start >= regions.second {
            word.removeLast()
        }
    }

    // MARK: Letters

    private static let consonantY = UInt8(ascii: "Y")

    @inline(__always)
    private static func isVowel(_ letter: UInt8) -> Bool { isIn(vowels, letter) }

    /// Bit 0 stands for a, bit 25 for z: literals, since a set of letters is asked for several times a word.
    private static let vowels: UInt32 = 0b1_0001_0000_0100_0001_0001_0001
    private static let lettersBeforeLi: UInt32 = 0b1010_0011_0100_1101_1100
    private static let doubledLetters: UInt32 = 0b1010_1011_0000_0110_1010

    @inline(__always)
    private static func isIn(_ letters: UInt32, _ letter: UInt8) -> Bool {
        let index = letter &- UInt8(ascii: "a")
        return index < 26 && letters >> UInt32(index) & 1 == 1
    }

    private static func endsWithDouble(_ word: [UInt8]) -> Bool {
        guard word.count >= 2, let last = word.last, word[word.count - 2] == last else { return false }
        return isIn(doubledLetters, last)
    }

    /// Whether the first `length` letters end in a vowel between consonants (the last of them not w, x or Y), are a
    /// vowel and a consonant, or end in "past".
    private static func endsInShortSyllable(_ word: [UInt8], length: Int) -> Bool {
        guard length >= 2 else { return false }
        let (last, middle) = (word[length - 1], word[length - 2])
        if isVowel(middle), !isVowel(last) {
            if length == 2 { return true }
            let isPlain = last != UInt8(ascii: "w") && last != UInt8(ascii: "x") && last != consonantY
            if isPlain, !isVowel(word[length - 3]) { return true }
        }
        return hasSuffix(word[..<length], "past")
    }
}
