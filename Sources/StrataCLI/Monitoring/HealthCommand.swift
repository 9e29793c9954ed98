internal import ArgumentParser
internal import Strata
internal import StrataCore
internal import Telemetry

/// `strata health`
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Measure once and say how each component is.",
        discussion: """
            Writes and reads a test value, recalls a test record, and looks at models, jobs, disk, memory and backups. No \
            trace of it stays among the memories. Alerts that need a value to hold for a while do not show here. Exits \
            with \(ExitStatus.failure.rawValue) when a component is unhealthy or down.
            """)

    @Flag(help: "Print the metrics of this process in Prometheus' text format instead.")
    var metrics = false

    @OptionGroup var options: MonitoringOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let report = try await options.withMonitor(common) { monitor in
            let report = await monitor.measure()
            if metrics { Terminal.standardOutput.write(await monitor.exposition()) }
            return report
        }
        if !metrics {
            if output.json { try output.result(json: report) } else { show(report, output) }
        }
        if report.status > .degraded { throw ExitCode(ExitStatus.failure.rawValue) }
    }

    private func show(_ report: HealthReport, _ output: Output) {
        let style = output.style
        for component in report.components {
            let name = component.name.rawValue.padded(to: 11)
            guard let status = component.status else {
                output.result("\(style.dim("not used ")) \(style.dim(name))")
                continue
            }
            output.result("\(status.word(style)) \(name)\(component.samples.map(\.text).joined(separator: ", "))")
        }
        for alert in report.alerts {
            output.result("")
            output.result("\(style.bold("[\(alert.severity.rawValue)] \(alert.code)")): \(alert.summary)")
            output.result("  \(DisplayText.oneLine(alert.measurement, width: nil))")
            output.result("  → \(alert.command)")
        }
    }
}
