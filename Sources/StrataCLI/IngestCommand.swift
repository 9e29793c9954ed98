internal import ArgumentParser
internal import Foundation
internal import Ingest
internal import OwnerLink
internal import Strata
internal import StrataCore

/// `strata ingest`
struct IngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Store what files hold: Markdown, plain text, JSON Lines; whole folders.",
        discussion: """
            strata ingest notes/ chat.jsonl --tag archive

            Markdown (.md, .markdown) and plain text (.txt, .text) are cut at headings and paragraphs into pieces of \
            80 to 120 words. JSON Lines (.jsonl, .ndjson) hold one object a line: text or content, and if you like \
            speaker, session, kind, tags, metadata, occurredAt, importance, layer, source, id.

            A text that is known already is not stored again, so a second run adds only what is new, also after a run \
            that was interrupted. A file or line that cannot be read is named on standard error and the rest goes \
            on; the exit code is then \(ExitStatus.badInput.rawValue).
            """)

    @Argument(help: "Files and folders.", completion: .file())
    var paths: [String]

    @Option(help: "Where texts start whose file does not say: interact, insights or assets.")
    var layer = Layer.assets

    @Option(help: "A label for every text; repeat for more.")
    var tag: [String] = []

    @Flag(help: "Only read and count; store nothing.")
    var dryRun = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let sources = try paths.map(source)
        var run = IngestRun(
            sources: sources, namespace: common.namespaceName, layer: layer, tags: tag, output: output)
        if dryRun {
            try await run.read(into: nil)
        } else {
            let interruption = Interruption()
            try await common.withMemory(.init(makesDirectory: true)) { memory in
                try await run.read(into: memory, until: interruption)
            }
        }
        try Self.report(run.summary, output)
        if run.summary.interrupted { throw ExitCode(ExitStatus.interrupted.rawValue) }
        if run.summary.refusedCount + run.summary.problemCount > 0 { throw ExitCode(ExitStatus.badInput.rawValue) }
    }

    /// A path that is not there, or a file that cannot be read by its very name, stops the run before it begins.
    private func source(_ path: String) throws -> FolderIngest {
        guard FileManager.default.fileExists(atPath: path) else {
            throw StrataError(.notFound, "there is no file or folder \(path)")
        }
        let source = FolderIngest(folder: path)
        if source.scan.files.isEmpty, source.scan.skipped.count == 1, let only = source.scan.skipped.first,
            only.path.isEmpty || only.path == URL(fileURLWithPath: path).lastPathComponent
        {
            throw StrataError(
                .invalidArgument,
                "\(path) cannot be read (\(only.reason.words)); known are .md, .markdown, .txt, .text, .jsonl, .ndjson")
        }
        return source
    }

    /// Says what a run did; `strata import` says it in the same way.
    static func report(_ summary: IngestSummary, _ output: Output) throws {
        if output.json {
            try output.result(json: summary)
            return
        }
        let files = DisplayText.count(summary.fileCount, "file")
        let seconds = DisplayText.number(summary.seconds, decimals: 1)
        output.result(
            summary.dryRun
                ? "would store \(DisplayText.count(summary.itemCount, "text")) from \(files)"
                : """
                added \(summary.addedCount), already known \(summary.knownCount), refused \(summary.refusedCount) \
                from \(files) in \(seconds) s
                """)
        let skipped = summary.skippedCounts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        if !skipped.isEmpty { output.note("passed over: \(skipped.joined(separator: ", "))") }
        let omitted = summary.omittedCounts.sorted { $0.key < $1.key }.compactMap { name, count in
            IngestOmission(rawValue: name).map { "\(count) \($0.words)" }
        }
        if !omitted.isEmpty { output.note("no memories: \(omitted.joined(separator: ", "))") }
        if summary.problemCount > 0 {
            output.note("\(DisplayText.count(summary.problemCount, "problem")) in files, reported above")
        }
        if summary.interrupted { output.note("interrupted; run it again to go on") }
    }
}

extension FolderScan.Skipped.Reason {
    /// The reason for people.
    var words: String {
        switch self {
        case .hidden: "hidden"
        case .unknownFormat: "of an unknown format"
        case .alreadyRead: "linked twice"
        case .brokenLink: "broken link"
        case .notAFile: "not a file"
        case .unreadable: "unreadable"
        }
    }
}

extension IngestOmission {
    /// The reason for people.
    fileprivate var words: String {
        switch self {
        case .toolMessage: "of tools"
        case .hiddenMessage: "hidden"
        case .noText: "without text"
        case .otherBranch: "on abandoned branches"
        }
    }
}
