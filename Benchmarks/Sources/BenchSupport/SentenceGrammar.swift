/// Makes new sentences out of real ones.
///
/// A real sentence is a frame: its small words (articles, prepositions, auxiliaries) stay, and each of its content
/// words gives way to another content word of the same class, where the class is what the word's ending and case tell
/// about its part of speech. Half of the words are drawn as often as they occur and half evenly, so that the frequencies
/// fall like those of a language and rare words take part too. What comes out reads like English and means little; its
/// lengths, its vocabulary and its shared words are those of real text.
public struct SentenceGrammar: Sendable {
    private struct Slot: Sendable {
        let prefix: String
        let word: String
        let suffix: String
        /// The class of words that may stand here; nil for a word that stays.
        let wordClass: WordClass?
    }

    private enum WordClass: Hashable, Sendable {
        case name, number, gerund, past, adverb, abstractNoun, adjective, plural, short, long
    }

    private let frames: [[Slot]]
    private let occurrences: [WordClass: [String]]
    private let types: [WordClass: [String]]

    /// How many different content words there are to draw from.
    public var vocabularyCount: Int { types.values.reduce(0) { $0 + $1.count } }
    /// How many different sentences serve as frames.
    public var frameCount: Int { frames.count }

    /// A grammar over real sentences; those with fewer than four content words make no frame, for
    /// too many sentences of theirs would be alike.
    public init(sentences: [String]) {
        var frames: [[Slot]] = []
        var occurrences: [WordClass: [String]] = [:]
        var seen: Set<String> = []
        for sentence in sentences where seen.insert(sentence).inserted {
            let slots = sentence.split(separator: " ").enumerated().map { Self.slot($1, isFirst: $0 == 0) }
            guard slots.count(where: { $0.wordClass != nil }) >= Self.contentWordCountMin else { continue }
            frames.append(slots)
            for slot in slots {
                if let wordClass = slot.wordClass { occurrences[wordClass, default: []].append(slot.word) }
            }
        }
        self.frames = frames
        self.occurrences = occurrences
        types = occurrences.mapValues { Set($0).sorted() }
    }

    /// So many different sentences; the same ones for the same seed.
    ///
    /// - Precondition: there is a frame.
    public func sentences(_ count: Int, seed: UInt64) -> [String] {
        precondition(!frames.isEmpty, "a grammar needs real sentences")
        var random = SeededGenerator(seed: seed)
        var seen: Set<String> = []
        var sentences: [String] = []
        sentences.reserveCapacity(count)
        while sentences.count < count {
            let sentence = self.sentence(&random)
            if seen.insert(sentence).inserted { sentences.append(sentence) }
        }
        return sentences
    }

    /// Texts of at least `wordCount` words, each of whole sentences.
    public static func paragraphs(of sentences: [String], wordCount: Int) -> [String] {
        var paragraphs: [String] = []
        var pending: [String] = []
        var pendingWords = 0
        for sentence in sentences {
            pending.append(sentence)
            pendingWords += sentence.split(separator: " ").count
            if pendingWords >= wordCount {
                paragraphs.append(pending.joined(separator: " "))
                (pending, pendingWords) = ([], 0)
            }
        }
        return paragraphs
    }

    private func sentence(_ random: inout SeededGenerator) -> String {
        let frame = frames[Int.random(in: frames.indices, using: &random)]
        var text = ""
        for (index, slot) in frame.enumerated() {
            var word = slot.word
            if let wordClass = slot.wordClass {
                let source = Bool.random(using: &random) ? occurrences : types
                // Every class that a frame names has at least the frame's own word.
                word = source[wordClass]?.randomElement(using: &random) ?? word
                if wordClass == .number { word = Self.number(like: word, &random) }
            }
            if index == 0 { word = word.prefix(1).uppercased() + word.dropFirst() }
            text += (index == 0 ? "" : " ") + slot.prefix + word + slot.suffix
        }
        return text
    }

    /// Another number with as many digits.
    private static func number(like digits: String, _ random: inout SeededGenerator) -> String {
        String(
            digits.indices.map { $0 == digits.startIndex ? "123456789" : "0123456789" }
                .map { $0[$0.index($0.startIndex, offsetBy: Int.random(in: 0..<$0.count, using: &random))] })
    }

    private static func slot(_ token: Substring, isFirst: Bool) -> Slot {
        let word = token.drop { !$0.isLetter && !$0.isNumber }
        let core = word.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "'" || $0 == "’" }
        let text = isFirst && core.dropFirst().allSatisfy(\.isLowercase) ? core.lowercased() : String(core)
        return Slot(
            prefix: String(token.prefix(token.count - word.count)), word: text,
            suffix: String(word.dropFirst(core.count)), wordClass: wordClass(of: text))
    }

    private static func wordClass(of word: String) -> WordClass? {
        guard let first = word.first, !functionWords.contains(word.lowercased()) else { return nil }
        if word.allSatisfy(\.isNumber) { return .number }
        guard word.allSatisfy(\.isLetter) else { return nil }
        if first.isUppercase { return .name }
        for (wordClass, endings) in endings where endings.contains(where: { word.hasSuffix($0) }) { return wordClass }
        return word.count <= 4 ? .short : .long
    }

    private static let contentWordCountMin = 4

    private static let endings: [(WordClass, [String])] = [
        (.gerund, ["ing"]), (.past, ["ed"]), (.adverb, ["ly"]),
        (.abstractNoun, ["tion", "sion", "ment", "ness", "ity", "ance", "ence"]),
        (.adjective, ["al", "ive", "ous", "able", "ible", "ful", "ic", "less"]), (.plural, ["s"]),
    ]

    private static let functionWords: Set<String> = Set(
        """
        a about above after again against all also an and any are as at be because been before being below between both \
        but by can cannot could did do does doing down during each either else every few for from had has have he her \
        here him his how i if in into is it its itself just last less like made make many may me might more most much \
        must my never next no nor not now of off on once one only or other our out over own same she should since so \
        some still such than that the their them then there these they this those through to too two under until up us \
        very was we were what when where whether which while who whom whose why will with within without would yes yet \
        you your
        """.split(separator: " ").map(String.init))
}
