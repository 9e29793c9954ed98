import StrataCore

/// Splits a word into the longest pieces that the vocabulary has, from left to right, as BERT does.
///
/// A word without such a split, or one of more than `wordScalarCountMax` scalars, is the unknown token as a whole.
struct WordPieceModel: Sendable {
    let trie: ByteTrie
    let unknownID: Int32
    /// Where in the trie the pieces within a word begin; nil when the vocabulary has none.
    let continuation: Int32?
    let wordScalarCountMax: Int

    init(_ section: JSONSection, vocabulary: Vocabulary) throws {
        trie = vocabulary.trie
        let unknown = try section.required("unk_token").bytes()
        guard let id = trie[unknown] else {
            throw StrataError.tokenizerInvalid(
                """
                the vocabulary has no "\(String(decoding: unknown, as: UTF8.self))", which model.unk_token names; \
                take the file from the model's own release
                """)
        }
        unknownID = id
        continuation = trie.node(for: try section.required("continuing_subword_prefix").bytes())
        wordScalarCountMax = try section.required("max_input_chars_per_word").integer(0...Int.max)
    }

    func tokenize(_ word: ValidUTF8, into ids: inout [Int32]) {
        if word.count > wordScalarCountMax, word.count(where: { $0 & 0xC0 != 0x80 }) > wordScalarCountMax {
            ids.append(unknownID)
            return
        }
        let countBefore = ids.count
        var start = 0
        var node: Int32? = ByteTrie.root
        while start < word.count {
            var best: Int32 = -1
            var bestEnd = start
            var position = start
            while position < word.count, let current = node, let next = trie.child(of: current, by: word[position]) {
                position += 1
                node = next
                let value = trie.value(at: next)
                if value >= 0 {
                    best = value
                    bestEnd = position
                }
            }
            guard best >= 0 else {
                ids.removeLast(ids.count - countBefore)
                ids.append(unknownID)
                return
            }
            ids.append(best)
            start = bestEnd
            node = continuation
        }
    }
}
