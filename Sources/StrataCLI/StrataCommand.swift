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

            Everything is kept in one folder, the data directory, and found again without a network. One process \
            at a time can own it.

            ENVIRONMENT
              STRATA_DATA_DIR     the data directory (--data-dir wins)
              STRATA_HOME         data, model, runtime (~/.local/share/strata)
              STRATA_MODEL        a model folder, or none (--model wins)
              STRATA_ONNXRUNTIME  the library of ONNX Runtime or its folder
              STRATA_BACKUP_DIR   where backups are (--folder wins)
              STRATA_MONITORING   a JSON file of alert rules and sinks (--monitoring wins)
              STRATA_BACKUP_KEY   encrypts backups (--key-file wins)
              NO_COLOR            anything in it switches colours off

            Results go to standard output, everything else to standard error.

            EXIT CODES
            \(ExitStatus.allCases.map { "  \($0.rawValue)".padded(to: 7) + $0.meaning }.joined(separator: "\n"))
            """,
        version: "strata \(StrataVersion.current)",
        subcommands: [
            InitCommand.self, RememberCommand.self, RecallCommand.self, GetCommand.self, ForgetCommand.self,
            ListCommand.self, HistoryCommand.self, PinCommand.self, FeedbackCommand.self, PromoteCommand.self,
            PromotionCommand.self, CleanupCommand.self, IngestCommand.self, ImportCommand.self, ExportCommand.self,
            DeadLettersCommand.self, StatsCommand.self, HealthCommand.self, AlertsCommand.self, TopCommand.self,
            BackupCommand.self, ServeCommand.self, KeysCommand.self, MCPCommand.self, ModelsCommand.self,
            EmbedCommand.self, EvalCommand.self, RankCommand.self, DoctorCommand.self, VersionCommand.self,
        ])
}
