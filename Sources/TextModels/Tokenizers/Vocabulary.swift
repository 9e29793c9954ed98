import StrataCore

/// The tokens of a model and their ids.
struct Vocabulary: Sendable {
    /// From the bytes of a token to its id. Bytes, because canonically equivalent tokens are different tokens.
    let trie: ByteTrie
    let tokens: [Int32: String]

    /// Reads an object of tokens and their ids, as WordPiece and BPE have it.
    init(_ section: JSONSection) throws {
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
    }
}
