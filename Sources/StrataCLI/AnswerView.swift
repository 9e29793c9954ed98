internal import Strata
internal import StrataCore

/// A recall's answer as people read it.
struct AnswerView {
    let answer: RecallAnswer
    let style: Style
    /// The columns of the terminal; nil does not wrap.
    let width: Int?

    private static let indent = "           "

    /// The lines of all hits: rank, score and caption, then the text; what the score is made of when `explained`.
    func hits(explained: Bool) -> [String] {
        let hits = answer.enumerated().flatMap { rank, hit -> [String] in
            let view = RecordView(hit.record, style: style)
            let score = DisplayText.number(hit.score, decimals: 3)
            let caption = "\(String(rank + 1).paddedLeft(to: 3))  \(style.green(score)) \(view.caption)"
            let parts = explained ? hit.parts.map(line) : []
            let reason = explained ? [Self.indent + style.dim(hit.reason)] : []
            let before = (hit.before ?? []).map(neighbour)
            let after = (hit.after ?? []).map(neighbour)
            let shown = before + text(shownText(of: hit)) + after
            return [caption] + shown + reason + parts
        }
        return hits + leftOut
    }

    /// The text, or the part of it that was asked for, with dots where something is missing.
    private func shownText(of hit: Hit) -> String {
        guard let snippet = hit.snippet else { return hit.record.text }
        return (snippet.utf8Start > 0 ? "… " : "") + snippet.text
            + (snippet.utf8End < hit.record.text.utf8.count ? " …" : "")
    }

    /// A record beside a hit, on one line.
    private func neighbour(_ record: MemoryRecord) -> String {
        let room = width.map { max(20, $0 - Self.indent.count - 2) }
        return Self.indent + style.dim("· " + DisplayText.oneLine(record.searchableText, width: room))
    }

    private var leftOut: [String] {
        guard let packing = answer.packing, !packing.leftOut.isEmpty || packing.leftOutNeighbourCount > 0 else {
            return []
        }
        let hits = DisplayText.count(packing.leftOut.count, "hit")
        let neighbours = DisplayText.count(packing.leftOutNeighbourCount, "neighbour")
        return [
            style.dim(
                "about \(packing.tokenCount) of \(packing.tokenBudget) tokens; \(hits) and \(neighbours) left out")
        ]
    }

    private func text(_ text: String) -> [String] {
        let harmless = DisplayText.harmless(text)
        let lines =
            width.map { DisplayText.wrapped(harmless, width: max(20, $0 - Self.indent.count)) }
            ?? harmless.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.map { $0.isEmpty ? "" : Self.indent + $0 }
    }

    /// One ingredient: name, raw value, scaled value as a bar, what it adds.
    private func line(_ part: ScorePart) -> String {
        let added = "+" + DisplayText.number(part.contribution, decimals: 3)
        let bar = DisplayText.bar(part.value, width: 20)
        let raw =
            part.name == .use
            ? DisplayText.count(Int(part.raw), "use") : DisplayText.number(part.raw, decimals: 2) + part.name.unit
        return Self.indent + "\(part.name.rawValue.padded(to: 16))\(style.cyan(bar)) \(added)  \(style.dim(raw))"
    }

    /// The stages with their times, the words that were cut, the space that was searched.
    var stages: [String] {
        var lines = ["", style.bold("stages")]
        for stage in answer.stages {
            let time = DisplayText.number(stage.milliseconds, decimals: 2).paddedLeft(to: 9)
            let count = stage.candidateCount.map { "  \(DisplayText.count($0, "candidate"))" } ?? ""
            lines.append("  \(stage.name.rawValue.padded(to: 16))\(time) ms\(style.dim(count + exactness(stage)))")
        }
        let total = DisplayText.number(answer.milliseconds, decimals: 2).paddedLeft(to: 9)
        lines.append("  \("in all".padded(to: 16))\(total) ms")
        if !answer.cutWords.isEmpty {
            let words = answer.cutWords.map { DisplayText.oneLine($0, width: nil) }.joined(separator: ", ")
            lines.append("too frequent to be embedded: \(words)")
        }
        lines.append("vectors: \(answer.embeddingSpace ?? "not searched")")
        for degradation in answer.degradations { lines.append("degraded: \(degradation.code)") }
        return lines
    }
}

extension AnswerView {
    private func exactness(_ stage: StageReport) -> String {
        guard let isExact = stage.isExact else { return "" }
        if isExact { return ", exact" }
        let recall = stage.measuredRecall.map { ", recall@10 \(DisplayText.number($0, decimals: 3)) in a sample" }
        return ", approximate" + (recall ?? "")
    }
}

extension ScorePart.Name {
    /// What the raw value counts.
    fileprivate var unit: String {
        switch self {
        case .keyword, .keywordContext: " BM25"
        case .vector: " cosine"
        case .vectorContext: " mean cosine"
        case .length: " characters"
        case .neighbour, .speaker, .time, .statement, .number, .rerank, .importance, .use: ""
        case .recency: " days old"
        }
    }
}
