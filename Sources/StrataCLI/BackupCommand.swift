internal import ArgumentParser
internal import Backup
internal import BackupEncryption
internal import Foundation
internal import Strata
internal import StrataCore

/// `strata backup`
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Save the memory, check what was saved, and bring it back.",
        discussion: """
            strata backup create            a full backup, then increments upon it
            strata backup verify            restore it into a scratch folder and compare
            strata backup restore           bring the newest one back
            strata backup prune             remove those that have expired

            Backups are files in one folder: --folder, else STRATA_BACKUP_DIR, else `backups` beside the data directory. \
            With a key (32 bytes, 64 hexadecimal digits or Base64) in --key-file or STRATA_BACKUP_KEY they are encrypted.
            """,
        subcommands: [Create.self, List.self, Verify.self, Restore.self, Prune.self])

    /// The options of all its commands.
    struct Options: ParsableArguments {
        @Option(help: ArgumentHelp("Where backups are.", valueName: "folder"))
        var folder: String?

        @Option(help: ArgumentHelp("The file that holds the key.", valueName: "file"))
        var keyFile: String?

        func backupFolder(_ common: CommonOptions) throws -> BackupFolder {
            if let folder, !folder.isEmpty { return BackupFolder(path: folder) }
            if let path = ProcessInfo.processInfo.environment["STRATA_BACKUP_DIR"], !path.isEmpty {
                return BackupFolder(path: path)
            }
            let data = URL(fileURLWithPath: try common.dataDirectory()).standardizedFileURL
            return BackupFolder(path: data.deletingLastPathComponent().path + "/backups")
        }

        func sealer() throws -> AESGCMSealer? {
            try AESGCMSealer.standard(keyFile: keyFile, environment: ProcessInfo.processInfo.environment)
        }
    }

    /// `strata backup create`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Save the memory as it is now, while everything goes on.")

        @Flag(help: "Save every page, not only those that differ from the newest backup's.")
        var full = false

        @OptionGroup var options: Options
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let (output, folder, sealer) = (common.output, try options.backupFolder(common), try options.sealer())
            let bar = StageBar(output)
            let receipt = try await common.withEngine(.init(model: false)) { engine in
                try await engine.backUp(
                    to: folder, kind: full ? .full : .incremental,
                    options: BackupOptions(sealer: sealer, progress: bar.show))
            }
            bar.clear()
            if output.json { return try output.result(json: receipt) }
            output.result(
                """
                \(receipt.header.id) \(receipt.header.kind.rawValue), \(DisplayText.count(receipt.recordCount, "record")) \
                up to change \(receipt.header.change), \(DisplayText.bytes(receipt.fileBytes)) in \
                \(DisplayText.harmless(receipt.path))
                """)
        }
    }

    /// `strata backup list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the backups, oldest first.")

        @OptionGroup var options: Options
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let output = common.output
            let listing = try options.backupFolder(common).list()
            if output.json { return try output.result(json: listing) }
            for entry in listing.entries {
                let header = entry.header
                output.result(
                    """
                    \(header.id)  \(DisplayText.moment(header.createdAt))  \(header.kind.rawValue.padded(to: 11))  \
                    change \(header.change)  \(DisplayText.bytes(entry.fileBytes))\
                    \(header.sealing == nil ? "" : "  encrypted")
                    """)
            }
            for (name, reason) in listing.unreadable.sorted(by: { $0.key < $1.key }) {
                output.warning("\(name): \(reason)")
            }
        }
    }

    /// `strata backup verify`
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Restore a backup into a scratch folder, read all of it and compare.")

        @Argument(help: "The id of the backup; the newest without it.")
        var id: String?

        @OptionGroup var options: Options
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let output = common.output
            let bar = StageBar(output)
            let result = try await MemoryEngine.verifyBackup(
                id, in: try options.backupFolder(common),
                options: BackupOptions(sealer: try options.sealer(), progress: bar.show))
            bar.clear()
            if output.json { return try output.result(json: result) }
            output.result(
                """
                \(result.backupID) is sound: \(DisplayText.count(result.recordCount, "record")) and \
                \(DisplayText.count(result.vectorCount, "vector")) from \(DisplayText.count(result.linkCount, "file"))
                """)
        }
    }

    /// `strata backup prune`
    struct Prune: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove backups that have expired.",
            discussion: """
                The newest backup of each of the last hours, days and weeks that have one is kept, and whatever a kept \
                one is built upon.
                """)

        @Option(help: "For how many hours the newest backup of the hour is kept.")
        var hourly = 24

        @Option(help: "For how many days the newest backup of the day is kept.")
        var daily = 7

        @Option(help: "For how many weeks the newest backup of the week is kept.")
        var weekly = 4

        @Flag(help: "Only say what would go.")
        var dryRun = false

        @OptionGroup var options: Options
        @OptionGroup var common: CommonOptions

        private struct Answer: Encodable {
            let dryRun: Bool
            let removed: [String]
        }

        func validate() throws {
            guard min(hourly, daily, weekly) >= 0 else {
                throw ValidationError("--hourly, --daily and --weekly are 0 or more")
            }
        }

        func run() async throws {
            let output = common.output
            let folder = try options.backupFolder(common)
            let policy = RetentionPolicy(hourlyCount: hourly, dailyCount: daily, weeklyCount: weekly)
            let expired = policy.expired(folder.list().entries)
            if !dryRun { try folder.remove(expired) }
            if output.json {
                return try output.result(json: Answer(dryRun: dryRun, removed: expired.map(\.header.id)))
            }
            output.result("\(dryRun ? "would remove" : "removed") \(DisplayText.count(expired.count, "backup"))")
        }
    }
}
