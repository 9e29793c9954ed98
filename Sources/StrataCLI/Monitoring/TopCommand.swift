internal import ArgumentParser
internal import Strata
internal import Telemetry

/// `strata top`
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch the engine in the terminal: layers, components, alerts, jobs.",
        discussion: "Owns the data directory as long as it runs. Ctrl-C ends it.")

    @Flag(help: "Print one frame and end.")
    var once = false

    @Option(help: ArgumentHelp("Seconds between two measurements, 1 through 3600.", valueName: "seconds"))
    var interval = 2.0

    @OptionGroup var options: MonitoringOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...3600).contains(interval) else {
            throw ValidationError("--interval is \(interval), expected 1 through 3600")
        }
    }

    func run() async throws {
        let output = common.output
        let (once, interval) = (once || !Terminal.standardOutput.isTerminal, interval)
        try await options.withMonitor(common) { monitor in
            let interruption = Interruption()
            repeat {
                await show(await monitor.measure(), monitor, output, clears: !once)
                if once { return }
                // Short naps, so that Ctrl-C is heard at once.
                var left = interval
                while left > 0, !interruption.isPending {
                    try await Task.sleep(for: .seconds(min(0.1, left)))
                    left -= 0.1
                }
            } while !interruption.isPending
        }
    }

    private func show(
        _ report: HealthReport, _ monitor: EngineMonitor, _ output: Output, clears: Bool
    ) async {
        let frame = TopFrame(
            report: report, figures: await monitor.lastFigures,
            recalls: await monitor.history(of: "recall_seconds", .index), style: output.style,
            width: Terminal.standardOutput.width ?? 100)
        let text = frame.lines.joined(separator: "\n")
        Terminal.standardOutput.write(clears ? "\u{1B}[H\u{1B}[2J\(text)\n" : text + "\n")
    }
}
