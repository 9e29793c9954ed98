import Foundation

/// Puts a query and a document into the one sequence that a cross-encoder reads.
///
/// What is too long is the document, at its end: without the query no score means anything. Only a query of more than
/// half the room is cut itself.
struct PairTokenizer: Sendable {
    let tokenizer: Tokenizer
    let tokenCountMax: Int
    let prompt: ModelCard.Reranking.Prompt?

    /// A query that has been cut to its share, to be put before many documents.
    struct Query: Sendable {
        fileprivate var text: String
        fileprivate var ids: [Int32]
        fileprivate var isTruncated: Bool
    }

    /// Prepares a query.
    func query(_ text: String) -> Query {
        let room = max(1, (tokenCountMax - frameCount) / 2)
        guard prompt != nil else {
            let ids = tokenizer.steps.tokenIDs(text, stoppingAfter: room)
            return Query(text: text, ids: Array(ids.prefix(room)), isTruncated: ids.count > room)
        }
        // Within a prompt the query's tokens depend on what surrounds it, so that the text itself is cut.
        let clean = withoutAddedTokens(text)
        let short = longestPrefix(of: clean, tokenCountMax: room)
        return Query(text: short, ids: [], isTruncated: short.utf8.count < clean.utf8.count)
    }

    /// The sequence of a prepared query and a document.
    func tokens(of query: Query, _ document: String) -> TokenizedText {
        guard let prompt else {
            let room = max(0, tokenCountMax - frameCount - query.ids.count)
            let ids = tokenizer.steps.tokenIDs(document, stoppingAfter: room)
            return tokenizer.postProcessor.join(
                query.ids[...], ids.prefix(room), addSpecialTokens: true,
                isTruncated: query.isTruncated || ids.count > room)
        }
        let before = tokenizer.steps.tokenIDs(prompt.start, stoppingAfter: .max)
        let after = tokenizer.steps.tokenIDs(prompt.end, stoppingAfter: .max)
        let room = max(0, tokenCountMax - before.count - after.count)
        let body = tokenizer.steps.tokenIDs(
            prompt.beforeQuery + query.text + prompt.beforeDocument + withoutAddedTokens(document),
            stoppingAfter: room)
        let ids = before + body.prefix(room) + after
        return TokenizedText(
            ids: ids, typeIDs: Array(repeating: 0, count: ids.count),
            isTruncated: query.isTruncated || body.count > room)
    }

    /// Tokens that are neither the query's nor the document's.
    private var frameCount: Int {
        guard let prompt else { return tokenizer.postProcessor.specialCount(isPair: true) }
        return [prompt.start, prompt.beforeQuery, prompt.beforeDocument, prompt.end].reduce(0) {
            $0 + tokenizer.steps.tokenIDs($1, stoppingAfter: .max).count
        }
    }

    /// Added tokens are looked for in the text itself, so that a memory which spells one would end the prompt.
    private func withoutAddedTokens(_ text: String) -> String {
        var text = text
        // Taking one out may join what was around it to another.
        while let found = Self.first(of: tokenizer.addedTokenTexts, in: text) {
            text.removeSubrange(found)
        }
        return text
    }

    private static func first(of tokens: [String], in text: String) -> Range<String.Index>? {
        tokens.lazy.compactMap { text.range(of: $0, options: .literal) }.first
    }

    private func longestPrefix(of text: String, tokenCountMax: Int) -> String {
        func fits(_ prefix: Substring) -> Bool {
            tokenizer.steps.tokenIDs(String(prefix), stoppingAfter: tokenCountMax).count <= tokenCountMax
        }
        guard !fits(text[...]) else { return text }
        let characters = Array(text.indices)
        var (low, high) = (0, characters.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if fits(text[..<characters[middle]]) { low = middle } else { high = middle }
        }
        return String(text[..<characters[low]])
    }
}
