/// The language whose stop words and stems an analyzer knows.
public enum AnalysisLanguage: String, Sendable, Codable, CaseIterable {
    /// English: own stop list, Snowball English stems, possessives and contractions taken off.
    case english
    /// Any language: words are only folded.
    case none
}

/// One word of a text, with what it is indexed as.
public struct AnalyzedWord: Sendable, Hashable {
    /// The word's place in the text, as offsets into its UTF-8 bytes; both ends lie between scalars.
    ///
    /// The ranges of bigrams overlap, and a part of an identifier lies inside the identifier.
    public let utf8Range: Range<Int>
    /// The word folded, but neither stemmed nor, in English, with its possessive ending.
    public let surface: String
    /// What it is indexed as; nil for a stop word.
    public let term: String?
    /// Whether it is part of a `snake_case` or `camelCase` identifier that comes before it.
    public let isPart: Bool

    /// Whether it is too common to be indexed.
    public var isStopWord: Bool { term == nil }
}

/// Turns text into the terms of keyword search.
///
/// - A word is a run of letters, marks, digits and underscores; everything else separates, so hyphenated words, e-mail
///   addresses and links fall into their words. Underscores at either end are left out.
/// - Words are lower-cased, compatibility forms are replaced and accents dropped: `Ｒésumé` gives `resume`, `ﬁ` gives
///   `fi`, `ß` gives `ss`; decimal digits of any script become ASCII digits.
/// - An apostrophe between letters belongs to the word. In English a possessive or contracted ending is taken off
///   (`cat's`, `they'll`) and a contracted "not" makes a stop word (`don't`); any other apostrophe is dropped (`oclock`).
/// - A number is one term: a dot or colon between digits becomes an underscore (`3.5` gives `3_5`, `12:30` gives
///   `12_30`), and commas between groups of three digits are dropped (`1,000` gives `1000`).
/// - An identifier in `snake_case` or `camelCase` gives itself and, when it has two to six parts of two or more ASCII
///   characters that begin with a letter, those parts after it.
/// - Runs of Han, kana, Thai, Lao, Myanmar and Khmer letters give overlapping pairs of letters with their marks; a
///   single letter gives itself. Hangul words are words.
/// - A word of more than 64 scalars is cut after the 64th and not stemmed. Only words of plain letters are stemmed.
///
/// A term is never empty and holds only letters, digits, underscores and the marks that belong to the spelling.
public struct TextAnalyzer: Sendable {
    /// The language of the stop words and stems.
    public let language: AnalysisLanguage

    private let stem: WordStemmer?

    /// An analyzer for texts in `language`; texts in other languages pass through it unstemmed where they differ in
    /// script, and stemmed by its rules where they do not.
    public init(language: AnalysisLanguage = .english) {
        self.language = language
        stem =
            switch language {
            case .english: EnglishStemmer.stem
            case .none: nil
            }
    }

    /// The terms of a text in order, repeats kept, stop words left out. An empty text gives none.
    public func terms(in text: String) -> [String] {
        var terms: [String] = []
        scan(text) { word in
            let isStopWord = strip(&word)
            if isStopWord { return }
            if word.isPlain, let stem { stem(&word.folded) }
            terms.append(String(decoding: word.folded, as: UTF8.self))
        }
        return terms
    }

    /// The words of a text in the order of their starts, stop words included.
    public func words(in text: String) -> [AnalyzedWord] {
        var words: [AnalyzedWord] = []
        scan(text) { word in
            let isStopWord = strip(&word)
            let surface = String(decoding: word.folded, as: UTF8.self)
            if !isStopWord, word.isPlain, let stem { stem(&word.folded) }
            words.append(
                AnalyzedWord(
                    utf8Range: word.range, surface: surface,
                    term: isStopWord ? nil : String(decoding: word.folded, as: UTF8.self), isPart: word.isPart))
        }
        return words
    }

    private func scan(_ text: String, _ receive: (inout WordScanner.Word) -> Void) {
        var text = text
        text.withUTF8 { bytes in
            var scanner = WordScanner(bytes)
            scanner.scan(receive)
        }
    }

    /// Takes the apostrophes out of a word, in English with the ending after them, and tells whether it is a stop word.
    private func strip(_ word: inout WordScanner.Word) -> Bool {
        var isContractedNot = false
        if word.hasApostrophe {
            if language == .english { isContractedNot = Self.stripContraction(&word.folded) }
            word.folded.removeAll { $0 == UInt8(ascii: "'") }
        }
        guard language == .english else { return false }
        return isContractedNot || Self.englishStops.contains(word.folded)
    }

    /// Takes off `'s`, `'ll` and their like; true for a contracted "not", which stays.
    private static func stripContraction(_ word: inout [UInt8]) -> Bool {
        if hasSuffix(word, "n't") { return true }
        for ending in contractedEndings where word.count > ending.utf8CodeUnitCount && hasSuffix(word, ending) {
            word.removeLast(ending.utf8CodeUnitCount)
            break
        }
        return false
    }

    private static let contractedEndings: [StaticString] = ["'s", "'ll", "'re", "'ve", "'d", "'m"]
    private static let englishStops = StopWords(englishStopWords)
}
