internal import StrataCore
internal import TextAnalysis

/// The part of a long text that says most about a query: whole sentences, or a piece of one that is longer than allowed.
public struct Snippet: Sendable, Hashable, Codable {
    /// The words.
    public let text: String
    /// Where they begin in the record's text, in bytes of UTF-8.
    public let utf8Start: Int
    /// Where they end there.
    public let utf8End: Int

    /// The best run of sentences; nil for a text that is short enough as it is.
    ///
    /// A run's worth is the summed weight of the distinct query terms in it; of several equals the shorter counts, then
    /// the earlier one. Where no sentence shares a term with the query the text's beginning is shown.
    ///
    /// - Parameter characterCountMax: how long a snippet may be, at least 1.
    init?(of text: String, terms: [WeightedTerm], characterCountMax: Int, analyzer: TextAnalyzer) {
        guard text.count > characterCountMax else { return nil }
        let weights = Dictionary(terms.map { ($0.term, $0.weight) }) { first, _ in first }
        let sentences = Self.sentences(of: text)
        let found = sentences.map { sentence in
            Set(analyzer.terms(in: String(text[sentence]))).filter { weights[$0] != nil }
        }
        // Places in characters, counted once: measuring each run anew would take a long text minutes.
        var (places, position, count) = ([(start: Int, end: Int)](), text.startIndex, 0)
        for sentence in sentences {
            let start = count + text.distance(from: position, to: sentence.lowerBound)
            count = start + text.distance(from: sentence.lowerBound, to: sentence.upperBound)
            position = sentence.upperBound
            places.append((start, count))
        }
        var best: (range: Range<String.Index>, worth: Double, length: Int)?
        for first in sentences.indices {
            var held: Set<String> = []
            for last in first..<sentences.count {
                let range = sentences[first].lowerBound..<sentences[last].upperBound
                let length = places[last].end - places[first].start
                if length > characterCountMax, last > first { break }
                held.formUnion(found[last])
                let worth = held.reduce(0) { $0 + (weights[$1] ?? 0) }
                if let known = best, (known.worth, -known.length) >= (worth, -length) { continue }
                best = (range, worth, length)
                if length > characterCountMax { break }
            }
        }
        guard let best else { return nil }
        let start = best.worth > 0 ? best.range.lowerBound : text.startIndex
        let wanted = best.worth > 0 ? min(best.length, characterCountMax) : characterCountMax
        let end = text.index(start, offsetBy: wanted, limitedBy: text.endIndex) ?? text.endIndex
        self.text = String(text[start..<end])
        utf8Start = text.utf8.distance(from: text.startIndex, to: start)
        utf8End = text.utf8.distance(from: text.startIndex, to: end)
    }

    /// Sentences without the white space around them; a line's end ends a sentence too.
    static func sentences(of text: String) -> [Range<String.Index>] {
        var sentences: [Range<String.Index>] = []
        var start: String.Index?
        var end = text.startIndex
        func close() {
            if let from = start { sentences.append(from..<end) }
            start = nil
        }
        var index = text.startIndex
        while index < text.endIndex {
            let (character, next) = (text[index], text.index(after: index))
            if character.isNewline {
                close()
            } else if !character.isWhitespace {
                if start == nil { start = index }
                end = next
                let isFollowedBySpace = next == text.endIndex || text[next].isWhitespace
                if "。！？".contains(character) || (".!?".contains(character) && isFollowedBySpace) { close() }
            }
            index = next
        }
        close()
        return sentences
    }
}
