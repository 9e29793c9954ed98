internal import ArgumentParser
internal import Strata

/// The root command.
struct StrataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strata",
        abstract: "A long-term memory for AI agents: remember texts, recall them by meaning and by words.",
        discussion: """
            QUICK START
              strata remember "Nora is allergic to hazelnuts."
              strata recall "Which snack could be dangerous?"
              strata ingest notes/
              strata doctor

            Everything is kept in one folder, the data directory, and found again without a network. One process at
            a time can own it.

            ENVIRONMENT
              STRATA_DATA_DIR   the data directory, when --data-dir is not given
              STRATA_HOME       where data, model and runtime live (default: ~/.local/share/strata)
              STRATA_MODEL      a model folder, or none for words only, when --model is not given
              NO_COLOR          set to anything to have no colours

            Results go to standard output, everything else to standard error.

            EXIT CODES
            \(ExitStatus.allCases.map { "  \($0.rawValue)".padded(to: 6) + $0.meaning }.joined(separator: "\n"))
            """,
        version: "strata \(StrataVersion.current)",
        subcommands: [
            InitCommand.self, RememberCommand.self, RecallCommand.self, GetCommand.self, ForgetCommand.self,
            ListCommand.self, IngestCommand.self, StatsCommand.self, DoctorCommand.self, VersionCommand.self,
        ])
}
