internal import Foundation

extension Hit {
    /// In one sentence, what speaks for the hit: which view brought it and which cues lifted it.
    ///
    /// It says what stands out for a reader; ``parts`` says everything.
    public var reason: String {
        let values = Dictionary(parts.map { ($0.name, $0) }) { first, _ in first }
        func value(_ name: ScorePart.Name) -> Double { values[name]?.value ?? 0 }
        func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
        var views: [(contribution: Double, words: String)] = []
        let (words, wordsBefore) = (value(.keyword), value(.keywordContext))
        if words >= Self.notable {
            views.append((words, "its words cover \(percent(words)) of the query"))
        } else if wordsBefore >= Self.notable {
            views.append((wordsBefore, "what was said just before it shares words with the query"))
        }
        let (meaning, meaningAround) = (value(.vector), value(.vectorContext))
        if meaning >= Self.notable {
            views.append((meaning, "its meaning is near the query's (\(percent(meaning)))"))
        } else if meaningAround >= Self.notable {
            views.append((meaningAround, "what was said around it is near the query in meaning"))
        }
        var reasons = views.sorted { $0.contribution > $1.contribution }.map(\.words)
        if value(.neighbour) > max(words, meaning) { reasons.append("the record beside it answers even better") }
        if value(.rerank) >= 0.5 { reasons.append("the cross-encoder takes it for an answer") }
        if value(.speaker) == 1 { reasons.append("the query names who said it") }
        if value(.time) >= 0.5 { reasons.append("it is from the time that the query names") }
        guard let first = reasons.first else { return "Little of the query is in it or around it." }
        return first.prefix(1).uppercased() + first.dropFirst()
            + reasons.dropFirst().map { ", " + $0 }.joined() + "."
    }

    /// From which share on a view is worth naming.
    private static let notable = 0.15
}
