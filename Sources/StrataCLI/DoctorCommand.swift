internal import ArgumentParser
internal import Strata

/// `strata doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what is installed, what works, and what to do about what does not.",
        discussion: """
            One line a check: ok, warn (works with less than the usual means) or FAIL. Changes nothing, save with \
            --embed-missing and --repair. Exits with \(ExitStatus.failure.rawValue) when a check failed.
            """)

    @Flag(help: "Give vectors to records that were stored without a model, or with another one.")
    var embedMissing = false

    @Flag(help: "Read everything and hold records, keyword index, vectors, counts and history against one another.")
    var verify = false

    @Flag(help: "Verify, mend what follows from the records, and say what was done.")
    var repair = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        var configuration = EngineConfiguration()
        configuration.model = common.modelChoice()
        configuration.fallbacks = common.fallbackChoices()
        let report = await MemoryEngine.diagnose(
            at: try common.dataDirectory(), configuration: configuration, embedsMissing: embedMissing,
            verification: repair ? .repair : verify ? .check : .none)
        if output.json {
            try output.result(json: report)
        } else {
            for check in report.checks { show(check, output) }
        }
        if report.status == .failure { throw ExitCode(ExitStatus.failure.rawValue) }
    }

    private func show(_ check: DiagnosticReport.Check, _ output: Output) {
        let style = output.style
        let mark =
            switch check.status {
            case .ok: style.green("ok  ")
            case .warning: style.yellow("warn")
            case .failure: style.red("FAIL")
            }
        output.result("\(mark)  \(check.name.padded(to: 15))\(DisplayText.harmless(check.message))")
        if let advice = check.advice { output.result("\(String(repeating: " ", count: 21))→ \(advice)") }
    }
}
