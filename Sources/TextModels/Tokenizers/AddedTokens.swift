import StrataCore

/// Tokens that are looked for in the text itself, before any word is split off: `[CLS]`, `[MASK]` and the like.
struct AddedTokens: Sendable {
    /// One token and what surrounds it.
    fileprivate struct Token: Sendable {
        var id: Int32
        var isSingleWord: Bool
        var stripsLeft: Bool
        var stripsRight: Bool
    }

    /// A part of the text: an added token, or a range without one.
    enum Part {
        case token(Int32)
        case text(Range<Int>)
    }

    /// Finds tokens, the leftmost first and of those that start together the longest.
    fileprivate struct Matcher: Sendable {
        var trie: ByteTrie
        var tokens: [Token]
        /// Whether any token starts with that byte.
        var firstBytes: [Bool]
    }

    /// Ids of the tokens that the model's own vocabulary lacks.
    let extraTokens: [Int32: String]
    /// The added tokens as they are written, in the order of the file.
    let contents: [String]
    private let ids: ByteTrie
    /// Matched against the text as it came, and against its normal form.
    private let raw: Matcher?
    private let normalized: Matcher?

    /// Whether a text has to be searched a second time, in its normal form.
    var matchesNormalForm: Bool { normalized != nil }

    func id(of token: some Sequence<UInt8>) -> Int32? { ids[token] }

    /// Calls `body` with the parts of the text as it came.
    func split(_ text: ValidUTF8, _ body: (Part) -> Void) {
        Self.split(text, raw, body)
    }

    /// Calls `body` with the parts of a text in normal form.
    func splitNormalForm(_ text: ValidUTF8, _ body: (Part) -> Void) {
        Self.split(text, normalized, body)
    }

    private static func split(_ text: ValidUTF8, _ matcher: Matcher?, _ body: (Part) -> Void) {
        guard let matcher else {
            body(.text(0..<text.count))
            return
        }
        var done = 0
        var position = 0
        while position < text.count {
            guard matcher.firstBytes[Int(text[position])], let (token, length) = matcher.match(text, at: position)
            else {
                position += 1
                continue
            }
            var start = position
            var end = position + length
            position = end
            if token.isSingleWord, text.isWord(before: start) || text.isWord(at: end) { continue }
            if token.stripsLeft { start = text.startOfSpaces(before: start, notBefore: min(done, start)) }
            if token.stripsRight { end = text.endOfSpaces(from: end) }
            if done < start { body(.text(done..<start)) }
            body(.token(token.id))
            done = end
        }
        if done < text.count { body(.text(done..<text.count)) }
    }
}

extension AddedTokens.Matcher {
    fileprivate func match(_ text: ValidUTF8, at start: Int) -> (AddedTokens.Token, length: Int)? {
        var found: (AddedTokens.Token, length: Int)?
        var node = ByteTrie.root
        var position = start
        while position < text.count, let next = trie.child(of: node, by: text[position]) {
            position += 1
            node = next
            let index = trie.value(at: node)
            if index >= 0 { found = (tokens[Int(index)], position - start) }
        }
        return found
    }

    /// Of two tokens with the same bytes the first one counts, as in the reference.
    fileprivate init?(_ patterns: [(bytes: [UInt8], token: AddedTokens.Token)]) {
        guard !patterns.isEmpty else { return nil }
        var known: Set<[UInt8]> = []
        let distinct = patterns.filter { known.insert($0.bytes).inserted }
        guard let trie = try? ByteTrie(distinct.enumerated().map { ($1.bytes, Int32($0)) }) else { return nil }
        self.trie = trie
        tokens = distinct.map(\.token)
        firstBytes = [Bool](repeating: false, count: 256)
        for pattern in distinct { firstBytes[Int(pattern.bytes[0])] = true }
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func isWord(before position: Int) -> Bool {
        guard position > 0 else { return false }
        var start = position
        return UnicodeTable.shared[scalar(before: &start)].isWord
    }

    fileprivate func isWord(at position: Int) -> Bool {
        guard position < count else { return false }
        var end = position
        return UnicodeTable.shared[scalar(at: &end)].isWord
    }
}

extension AddedTokens {
    /// Reads the `added_tokens` of the file; nil stands for a file without any.
    init(_ section: JSONSection?, vocabulary: Vocabulary, normalizer: TextNormalizer?) throws {
        var entries: [(key: [UInt8], value: Int32)] = []
        var extraTokens: [Int32: String] = [:]
        var patterns: [(isSpecial: Bool, isNormalized: Bool, bytes: [UInt8], token: Token)] = []
        for element in try section?.elements() ?? [] {
            let bytes = try element.required("content").bytes()
            let id = try element.required("id").id()
            let content = String(decoding: bytes, as: UTF8.self)
            guard !bytes.isEmpty else { throw StrataError.tokenizerInvalid("\(element.path).content is empty") }
            if let known = vocabulary.trie[bytes] {
                guard known == id else {
                    throw StrataError.tokenizerInvalid(
                        "\(element.path) gives \"\(content)\" the id \(id), the vocabulary has \(known)")
                }
            } else if let other = vocabulary.tokens[id] ?? extraTokens.updateValue(content, forKey: id) {
                throw StrataError.tokenizerInvalid(
                    "\(element.path) gives \"\(content)\" the id \(id), which belongs to \"\(other)\"")
            }
            entries.append((bytes, id))
            let token = Token(
                id: id,
                isSingleWord: try element.member("single_word")?.bool() ?? false,
                stripsLeft: try element.member("lstrip")?.bool() ?? false,
                stripsRight: try element.member("rstrip")?.bool() ?? false)
            let isSpecial = try element.member("special")?.bool() ?? false
            let isNormalized = try element.member("normalized")?.bool() ?? !isSpecial
            var pattern = bytes
            if isNormalized, let normalizer {
                pattern = []
                bytes.withUnsafeBufferPointer { normalizer.normalize($0, into: &pattern) }
                guard !pattern.isEmpty else {
                    throw StrataError.tokenizerInvalid(
                        "nothing is left of \(element.path) after the normalizer; declare it with \"normalized\": false"
                    )
                }
            }
            patterns.append((isSpecial, isNormalized, pattern, token))
        }
        do {
            ids = try ByteTrie(entries)
        } catch {
            throw StrataError.tokenizerInvalid(
                "added_tokens has \"\(String(decoding: error.key, as: UTF8.self))\" twice; declare every token once")
        }
        self.extraTokens = extraTokens
        contents = entries.map { String(decoding: $0.key, as: UTF8.self) }
        let ordered = patterns.filter(\.isSpecial) + patterns.filter { !$0.isSpecial }
        raw = Matcher(ordered.filter { !$0.isNormalized }.map { ($0.bytes, $0.token) })
        normalized = Matcher(ordered.filter(\.isNormalized).map { ($0.bytes, $0.token) })
    }
}
