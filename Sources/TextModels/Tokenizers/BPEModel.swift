import StrataCore

/// Splits a word into characters or bytes and merges neighbours, the pairs that were most frequent in training first.
///
/// After Sennrich, Haddow and Birch, <https://arxiv.org/abs/1508.07909>, over bytes as in GPT-2 or over characters as in
/// SentencePiece.
struct BPEModel: Sendable {
    private let merges: MergeTable
    /// Words that are one token, with its id.
    private var wholeWords: ByteTrie
    private let alphabet: BPEAlphabet
    /// What a word can be cut before without changing its tokens; empty for nothing.
    private let boundary: [UInt8]

    func tokenize(_ word: ValidUTF8, into ids: inout [Int32]) {
        guard !boundary.isEmpty else {
            tokenizeWhole(word, into: &ids)
            return
        }
        var start = 0
        var position = 0
        var isAfterBoundary = true
        while position < word.count {
            let isBoundary = word[position] == boundary[0] && word[position...].starts(with: boundary)
            if isBoundary, !isAfterBoundary {
                tokenizeWhole(word.part(start..<position), into: &ids)
                start = position
            }
            isAfterBoundary = isBoundary
            position += isBoundary ? boundary.count : 1
        }
        tokenizeWhole(word.part(start..<word.count), into: &ids)
    }

    private func tokenizeWhole(_ word: ValidUTF8, into ids: inout [Int32]) {
        if let id = wholeWords[word] {
            ids.append(id)
        } else {
            merge(word, into: &ids)
        }
    }

    private func merge(_ word: ValidUTF8, into ids: inout [Int32]) {
        let start = ids.count
        alphabet.append(word, to: &ids)
        let count = ids.count - start
        let kept = ids.withUnsafeMutableBufferPointer { all in
            merges.apply(to: UnsafeMutableBufferPointer(rebasing: all[start...]))
        }
        ids.removeLast(count - kept)
    }
}

extension BPEModel {
    /// - Parameter isByteLevel: whether the words come as the text's own bytes, for which the vocabulary has letters.
    init(_ section: JSONSection, vocabulary: Vocabulary, isByteLevel: Bool) throws {
        if let dropout = section.member("dropout") {
            guard [.integer(0), .number(0)].contains(dropout.node) else {
                throw StrataError.tokenizerInvalid(
                    "\(dropout.path) makes the tokens random; remove it, it is meant for training only")
            }
        }
        let alphabet = try BPEAlphabet(section, vocabulary: vocabulary, isByteLevel: isByteLevel)
        let prefixCount = alphabet.prefix.count
        guard case .array(let pairs) = try section.required("merges").node else {
            throw StrataError.tokenizerInvalid("\(section.path).merges is not an array; it holds pairs of tokens")
        }
        var merges = MergeTable(pairCount: pairs.count)
        var rank: UInt32 = 0
        for (index, pair) in pairs.enumerated() {
            let place = "\(section.path).merges[\(index)]"
            guard let (left, right) = try Self.tokens(of: pair, place) else { continue }
            func id(_ token: [UInt8]) throws -> Int32 {
                guard let id = vocabulary.trie[token] else {
                    throw StrataError.tokenizerInvalid(
                        "\(place) needs the token \"\(String(decoding: token, as: UTF8.self))\", which the vocabulary lacks"
                    )
                }
                return id
            }
            guard right.count >= prefixCount else {
                throw StrataError.tokenizerInvalid("\(place) has a second token shorter than the continuing prefix")
            }
            let merge = MergeTable.Merge(rank: rank, result: try id(left + right.dropFirst(prefixCount)))
            merges.insert(try id(left), try id(right), merge)
            rank += 1
        }
        self.merges = merges
        self.alphabet = alphabet
        let ignoresMerges = try section.member("ignore_merges")?.bool() ?? false
        let words = isByteLevel ? vocabulary.byteLevelEntries : vocabulary.entries
        boundary = alphabet.hasAffixes || isByteLevel ? [] : Self.boundary(of: vocabulary)
        wholeWords = try ByteTrie([])
        if ignoresMerges {
            wholeWords = try ByteTrie(words)
        } else if !alphabet.hasAffixes {
            wholeWords = try ByteTrie(
                words.filter { word in
                    var ids: [Int32] = []
                    word.key.withUnsafeBufferPointer { merge($0, into: &ids) }
                    return ids == [word.value]
                })
        }
    }

    /// Reads a pair, which the older files write as two tokens with a space between; nil for the line of their version.
    private static func tokens(of pair: JSONNode, _ place: String) throws -> ([UInt8], [UInt8])? {
        switch pair {
        case .array(let both) where both.count == 2:
            if case .string(let left) = both[0], case .string(let right) = both[1] { return (left, right) }
        case .string(let line):
            if line.starts(with: "#version".utf8) { return nil }
            let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            if parts.count == 2 { return (Array(parts[0]), Array(parts[1])) }
        default: break
        }
        throw StrataError.tokenizerInvalid("\(place) is not a pair of tokens")
    }

    /// The mark before words, if no token has it behind anything but another mark: then nothing is merged across.
    ///
    /// Files in SentencePiece's way often have no pre-tokenizer, so that a whole text is one word.
    private static func boundary(of vocabulary: Vocabulary) -> [UInt8] {
        let mark = Array("\u{2581}".utf8)
        guard vocabulary.trie[mark] != nil else { return [] }
        for entry in vocabulary.entries {
            var isAfterMark = true
            var position = 0
            while position < entry.key.count {
                let isMark = entry.key[position...].starts(with: mark)
                if isMark, !isAfterMark { return [] }
                isAfterMark = isMark
                position += isMark ? mark.count : 1
            }
        }
        return mark
    }
}
