internal import ArgumentParser
internal import Foundation
internal import Strata
internal import StrataCore

extension BackupCommand {
    /// `strata backup restore`
    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring the memory back from a backup.",
            discussion: """
                The backup is put together and checked beside the live data, and only then takes their place; the \
                database that was there stays as before-restore.sqlite. A memory that holds records is replaced only \
                with --yes. What was forgotten since the backup stays forgotten, unless --no-apply-forgets.
                """)

        @Argument(help: "The id of the backup; the newest without it.")
        var id: String?

        @Option(
            help: ArgumentHelp("Go back to this change number; later changes are taken back.", valueName: "number"))
        var toChange: Int64?

        @Option(help: ArgumentHelp("Restore only this namespace.", valueName: "name"))
        var only: String?

        @Option(help: ArgumentHelp("The name that it gets. Default: its own.", valueName: "name"))
        var into: String?

        @Flag(inversion: .prefixedNo, help: "Forget again what was forgotten since the backup.")
        var applyForgets = true

        @Flag(help: "Replace what is there.")
        var yes = false

        @OptionGroup var options: Options
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if into != nil, only == nil { throw ValidationError("--into goes with --only") }
            if let toChange, toChange < 0 { throw ValidationError("--to-change is 0 or more") }
        }

        func run() async throws {
            let output = common.output
            let path = try common.dataDirectory()
            try await requireConsent(path)
            let bar = StageBar(output)
            var restore = RestoreOptions()
            restore.backupID = id
            restore.change = toChange
            restore.namespace = only.map { (from: $0, to: into ?? $0) }
            restore.appliesForgets = applyForgets
            restore.backup = BackupOptions(sealer: try options.sealer(), progress: bar.show)
            let receipt = try await MemoryEngine.restore(
                from: try options.backupFolder(common), to: path, options: restore)
            bar.clear()
            if output.json { return try output.result(json: receipt) }
            output.result(
                """
                restored \(DisplayText.count(receipt.recordCount, "record")) from \(receipt.backupID) as of change \
                \(receipt.change); \(receipt.forgottenCount) stayed forgotten
                """)
            if let previous = receipt.previousPath { output.note("what was there before is \(previous)") }
        }

        private func requireConsent(_ path: String) async throws {
            guard !yes, MemoryEngine.exists(at: path) else { return }
            // A database that cannot be opened is the reason to restore; it is kept aside anyway.
            let name = into ?? only
            let count = try? await common.withEngine(.init(model: false)) { engine in
                try await engine.stats(in: name).store.recordCount
            }
            guard let count, count > 0 else { return }
            throw UsageError("\(DisplayText.count(count, "record")) would be replaced; say --yes to do it")
        }
    }
}
