internal import Foundation
internal import StrataCore
internal import TextAnalysis

/// What a query's words say before anything is searched. Pure: the statistics are handed in.
struct QueryPlan {
    /// The distinct terms that can match, with their weights.
    let terms: [WeightedTerm]
    /// The mean number of terms of a record in the namespace.
    let lengthMean: Double
    /// The sum of all terms' weights, those that no record holds included: the most there is to know about the query.
    let information: Double
    /// The text to embed.
    let embeddedText: String
    /// The words that were left out of it.
    let cutWords: [String]

    /// - Parameters:
    ///   - words: the analysed words of `query`.
    ///   - statistics: of at least the words' terms.
    init(query: String, words: [AnalyzedWord], statistics: TermStatistics, cut: FrequentWordCut) {
        let recordCount = Double(statistics.recordCount)
        var seen: Set<String> = []
        var terms: [WeightedTerm] = []
        var information = 0.0
        for term in words.compactMap(\.term) where seen.insert(term).inserted {
            let holding = Double(statistics.recordCounts[term] ?? 0)
            // BM25's inverse document frequency in the form that is never negative (Lucene's).
            let weight = log1p((recordCount - holding + 0.5) / (holding + 0.5))
            information += weight
            if holding > 0 { terms.append(WeightedTerm(term: term, weight: weight)) }
        }
        self.terms = terms
        lengthMean = statistics.lengthMean
        self.information = information

        let countMax = cut.recordShareMax * recordCount
        let isFrequent = words.map { word in
            word.term.map { Double(statistics.recordCounts[$0] ?? 0) > countMax } ?? false
        }
        let keepsSome = zip(words, isFrequent).contains { $0.term != nil && !$1 }
        guard statistics.recordCount >= cut.recordCountMin, keepsSome, isFrequent.contains(true) else {
            (embeddedText, cutWords) = (query, [])
            return
        }
        var text = ""
        var cutWords: [String] = []
        var position = query.startIndex
        for (word, isCut) in zip(words, isFrequent) where isCut {
            text += query[position..<word.range.lowerBound]
            cutWords.append(String(query[word.range]))
            position = word.range.upperBound
        }
        text += query[position...]
        embeddedText = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        self.cutWords = cutWords
    }
}
