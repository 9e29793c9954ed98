internal import Strata
internal import StrataCore
internal import Telemetry

/// A picture of an engine in lines of text. Pure: everything it shows is handed in.
struct TopFrame {
    let report: HealthReport
    let figures: EngineFigures?
    /// How long test recalls took, oldest first.
    let recalls: [SampleHistory.Point]
    let style: Style
    /// The number of columns.
    let width: Int

    var lines: [String] {
        var lines = [head, ""]
        if let figures {
            lines += layers(figures) + [""] + machine(figures) + [""]
        }
        lines += components
        if !report.alerts.isEmpty { lines += ["", style.bold("alerts")] + alerts }
        if let figures { lines += [""] + jobs(figures) }
        return lines
    }

    private var head: String {
        let time = DisplayText.span(.seconds(report.uptimeSeconds))
        return "\(style.bold("strata \(report.version)"))  \(report.status.word(style)) up \(time)  \(report.at)"
    }

    private func layers(_ figures: EngineFigures) -> [String] {
        let counts = figures.statistics.store.recordCounts
        let total = max(1, counts.values.reduce(0, +))
        return Layer.allCases.map { layer in
            let count = counts[layer] ?? 0
            let bar = DisplayText.bar(Double(count) / Double(total), width: 24)
            return "\(layer.rawValue.padded(to: 10)) \(style.cyan(bar)) \(String(count).paddedLeft(to: 9))"
        }
    }

    private func machine(_ figures: EngineFigures) -> [String] {
        let statistics = figures.statistics
        var rows: [(String, String)] = [
            ("recall", sparkline),
            ("queue", "\(figures.pendingWriteCount) waiting, \(figures.runningCallCount) calls running"),
            (
                "store",
                "\(DisplayText.bytes(statistics.store.fileBytes)), log \(DisplayText.bytes(figures.walBytes ?? 0))"
            ),
            ("index", "\(DisplayText.bytes(statistics.indexResidentBytes)) in memory"),
        ]
        if let cache = statistics.cache {
            let share = DisplayText.number(cache.hitRate * 100, decimals: 1)
            rows.append(
                ("cache", "\(share) % hits, \(cache.entryCount) entries, \(DisplayText.bytes(cache.residentBytes))"))
        }
        if let resident = figures.process.residentBytes {
            let free = figures.process.memoryAvailableBytes.map { ", \(DisplayText.bytes($0)) free" } ?? ""
            rows.append(("memory", DisplayText.bytes(resident) + free))
        }
        if let free = figures.diskFreeBytes { rows.append(("disk", "\(DisplayText.bytes(free)) free")) }
        if let count = figures.backupCount {
            rows.append(("backup", figures.lastBackupAt.map { "\(count), last \(DisplayText.moment($0))" } ?? "none"))
        }
        return rows.map { "\(style.dim($0.0.padded(to: 10))) \(DisplayText.oneLine($0.1, width: max(10, width - 11)))" }
    }

    /// The last times as bars, the longest as the tallest, and the last one in words.
    private var sparkline: String {
        guard let last = recalls.last else { return "not measured yet" }
        let marks = Array("▁▂▃▄▅▆▇█")
        let shown = recalls.suffix(max(1, min(40, width - 24)))
        let longest = max(shown.map(\.max).max() ?? 0, .leastNonzeroMagnitude)
        let bars = shown.map { marks[min(marks.count - 1, Int($0.max / longest * Double(marks.count - 1)))] }
        return "\(String(bars)) \(HealthUnit.seconds.text(last.last))"
    }

    private var components: [String] {
        report.components.compactMap { component in
            guard let status = component.status else { return nil }
            let text = component.reasons.first ?? component.samples.map(\.text).joined(separator: ", ")
            return "\(status.word(style)) \(component.name.rawValue.padded(to: 10)) "
                + DisplayText.oneLine(text, width: max(10, width - 21))
        }
    }

    private var alerts: [String] {
        report.alerts.map { alert in
            let text =
                "[\(alert.severity.rawValue)] \(alert.code) since \(DisplayText.moment(alert.since)) → \(alert.command)"
            return DisplayText.oneLine(text, width: width)
        }
    }

    private func jobs(_ figures: EngineFigures) -> [String] {
        figures.statistics.jobs.map { job in
            var text = job.isRunning ? "running" : "\(job.runCount) runs"
            if job.failureCount > 0 { text += ", \(job.failureCount) failed" }
            if let last = job.lastSucceededAt { text += ", last \(DisplayText.moment(last))" }
            return "\(style.dim(job.name.padded(to: 10))) \(DisplayText.oneLine(text, width: max(10, width - 11)))"
        }
    }
}
