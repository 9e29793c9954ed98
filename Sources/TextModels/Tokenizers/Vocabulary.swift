import StrataCore

/// The tokens of a model and their ids.
struct Vocabulary: Sendable {
    /// From the bytes of a token to its id. Bytes, because canonically equivalent tokens are different tokens.
    let trie: ByteTrie
    let tokens: [Int32: String]
    /// The score of each piece by id; empty but for the vocabulary of a Unigram model.
    let scores: [Double]

    /// Every token by its bytes.
    var entries: [(key: [UInt8], value: Int32)] { tokens.map { (Array($1.utf8), $0) } }

    /// The same by the bytes that the letters of a byte-level vocabulary stand for; without tokens of other letters.
    var byteLevelEntries: [(key: [UInt8], value: Int32)] {
        entries.compactMap { entry in ByteLevelAlphabet.bytes(of: entry.key).map { ($0, entry.value) } }
    }

    /// The tokens `<0x00>` through `<0xFF>`, to fall back on for what has no token; -1 for one that is missing.
    var byteIDs: [Int32] {
        (UInt8.min...UInt8.max).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return trie["<0x\(byte < 16 ? "0" : "")\(digits)>".utf8] ?? -1
        }
    }

    /// Reads the vocabulary of a model: an array of pieces with their scores for Unigram, else an object of ids.
    init(_ section: JSONSection) throws {
        if case .array(let pieces) = section.node {
            try self.init(pieces: pieces, section)
        } else {
            try self.init(ids: section)
        }
    }

    private init(pieces: [JSONNode], _ section: JSONSection) throws {
        guard !pieces.isEmpty else {
            throw StrataError.tokenizerInvalid("\(section.path) is empty; take the file from the model's own release")
        }
        var tokens: [Int32: String] = [:]
        var scores: [Double] = []
        var ids: [[UInt8]: Int32] = [:]
        for (index, piece) in pieces.enumerated() {
            guard case .array(let parts) = piece, parts.count == 2, case .string(let text) = parts[0],
                let score = parts[1].doubleValue
            else { throw StrataError.tokenizerInvalid("\(section.path)[\(index)] is not a piece with its score") }
            tokens[Int32(index)] = String(decoding: text, as: UTF8.self)
            scores.append(score)
            // Of equal pieces the last one counts, as in the reference; an empty one is never found.
            if !text.isEmpty { ids[text] = Int32(index) }
        }
        trie = try ByteTrie(ids.map { ($0.key, $0.value) })
        self.tokens = tokens
        self.scores = scores
    }

    private init(ids section: JSONSection) throws {
        let members = try section.members()
        guard !members.isEmpty else {
            throw StrataError.tokenizerInvalid("\(section.path) is empty; take the file from the model's own release")
        }
        var entries: [(key: [UInt8], value: Int32)] = []
        var tokens: [Int32: String] = [:]
        entries.reserveCapacity(members.count)
        tokens.reserveCapacity(members.count)
        for member in members {
            let token = String(decoding: member.key, as: UTF8.self)
            let id = try JSONSection(node: member.value, path: "\(section.path)[\"\(token)\"]").id()
            entries.append((member.key, id))
            if let other = tokens.updateValue(token, forKey: id) {
                throw StrataError.tokenizerInvalid(
                    "\(section.path) gives id \(id) to \"\(other)\" and to \"\(token)\"; every id belongs to one token")
            }
        }
        do {
            trie = try ByteTrie(entries)
        } catch {
            throw StrataError.tokenizerInvalid(
                "\(section.path) has \"\(String(decoding: error.key, as: UTF8.self))\" twice; every token has one id")
        }
        self.tokens = tokens
        scores = []
    }
}
