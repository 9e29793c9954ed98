internal import Foundation
internal import StrataCore

extension Hit {
    /// A record with its score: what the query brought, and what the record has by itself.
    init(_ record: MemoryRecord, _ relevance: Relevance, weights: RankingWeights, now: Timestamp) {
        var sum = ScoreSum()
        sum.add(relevance, weights)
        let text = record.text
        sum.add(.statement, value: Self.asks(text) ? 0 : 1, weight: weights.statement)
        sum.add(.number, value: text.utf8.contains { (48...57).contains($0) } ? 1 : 0, weight: weights.number)
        let characterCount = text.unicodeScalars.count
        sum.add(
            .length, raw: Double(characterCount), value: weights.lengthPart(characterCount: characterCount),
            weight: weights.length)
        sum.add(.importance, value: record.importance, weight: weights.importance)
        let age = now - (record.occurredAt ?? record.createdAt)
        sum.add(
            .recency, raw: age / .seconds(86_400), value: weights.recencyPart(of: record, now: now),
            weight: weights.recency)
        sum.add(.use, raw: Double(record.accessCount), value: weights.usePart(of: record), weight: weights.use)
        self.init(record: record, score: sum.score, parts: sum.parts)
    }

    private static func asks(_ text: String) -> Bool {
        text.unicodeScalars.last { !$0.properties.isWhitespace }.map { "?？؟".unicodeScalars.contains($0) } ?? false
    }
}

/// The weighted mean of a score's parts.
private struct ScoreSum {
    private var entries: [(name: ScorePart.Name, raw: Double, value: Double, weight: Double)] = []

    mutating func add(_ name: ScorePart.Name, raw: Double? = nil, value: Double, weight: Double) {
        guard weight > 0 else { return }
        entries.append((name, raw ?? value, value, weight))
    }

    mutating func add(_ relevance: Relevance, _ weights: RankingWeights) {
        func keyword(_ bm25: Double) -> Double { weights.keywordPart(bm25: bm25, information: relevance.information) }
        if let bm25 = relevance.bm25 { add(.keyword, raw: bm25, value: keyword(bm25), weight: weights.keyword) }
        if let bm25 = relevance.bm25Context {
            add(.keywordContext, raw: bm25, value: keyword(bm25), weight: weights.keywordContext)
        }
        if let cosine = relevance.cosine {
            add(.vector, raw: Double(cosine), value: weights.vectorPart(cosine: cosine), weight: weights.vector)
        }
        if let mean = relevance.cosineContext { add(.vectorContext, value: mean, weight: weights.vectorContext) }
        if let neighbour = relevance.neighbour { add(.neighbour, value: neighbour, weight: weights.neighbour) }
        if let isNamed = relevance.isSpeakerNamed {
            add(.speaker, value: isNamed ? 1 : 0, weight: weights.speaker)
        }
        if let score = relevance.rerank { add(.rerank, value: score, weight: weights.rerank) }
        if let agreement = relevance.timeAgreement { add(.time, value: agreement, weight: weights.time) }
    }

    private var weightSum: Double { entries.reduce(0) { $0 + $1.weight } }
    var score: Double { parts.reduce(0) { $0 + $1.contribution } }
    var parts: [ScorePart] {
        let sum = weightSum
        return entries.map {
            ScorePart(name: $0.name, raw: $0.raw, value: $0.value, contribution: $0.value * $0.weight / sum)
        }
    }
}
