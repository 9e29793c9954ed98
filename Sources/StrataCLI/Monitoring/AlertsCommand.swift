internal import ArgumentParser
internal import Foundation
internal import Strata
internal import StrataCore
internal import Telemetry

/// `strata alerts`
struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "Show alerts and their rules, and test who is told of them.",
        subcommands: [List.self, Test.self], defaultSubcommand: List.self)

    /// `strata alerts list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure once and list the alerts that hold; with --rules, what makes an alert.")

        @Flag(help: "List the rules instead, and measure nothing.")
        var rules = false

        @OptionGroup var options: MonitoringOptions
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let output = common.output
            if rules {
                let rules = try options.configuration().effectiveRules
                if output.json { return try output.result(json: rules) }
                for rule in rules { output.result(Self.text(rule, output.style)) }
                return
            }
            let alerts = try await options.withMonitor(common) { await $0.measure().alerts }
            if output.json { return try output.result(json: alerts) }
            if alerts.isEmpty { output.note("no alerts") }
            for alert in alerts {
                let text = "\(alert.component.rawValue) \(alert.code): \(alert.summary) \(alert.measurement)"
                let head = output.style.bold("[\(alert.severity.rawValue)]")
                output.result("\(head) \(DisplayText.oneLine(text, width: nil)); run: \(alert.command)")
            }
        }

        private static func text(_ rule: AlertRule, _ style: Style) -> String {
            let side = rule.direction == .above ? "≥" : "≤"
            let limits = AlertSeverity.allCases.compactMap { severity in
                rule.limits[severity].map { "\(severity.rawValue) \(side) \(DisplayText.plain($0))" }
            }
            let hold = rule.holdSeconds > 0 ? " for \(DisplayText.plain(rule.holdSeconds)) s" : ""
            return """
                \(style.bold(rule.code.padded(to: 22))) \(rule.component.rawValue).\(rule.metric): \
                \(limits.joined(separator: ", "))\(hold); run: \(rule.command)
                """
        }
    }

    /// `strata alerts test`
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a test notification to each sink, or to one.",
            discussion: """
                Opens no memory. Webhooks and Slack are reached by `strata serve` only; here they are reported as not \
                reachable. Exits with \(ExitStatus.failure.rawValue) when a sink was not reached.
                """)

        @Argument(help: "The name of a sink; all without it.")
        var sink: String?

        @OptionGroup var options: MonitoringOptions
        @OptionGroup var common: CommonOptions

        private struct Answer: Encodable {
            let sink: String
            let problem: String?
        }

        func run() async throws {
            let output = common.output
            let isColored = output.messageStyle.isColored
            let environment = EngineEnvironment.system
            let notifier = try Notifier(
                options.configuration().notifications,
                outlets: Notifier.Outlets(
                    console: { note in (isColored ? note.coloredLines : note.lines).forEach(output.note) },
                    log: { note in note.lines.forEach(output.note) }),
                environment: ProcessInfo.processInfo.environment, now: environment.now,
                randomBits: environment.randomBits)
            let answers = try await notifier.test(sink).map { Answer(sink: $0.sink, problem: $0.problem) }
            for answer in answers {
                if output.json {
                    try output.result(json: answer)
                } else {
                    output.result("\(answer.sink.padded(to: 12)) \(answer.problem ?? "delivered")")
                }
            }
            if answers.contains(where: { $0.problem != nil }) { throw ExitCode(ExitStatus.failure.rawValue) }
        }
    }
}
