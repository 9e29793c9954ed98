internal import Strata

/// Figures of retrieval as people read them, in per cent.
struct EvalView {
    let style: Style

    private static let nameWidth = 24

    /// One report: a line for the whole with its interval, a line a category, what it cost.
    func page(_ report: RetrievalReport) -> [String] {
        var lines = [header, row("all", report.total)]
        let bounds = RetrievalFigures.columns.map { column in
            report.intervals[column.name].map { "\(percent($0[0]))–\(percent($0[1]))" } ?? ""
        }
        lines.append(style.dim("  95 %".padded(to: Self.nameWidth + 6) + cells(bounds)))
        for (category, figures) in report.categories.sorted(by: { $0.key < $1.key }) {
            lines.append(row(DisplayText.oneLine(category, width: Self.nameWidth - 1), figures))
        }
        let times = [report.millisecondsMedian, report.milliseconds95].map { DisplayText.number($0, decimals: 1) }
        let speed = DisplayText.number(report.memoriesPerSecond, decimals: 0)
        lines.append(
            style.dim(
                "\(report.memoryCount) memories at \(speed) a second, recall p50 "
                    + "\(times[0]) ms, p95 \(times[1]) ms, vectors: \(report.embeddingSpace ?? "not searched")"))
        return lines
    }

    /// One line a report, with the difference of recall@10 from the first.
    func comparison(_ reports: [RetrievalReport]) -> [String] {
        guard let first = reports.first else { return [] }
        let lines = reports.map { report in
            let change = 100 * (report.total.recall10 - first.total.recall10)
            let text = (change < 0 ? "−" : "+") + DisplayText.number(abs(change), decimals: 1)
            return row(report.variant, report.total) + "  " + text.paddedLeft(to: 6)
        }
        return ["", header + "  Δ R@10"] + lines
    }

    private var header: String {
        style.bold("".padded(to: Self.nameWidth) + "     n" + cells(RetrievalFigures.columns.map(\.name)))
    }

    private func row(_ name: String, _ figures: RetrievalFigures) -> String {
        name.padded(to: Self.nameWidth) + String(figures.count).paddedLeft(to: 6)
            + cells(RetrievalFigures.columns.map { percent(figures[keyPath: $0.figure]) })
    }

    private func cells(_ texts: [String]) -> String { texts.map { $0.paddedLeft(to: 11) }.joined() }

    private func percent(_ share: Double) -> String { DisplayText.number(100 * share, decimals: 1) }
}
