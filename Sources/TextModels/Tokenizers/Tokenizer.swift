import StrataCore

/// Turns text into the token ids of a model, as its `tokenizer.json` says.
///
/// The ids are those of the `tokenizers` package, the reference implementation. The work is done in five steps:
/// added tokens are cut out, the rest is normalized, split into words, each word is split into tokens by the model, and
/// the special tokens are put around. A value is immutable; any number of tasks may use one.
public struct Tokenizer: Sendable {
    /// The id to fill the rows of a batch with; masked tokens, so any id that the model has would do.
    public let padID: Int32
    /// How many tokens there are, the added ones included.
    public let vocabularyCount: Int

    private let vocabulary: Vocabulary
    private let addedTokens: AddedTokens
    let steps: TokenizerSteps
    let postProcessor: PostProcessor

    /// Reads a tokenizer from the content of a `tokenizer.json`.
    ///
    /// The `padding` and `truncation` sections of the file are not followed: they describe how somebody once called the
    /// tokenizer. all-MiniLM-L6-v2, for one, ships with padding to exactly 128 tokens, which makes a short text cost
    /// six times its work, and with a truncation to half of what the model can read. The limit is an argument of each
    /// call instead, and the batch decides about padding. The `decoder` section is not read: nothing here decodes.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid``, naming the part of the file that is malformed, missing,
    ///   contradictory or of a kind that is not supported.
    public init(json: [UInt8]) throws {
        let root = JSONSection(node: try JSONReader.parse(json), path: "")
        let model = try root.required("model")
        let vocabulary = try Vocabulary(model.required("vocab"))
        let normalizer = try root.member("normalizer").map(TextNormalizer.init)
        let splitter = try root.member("pre_tokenizer").map(WordSplitter.init)
        let tokenModel = try TokenModel(model, vocabulary: vocabulary, isByteLevel: splitter?.isByteLevel ?? false)
        let addedTokens = try AddedTokens(
            root.member("added_tokens"), vocabulary: vocabulary, normalizer: normalizer)
        let idOf = { (token: [UInt8]) in addedTokens.id(of: token) ?? vocabulary.trie[token] }
        postProcessor = try PostProcessor(root.member("post_processor"), idOf: idOf)

        let declared = try root.member("padding")?.member("pad_token")?.bytes()
        let names = [declared].compactMap(\.self) + ["[PAD]", "<pad>", "<|endoftext|>"].map { Array($0.utf8) }
        padID = names.lazy.compactMap(idOf).first ?? 0
        vocabularyCount = vocabulary.tokens.count + addedTokens.extraTokens.count
        self.vocabulary = vocabulary
        self.addedTokens = addedTokens
        steps = TokenizerSteps(
            addedTokens: addedTokens, normalizer: normalizer, splitter: splitter, model: tokenModel)
    }

    /// The tokens of a text.
    ///
    /// - Parameters:
    ///   - text: any text; an empty one gives the special tokens alone.
    ///   - tokenCountMax: the most tokens wanted, special ones included. What is too long is cut, the special tokens
    ///     stay: with a limit below their number they are all there is.
    ///   - cut: where a text that is too long loses tokens.
    ///   - addSpecialTokens: whether to put the special tokens of the model around.
    public func encode(
        _ text: String, tokenCountMax: Int, cut: TruncationSide = .end, addSpecialTokens: Bool = true
    ) -> TokenizedText {
        let specialCount = addSpecialTokens ? postProcessor.specialCount(isPair: false) : 0
        let limit = max(0, tokenCountMax - specialCount)
        let ids = steps.tokenIDs(text, stoppingAfter: cut == .end ? limit : .max)
        return postProcessor.join(
            cut.keep(limit, of: ids), nil, addSpecialTokens: addSpecialTokens, isTruncated: ids.count > limit)
    }

    /// The tokens of two texts in one sequence, as rerankers read a question and a passage.
    ///
    /// - Parameters:
    ///   - tokenCountMax: the most tokens wanted, special ones included. The longer text is cut until both fit; two
    ///     texts that are both longer than half of the room get half of it each.
    ///   - cut: where a text that is too long loses tokens.
    public func encode(
        _ first: String, pairedWith second: String, tokenCountMax: Int, cut: TruncationSide = .end
    ) -> TokenizedText {
        let limit = max(0, tokenCountMax - postProcessor.specialCount(isPair: true))
        // Of two long texts the longer one gets the odd token, so the second is read until it is known to be longer.
        let firstIDs = steps.tokenIDs(first, stoppingAfter: .max)
        let secondIDs = steps.tokenIDs(second, stoppingAfter: cut == .end ? max(limit, firstIDs.count) : .max)
        let (firstCount, secondCount) = Self.longestFirst(firstIDs.count, secondIDs.count, limit: limit)
        return postProcessor.join(
            cut.keep(firstCount, of: firstIDs), cut.keep(secondCount, of: secondIDs), addSpecialTokens: true,
            isTruncated: firstCount < firstIDs.count || secondCount < secondIDs.count)
    }

    /// The text of a token, or nil when no token has the id.
    public func token(of id: Int32) -> String? { vocabulary.tokens[id] ?? addedTokens.extraTokens[id] }

    /// The id of a token, or nil when there is no such token. Canonically equivalent tokens are different tokens.
    public func id(of token: String) -> Int32? { addedTokens.id(of: token.utf8) ?? vocabulary.trie[token.utf8] }

    /// The tokens that are looked for in the text itself, such as `[SEP]` or `<|im_end|>`, in the order of the file.
    var addedTokenTexts: [String] { addedTokens.contents }

    /// What stands for a whole unknown word; nil for a model that never gives up a word.
    var unknownID: Int32? { steps.unknownID }

    /// How many tokens of each text stay; the rule of the reference's `LongestFirst`.
    private static func longestFirst(_ first: Int, _ second: Int, limit: Int) -> (Int, Int) {
        guard first + second > limit else { return (first, second) }
        var shorter = min(first, second)
        var longer = max(shorter, limit - shorter)
        if shorter + longer > limit {
            shorter = limit / 2
            longer = limit - shorter
        }
        return first > second ? (longer, shorter) : (shorter, longer)
    }
}
