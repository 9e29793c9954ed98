internal import ArgumentParser
internal import Foundation
internal import Ingest
internal import OwnerLink
internal import Strata
internal import StrataCore

/// `strata import`
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over an export: Strata's own, ChatGPT, Claude, mem0, the MCP memory server, Markdown.",
        discussion: """
            strata import everything.jsonl
            strata import conversations.json memory.jsonl notes/

            What a file is shows in its first lines; --format says it where that fails. An export of Strata keeps ids, \
            times, counts, pins, links, vectors and history. What is known already is not stored again, so a run that \
            was interrupted goes on when it is started again. A line that cannot be read is named with its file and \
            number and the rest goes on; the exit code is then \(ExitStatus.badInput.rawValue).
            """)

    /// The formats by the names they have on the command line.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case auto, strata, chatgpt, claude, mem0
        case mcpMemory = "mcp-memory"
        case jsonl, markdown, text

        var format: ImportFormat? {
            switch self {
            case .auto: nil
            case .strata: .strata
            case .chatgpt: .file(.chatGPT)
            case .claude: .file(.claude)
            case .mem0: .file(.mem0)
            case .mcpMemory: .file(.mcpMemory)
            case .jsonl: .file(.jsonLines)
            case .markdown: .file(.markdown)
            case .text: .file(.plainText)
            }
        }
    }

    @Argument(help: "Files, and folders of Markdown, text and JSON Lines.", completion: .file())
    var paths: [String]

    @Option(help: "What the files are: \(Format.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = Format.auto

    @Option(help: "Where texts start whose file does not say: interact, insights or assets.")
    var layer = Layer.assets

    @Option(help: "A label for every text that is not from an export of Strata; repeat for more.")
    var tag: [String] = []

    @Flag(help: "Only read and count; store nothing.")
    var dryRun = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        var sources: [FolderIngest] = []
        var exports: [String] = []
        for path in paths {
            switch try kind(of: path) {
            case .strata?: exports.append(path)
            case .file(let format)?: sources.append(FolderIngest(file: path, format: format))
            case nil: sources.append(FolderIngest(folder: path))
            }
        }
        var restoring = RestoreRun(files: exports, namespace: common.namespace, output: output)
        var reading = IngestRun(
            sources: sources, namespace: common.namespaceName, layer: layer, tags: tag, output: output)
        if dryRun {
            try await restoring.read(into: nil)
            try await reading.read(into: nil)
        } else {
            let interruption = Interruption()
            try await common.withMemory(.init(makesDirectory: true)) { memory in
                if !exports.isEmpty { try await restoring.read(into: memory, until: interruption) }
                if !sources.isEmpty, !restoring.summary.interrupted {
                    try await reading.read(into: memory, until: interruption)
                }
            }
        }
        var summary = restoring.summary
        summary.add(reading.summary)
        summary.dryRun = dryRun
        try IngestCommand.report(summary, output)
        if summary.interrupted { throw ExitCode(ExitStatus.interrupted.rawValue) }
        if summary.refusedCount + summary.problemCount > 0 { throw ExitCode(ExitStatus.badInput.rawValue) }
    }

    /// What a path is; nil for a folder. What cannot be told stops the run before it begins.
    private func kind(of path: String) throws -> ImportFormat? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw StrataError(.notFound, "there is no file or folder \(path)")
        }
        if isFolder.boolValue { return nil }
        guard let kind = format.format ?? ImportFormat.detect(file: path) else {
            throw StrataError(
                .invalidArgument,
                """
                \(path) is nothing that is known: no export of Strata, ChatGPT, Claude, mem0 or the MCP memory server, \
                no Markdown, text or JSON Lines; unpack an archive first, or say what it is with --format
                """)
        }
        return kind
    }
}
