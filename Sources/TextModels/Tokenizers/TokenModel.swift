import StrataCore

/// The third step of tokenizing: a word to token ids.
enum TokenModel: Sendable {
    case wordPiece(WordPieceModel)
    case bpe(BPEModel)
    case unigram(UnigramModel)

    static let supported = "WordPiece, BPE, Unigram"

    /// - Parameter isByteLevel: whether the words come as the text's own bytes, for which the vocabulary has letters.
    init(_ section: JSONSection, vocabulary: Vocabulary, isByteLevel: Bool) throws {
        let kind = try section.member("type")?.string() ?? Self.kind(ofUntyped: section)
        guard kind == "BPE" || !isByteLevel else {
            throw StrataError.tokenizerInvalid(
                "the pre-tokenizer ByteLevel goes with a model of type BPE, this one is \"\(kind)\"")
        }
        switch kind {
        case "WordPiece": self = .wordPiece(try WordPieceModel(section, vocabulary: vocabulary))
        case "BPE": self = .bpe(try BPEModel(section, vocabulary: vocabulary, isByteLevel: isByteLevel))
        case "Unigram": self = .unigram(try UnigramModel(section, vocabulary: vocabulary))
        default: throw section.unsupported(kind, supported: Self.supported)
        }
    }

    /// Files of the first releases name no type; their models are told apart by the members they have.
    private static func kind(ofUntyped section: JSONSection) -> String {
        if section.node["merges"] != nil { return "BPE" }
        if section.node["unk_id"] != nil { return "Unigram" }
        return section.node["max_input_chars_per_word"] == nil ? "" : "WordPiece"
    }

    /// The token that stands for a whole unknown word, which only WordPiece has. Unigram's `unk_id` is no such: files
    /// are about in which it is the full stop.
    var unknownID: Int32? {
        if case .wordPiece(let model) = self { model.unknownID } else { nil }
    }

    /// Appends the tokens of words, in order; stops after the word with which there are more than `countMax`.
    func tokenize(_ words: [Range<Int>], of text: ValidUTF8, into ids: inout [Int32], stoppingAfter countMax: Int) {
        // The kind is told once for all words, so that no word pays for taking the model out of its case.
        switch self {
        case .wordPiece(let model): Self.each(words, &ids, countMax) { model.tokenize(text.part($0), into: &$1) }
        case .bpe(let model): Self.each(words, &ids, countMax) { model.tokenize(text.part($0), into: &$1) }
        case .unigram(let model): Self.each(words, &ids, countMax) { model.tokenize(text.part($0), into: &$1) }
        }
    }

    @inline(__always)
    private static func each(
        _ words: [Range<Int>], _ ids: inout [Int32], _ countMax: Int, _ body: (Range<Int>, inout [Int32]) -> Void
    ) {
        for word in words {
            body(word, &ids)
            if ids.count > countMax { return }
        }
    }
}
