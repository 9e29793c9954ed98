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

        // What each record is worth by itself: its words and its meaning.
        let passes = records.map { filter?.matches($0) ?? true }
        var (words01, meaning01): ([Double], [Double]) = ([], [])
        for (record, document) in zip(records, documents) {
            var bm25 = 0.0
            for term in terms {
                let frequency = Double(document.count { $0 == term })
                let norm = parameters.k1 * (1 - parameters.b + parameters.b * Double(document.count) / meanLength)
                if frequency > 0 {
                    bm25 += idf[term, default: 0] * frequency * (parameters.k1 + 1) / (frequency + norm)
                }
            }
            words01.append(information > 0 ? min(1, bm25 / information) : 0)
            let vector = try await embedder.embed([record.searchableText], as: .document)[0].vector
            let cosine = zip(vector, queryVector).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            meaning01.append(min(1, max(0, Double(cosine))))
        }

        // Its neighbours: the records before and after it in its session that the filter lets through.
        func moment(_ index: Int) -> Timestamp { records[index].occurredAt ?? records[index].createdAt }
        func step(_ index: Int, _ distance: Int) -> Int? {
            guard let session = records[index].session else { return nil }
            let thread = records.indices.filter { records[$0].session == session }
                .sorted { (moment($0), $0) < (moment($1), $1) }
            guard let place = thread.firstIndex(of: index), thread.indices.contains(place + distance) else {
                return nil
            }
            return passes[thread[place + distance]] ? thread[place + distance] : nil
        }
        func views(_ index: Int) -> Double {
            let before = step(index, -1)
            let earlier = before.flatMap { step($0, -1) }
            let context = [index, before, earlier].compactMap { $0 }.map { words01[$0] }.max() ?? 0
            let around = [index, before, step(index, 1)].compactMap { $0 }.map { meaning01[$0] }
            let meaning =
                weights.vector * meaning01[index]
                + weights.vectorContext * around.reduce(0, +) / Double(around.count)
            guard information > 0 else { return meaning / (weights.vector + weights.vectorContext) }
            return (weights.keyword * words01[index] + weights.keywordContext * context + meaning)
                / (weights.keyword + weights.keywordContext + weights.vector + weights.vectorContext)
        }

        let speakers = Set(records.compactMap(\.speaker))
        let named = speakers.filter { !terms.isDisjoint(with: analyzer.terms(in: $0)) }
        let times = TimeExpressionParser(today: Int(now.milliseconds / 86_400_000)).expressions(in: query)
        var answers: [Answer] = []
        for (index, record) in records.enumerated() where passes[index] {
            let viewWeight =
                (information > 0 ? weights.keyword + weights.keywordContext : 0)
                + weights.vector + weights.vectorContext
            let age = (now - moment(index)) / .seconds(86_400)
            let neighbours = [step(index, -1), step(index, 1)].compactMap { $0 }.map(views)
            var parts: [(value: Double, weight: Double)] = [
                (views(index), viewWeight), (neighbours.max() ?? views(index), weights.neighbour),
                (record.text.hasSuffix("?") ? 0 : 1, weights.statement),
                (record.text.contains { $0.isNumber } ? 1 : 0, weights.number),
                (min(1, log(1 + Double(record.text.count) / 10) / log(1 + weights.lengthMax / 10)), weights.length),
                (record.importance, weights.importance), (pow(0.5, max(0, age) / 30), weights.recency),
                (Double(record.accessCount) / (Double(record.accessCount) + weights.useHalfCount), weights.use),
            ]
            if !named.isEmpty, named.count < speakers.count {
                parts.append((record.speaker.map(named.contains) == true ? 1 : 0, weights.speaker))
            }
            if !times.isEmpty {
                let day = Int(moment(index).milliseconds / 86_400_000)
                parts.append((times.map { $0.agreement(withDay: day) }.max() ?? 0, weights.time))
            }
            let score = parts.reduce(0) { $0 + $1.value * $1.weight } / parts.reduce(0) { $0 + $1.weight }
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
