internal import ArgumentParser
internal import Foundation
internal import Strata
internal import StrataCore

/// `strata eval`
struct EvalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Measure recall on labelled memories of your own, in a scratch memory.",
        discussion: """
            strata eval Examples/retrieval --signals hybrid
            strata eval mine.jsonl --without neighbour --without speaker
            strata eval mine.jsonl --ablate --json

            A line of a JSON Lines file is a memory, {"id": "n1", "text": "…"}, or a query, {"query": "…", "relevant": \
            ["n1"], "category": "notes"}. JSON files are conversations in the form of LoCoMo.
            """)

    @OptionGroup var labelled: LabelledFiles

    @Option(help: "What to search with: hybrid, keyword or vector.")
    var signals = RecallOptions.Signals.hybrid

    @Option(help: ArgumentHelp("Ranking weights to measure. Default: the delivered ones.", valueName: "file"))
    var weights: String?

    @Option(
        help: ArgumentHelp(
            "Also measure without this part of the score; repeat to leave out several.", valueName: "part"))
    var without: [ScorePart.Name] = []

    @Flag(help: "Measure without each part in turn, and with each weight half and one and a half times as large.")
    var ablate = false

    @Flag(help: "Store all sets in one memory, so that each is in the others' way. Default: one memory a set.")
    var together = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if ablate, !without.isEmpty { throw ValidationError("--ablate leaves out each part by itself; drop --without") }
    }

    func run() async throws {
        let output = common.output
        let read = try labelled.read()
        let sets = together ? [RetrievalSet.together(read)] : read
        let given = try weights.map(RankingFile.read)?.weights ?? RankingWeights()
        var evaluation = RetrievalEvaluation()
        evaluation.model = common.modelChoice()
        evaluation.signals = signals
        evaluation.variants =
            ablate
            ? RankingVariant.ablations(of: given)
            : [RankingVariant(weights.map { _ in "given weights" } ?? "default weights", given)]
                + (without.isEmpty ? [] : [.without(without, of: given)])
        let reports = try await LabelledFiles.inScratchFolder { [evaluation] folder in
            try await evaluation.run(sets, at: folder)
        }
        output.warnings(reports.flatMap(\.degradations))
        if output.json {
            for report in reports { try output.result(json: report) }
            return
        }
        if let first = reports.first { for line in EvalView(style: output.style).page(first) { output.result(line) } }
        if reports.count > 1 {
            for line in EvalView(style: output.style).comparison(reports) { output.result(line) }
        }
    }
}

/// Labelled files, and a place to try them in.
struct LabelledFiles: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Labelled files: JSON Lines, conversations in the form of LoCoMo, or folders of them.", valueName: "file"))
    var files: [String]

    func read() throws -> [RetrievalSet] { try files.flatMap(RetrievalSet.read) }

    /// The files' names, for the description of what was trained on them.
    var names: String { files.map { URL(fileURLWithPath: $0).lastPathComponent }.joined(separator: ", ") }

    /// Runs `body` with a folder that is removed afterwards, whatever happens.
    static func inScratchFolder<Value: Sendable>(
        _ body: @Sendable (String) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "strata-eval-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }
}
