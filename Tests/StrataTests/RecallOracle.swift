import Foundation
import Strata
import StrataCore
import StrataTesting
import TextAnalysis

/// The recall formula written out once more, by plain loops over all records: no index, no candidates, no SQL.
struct RecallOracle {
    let embedder: SeededEmbedder
    let now: Timestamp
    var weights = RankingWeights()
    var parameters = BM25Parameters()
    var cut = FrequentWordCut()

    struct Answer {
        let record: MemoryRecord
        let score: Double
    }

    func recall(_ query: String, in records: [MemoryRecord], limit: Int, filter: Filter?) async throws -> [Answer] {
        let analyzer = TextAnalyzer(language: .english)
        let documents = records.map { analyzer.terms(in: $0.searchableText) }
        let count = Double(records.count)
        let meanLength = documents.map { Double($0.count) }.reduce(0, +) / max(1, count)
        let words = analyzer.words(in: query)
        func holding(_ term: String) -> Double { Double(documents.count { $0.contains(term) }) }
        let terms = Set(words.compactMap(\.term))
        let idf = Dictionary(
            uniqueKeysWithValues: terms.map { ($0, log(1 + (count - holding($0) + 0.5) / (holding($0) + 0.5))) })
        let information = idf.values.reduce(0, +)

        var embedded = Array(query.utf8)
        let frequent = words.filter { word in word.term.map { holding($0) > cut.recordShareMax * count } ?? false }
        let rare = words.filter { word in word.term.map { holding($0) <= cut.recordShareMax * count } ?? false }
        if records.count >= cut.recordCountMin, !rare.isEmpty {
            for word in frequent.reversed() { embedded.removeSubrange(word.utf8Range) }
        }
        let embeddedText = String(decoding: embedded, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
        let queryVector = try await embedder.embed([embeddedText], as: .query)[0].vector

        var answers: [Answer] = []
        for (record, document) in zip(records, documents) where filter?.matches(record) ?? true {
            var bm25 = 0.0
            for term in terms {
                let frequency = Double(document.count { $0 == term })
                let norm = parameters.k1 * (1 - parameters.b + parameters.b * Double(document.count) / meanLength)
                if frequency > 0 {
                    bm25 += idf[term, default: 0] * frequency * (parameters.k1 + 1) / (frequency + norm)
                }
            }
            let vector = try await embedder.embed([record.searchableText], as: .document)[0].vector
            let cosine = zip(vector, queryVector).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            let meaning = min(1, max(0, Double(cosine)))
            let relevance =
                information > 0
                ? weights.keyword * min(1, bm25 / information) + weights.vector * meaning : meaning
            let age = (now - (record.occurredAt ?? record.createdAt)) / .seconds(86_400)
            let score =
                (1 - weights.importance - weights.recency - weights.use) * relevance
                + weights.importance * record.importance + weights.recency * pow(0.5, max(0, age) / 30)
                + weights.use * Double(record.accessCount) / (Double(record.accessCount) + weights.useHalfCount)
            answers.append(Answer(record: record, score: score))
        }
        return Array(
            answers.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
                .map(\.element).prefix(limit))
    }
}

/// Sentences of few words, so that terms repeat and scores differ little.
struct SentenceMaker {
    var random: SeededGenerator
    static let nouns = [
        "kettle", "train", "garden", "vet", "museum", "script", "boots", "ticket", "pharmacy", "summit", "peanut",
        "meeting", "invoice", "violin", "harbour", "lantern", "recipe", "bicycle", "parcel", "window",
    ]
    static let verbs = ["paints", "loses", "repairs", "books", "forgets", "cleans", "photographs", "borrows"]
    static let names = ["Nora", "Jonas", "Wren", "Mags"]

    mutating func sentence() -> String {
        let name = Self.names.randomElement(using: &random) ?? "Nora"
        let verb = Self.verbs.randomElement(using: &random) ?? "paints"
        let nouns = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            Self.nouns.randomElement(using: &random) ?? "kettle"
        }
        return "\(name) \(verb) the \(nouns.joined(separator: " and the "))"
    }
}
