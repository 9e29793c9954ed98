import StrataCore

/// The third step of tokenizing: a word to token ids.
enum TokenModel: Sendable {
    case wordPiece(WordPieceModel)

    static let supported = "WordPiece"

    init(_ section: JSONSection, vocabulary: Vocabulary) throws {
        // Files of the first releases name no type; their models are told apart by the members they have.
        let kind =
            try section.member("type")?.string() ?? (section.node["max_input_chars_per_word"] == nil ? "" : "WordPiece")
        guard kind == "WordPiece" else { throw section.unsupported(kind, supported: Self.supported) }
        self = .wordPiece(try WordPieceModel(section, vocabulary: vocabulary))
    }

    func tokenize(_ word: ValidUTF8, into ids: inout [Int32]) {
        switch self {
        case .wordPiece(let model): model.tokenize(word, into: &ids)
        }
    }
}
