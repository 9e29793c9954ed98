/// Words too common in English to tell one text from another; compared before stemming, without apostrophes.
let englishStopWords: [StaticString] = [
    // Articles, conjunctions and prepositions.
    "a", "an", "the", "and", "or", "but", "nor", "if", "then", "than", "as", "because", "while", "of", "at", "by",
    "for", "with", "about", "between", "into", "through", "during", "to", "from", "in", "on", "off", "out", "over",
    "under", "up", "down", "until", "so", "above", "after", "against", "among", "around", "before", "below", "since",
    "upon", "within", "without", "whether", "either", "neither", "else",
    // Pronouns and determiners; without "us", which is also a country.
    "i", "me", "my", "mine", "myself", "we", "our", "ours", "ourselves", "you", "your", "yours", "yourself",
    "yourselves", "he", "him", "his", "himself", "she", "her", "hers", "herself", "it", "its", "itself", "they",
    "them", "their", "theirs", "themselves", "this", "that", "these", "those", "there", "here", "some", "any",
    "all", "both", "each", "such", "own", "same", "other", "every",
    // Question words.
    "what", "which", "who", "whom", "whose", "when", "where", "why", "how",
    // Auxiliaries; without "may", which is also a month.
    "am", "is", "are", "was", "were", "be", "been", "being", "have", "has", "had", "having", "do", "does", "did",
    "doing", "done", "will", "would", "shall", "should", "can", "cannot", "could", "might", "must",
    // Adverbs and negations.
    "not", "no", "too", "very", "just", "also", "only", "again", "further", "once", "more", "most", "few", "now",
    "ever",
    // What is left of a contraction, and contractions written without their apostrophe.
    "s", "t", "d", "m", "ll", "re", "ve", "im", "ive", "youre", "youve", "theyre", "theyve", "weve", "hes", "shes",
    "thats", "theres", "whats", "dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "havent", "hasnt",
    "hadnt", "wont", "wouldnt", "cant", "couldnt", "shouldnt",
]

/// A set of short ASCII words that is asked once for every word of a text.
///
/// Each word is packed into one integer; a table with open addressing answers in a step or two.
struct StopWords: Sendable {
    private var slots: [UInt128]
    private let shift: UInt64

    /// Words of at most 15 bytes.
    init(_ words: [StaticString]) {
        var bitCount: UInt64 = 4
        while 1 << bitCount < 4 * words.count { bitCount += 1 }
        slots = Array(repeating: 0, count: 1 << Int(bitCount))
        shift = 64 - bitCount
        for word in words {
            word.withUTF8Buffer { bytes in
                precondition(bytes.count <= Self.lengthMax, "stop word of \(bytes.count) bytes")
                insert(Self.pack(bytes))
            }
        }
    }

    /// Whether the folded word is in the set.
    func contains(_ word: [UInt8]) -> Bool {
        guard word.count <= Self.lengthMax, !word.isEmpty else { return false }
        let key = word.withUnsafeBufferPointer { Self.pack($0) }
        var slot = home(of: key)
        while slots[slot] != 0 {
            if slots[slot] == key { return true }
            slot = (slot + 1) & (slots.count - 1)
        }
        return false
    }

    private static let lengthMax = 15

    private static func pack(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt128 {
        var key: UInt128 = 0
        for byte in bytes { key = key << 8 | UInt128(byte) }
        return key
    }

    private func home(of key: UInt128) -> Int {
        let mixed = UInt64(truncatingIfNeeded: key) ^ UInt64(truncatingIfNeeded: key >> 64) &* 31
        return Int((mixed &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    private mutating func insert(_ key: UInt128) {
        var slot = home(of: key)
        while slots[slot] != 0, slots[slot] != key { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = key
    }
}
