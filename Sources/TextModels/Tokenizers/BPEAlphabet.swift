import StrataCore

/// The tokens that a byte-pair encoding starts from: one a character of a word, or one a byte.
struct BPEAlphabet: Sendable {
    /// What is written before each character but the first, and behind the last, in the vocabulary.
    let prefix: [UInt8]
    private let suffix: [UInt8]
    private let source: Source
    /// The token for a character that the vocabulary lacks; nil leaves it out.
    private let unknownID: Int32?
    private let fusesUnknown: Bool
    /// The token for each byte of such a character, or -1; empty when bytes are not fallen back on.
    private let fallbackIDs: [Int32]

    private enum Source: Sendable {
        case characters(ByteTrie)
        /// The token for each byte, or -1: four tables for a byte that begins a word, goes on, ends it, is all of it.
        case bytes([Int32])
    }

    var hasAffixes: Bool { !prefix.isEmpty || !suffix.isEmpty }

    init(_ section: JSONSection, vocabulary: Vocabulary, isByteLevel: Bool) throws {
        let prefix = try section.member("continuing_subword_prefix")?.bytes() ?? []
        let suffix = try section.member("end_of_word_suffix")?.bytes() ?? []
        self.prefix = prefix
        self.suffix = suffix
        unknownID = try section.member("unk_token").map { unknown in
            let name = try unknown.bytes()
            guard let id = vocabulary.trie[name] else {
                throw StrataError.tokenizerInvalid(
                    """
                    the vocabulary has no "\(String(decoding: name, as: UTF8.self))", which \(unknown.path) names; \
                    take the file from the model's own release
                    """)
            }
            return id
        }
        fusesUnknown = try section.member("fuse_unk")?.bool() ?? false
        let fallsBack = try section.member("byte_fallback")?.bool() ?? false
        fallbackIDs = fallsBack && !isByteLevel ? vocabulary.byteIDs : []
        guard isByteLevel else {
            source = .characters(vocabulary.trie)
            return
        }
        source = .bytes(
            (0..<4 * 256).map { index in
                var letter: [UInt8] = []
                letter.append(scalar: ByteLevelAlphabet.scalar(of: UInt8(truncatingIfNeeded: index)))
                let isFirst = index & 0x100 == 0
                let isLast = index & 0x200 != 0
                return vocabulary.trie[(isFirst ? [] : prefix) + letter + (isLast ? suffix : [])] ?? -1
            })
    }

    /// Appends the tokens of the characters or bytes of a word.
    func append(_ word: ValidUTF8, to ids: inout [Int32]) {
        var isUnknownPending = false
        func appendPending() {
            if isUnknownPending, let unknownID { ids.append(unknownID) }
            isUnknownPending = false
        }
        func appendUnknown() {
            guard unknownID != nil else { return }
            if !fusesUnknown { appendPending() }
            isUnknownPending = true
        }
        switch source {
        case .bytes(let table):
            for index in 0..<word.count {
                let place = (index > 0 ? 0x100 : 0) | (index == word.count - 1 ? 0x200 : 0)
                let id = table[place | Int(word[index])]
                if id < 0 {
                    appendUnknown()
                } else {
                    if isUnknownPending { appendPending() }
                    ids.append(id)
                }
            }
        case .characters(let trie):
            var position = 0
            while position < word.count {
                let start = position
                _ = word.scalar(at: &position)
                var character = Array(word[start..<position])
                if start > 0 { character.insert(contentsOf: prefix, at: 0) }
                if position == word.count { character.append(contentsOf: suffix) }
                if let id = trie[character] {
                    appendPending()
                    ids.append(id)
                } else if !fallbackIDs.isEmpty, character.allSatisfy({ fallbackIDs[Int($0)] >= 0 }) {
                    // An unknown character before stays pending, so that its token comes later; so in the reference.
                    for byte in character { ids.append(fallbackIDs[Int(byte)]) }
                } else {
                    appendUnknown()
                }
            }
        }
        appendPending()
    }
}
