internal import Foundation
internal import StrataCore
internal import TextAnalysis

/// What a query's words say before anything is searched. Pure: the statistics are handed in.
struct QueryPlan {
    /// The distinct terms that can match, with their weights.
    let terms: [WeightedTerm]
    /// Every distinct term, those that no record holds included.
    let allTerms: [String]
    /// The mean number of terms of a record in the namespace.
    let lengthMean: Double
    /// The terms that bring candidates: all of them, unless so many records hold the most frequent ones that reading
    /// their posting lists would cost more than it can bring. Candidates are scored by all terms either way.
    let leadingTerms: [WeightedTerm]
    /// The sum of all terms' weights, those that no record holds included: the most there is to know about the query.
    let information: Double
    /// The summed weights of the terms that do not lead; 0 when the search's scores are complete.
    let followingWeight: Double
    /// The text to embed.
    let embeddedText: String
    /// The words that were left out of it.
    let cutWords: [String]

    /// - Parameters:
    ///   - words: the analysed words of `query`.
    ///   - statistics: of at least the words' terms.
    ///   - postingCountMax: how many postings the leading terms may have together; the rarest term always leads.
    init(
        query: String, words: [AnalyzedWord], statistics: TermStatistics, cut: FrequentWordCut, postingCountMax: Int
    ) {
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
        allTerms = seen.sorted()
        lengthMean = statistics.lengthMean
        self.information = information
        var postingCount = 0
        let rarestFirst = terms.sorted { ($1.weight, $0.term) < ($0.weight, $1.term) }
        leadingTerms = Array(
            rarestFirst.prefix { term in
                let isFirst = postingCount == 0
                postingCount += statistics.recordCounts[term.term] ?? 0
                return isFirst || postingCount <= postingCountMax
            })
        followingWeight = rarestFirst.dropFirst(leadingTerms.count).reduce(0) { $0 + $1.weight }

        let countMax = cut.recordShareMax * recordCount
        var frequent: [Range<Int>] = []
        var rare: [Range<Int>] = []
        for word in words {
            guard let term = word.term else { continue }
            if Double(statistics.recordCounts[term] ?? 0) > countMax {
                frequent.append(word.utf8Range)
            } else {
                rare.append(word.utf8Range)
            }
        }
        // The pairs of letters of a language without spaces overlap: what a rare one shares with a frequent one stays.
        let cuts = frequent.filter { range in !rare.contains { $0.overlaps(range) } }
        guard statistics.recordCount >= cut.recordCountMin, !rare.isEmpty, !cuts.isEmpty else {
            (embeddedText, cutWords) = (query, [])
            return
        }
        let bytes = Array(query.utf8)
        var kept: [UInt8] = []
        var cutWords: [String] = []
        var position = 0
        for range in cuts where range.upperBound > position {
            kept += bytes[position..<max(position, range.lowerBound)]
            cutWords.append(String(decoding: bytes[max(position, range.lowerBound)..<range.upperBound], as: UTF8.self))
            position = range.upperBound
        }
        kept += bytes[position...]
        embeddedText = String(decoding: kept, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(
            separator: " ")
        self.cutWords = cutWords
    }
}
