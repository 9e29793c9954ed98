internal import ArgumentParser
internal import Foundation
internal import OwnerLink
internal import Strata
internal import StrataCore

/// `strata recall`
struct RecallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recall",
        abstract: "Find memories by meaning and by words, best first.",
        discussion: """
            strata recall "Which snack could be dangerous?" --limit 3 --explain
            """)

    @Argument(help: "A question or a few words.")
    var query: [String]

    @Option(help: "How many hits are wanted, 1 through 1000.")
    var limit = 10

    @Option(help: "Leave out hits of a lower score, 0 through 1.")
    var minScore = 0.0

    @Option(help: "What to search with: hybrid, keyword or vector.")
    var signals = RecallOptions.Signals.hybrid

    @Flag(help: "Have a cross-encoder read the best candidates with the question.")
    var rerank = false

    @Option(help: ArgumentHelp("The time that it may take, in milliseconds.", valueName: "ms"))
    var rerankBudget = 500

    @Option(
        help: ArgumentHelp("The cross-encoder's model folder. Default: $STRATA_RERANKER.", valueName: "folder"))
    var reranker: String?

    @Option(
        help: ArgumentHelp(
            "The weights of the score's parts. Default: $STRATA_RANKING, else the delivered ones.", valueName: "file"))
    var ranking: String?

    @Flag(help: "Show what each score is made of, and how long each stage took.")
    var explain = false

    @OptionGroup(title: "Shape of the answer") var shape: ShapeOptions
    @OptionGroup(title: "Which records") var filter: FilterOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        var options = RecallOptions(
            layers: filter.layer.isEmpty ? Set(Layer.allCases) : Set(filter.layer),
            filter: try filter.filterWithoutLayers(), scoreMin: minScore, signals: signals,
            rerank: rerank ? .budget(milliseconds: rerankBudget) : .off)
        shape.apply(to: &options)
        let crossEncoder = reranker ?? ProcessInfo.processInfo.environment["STRATA_RERANKER"]
        // Searching by words alone needs no model, and opens faster without.
        options.ranking = try rankingWeights(output)
        let need = CommonOptions.Need(
            model: signals != .keyword, reranker: RerankerChoice(name: rerank ? crossEncoder : nil))
        let answer = try await common.withMemory(need) { [options] memory in
            try await memory.recall(
                query.joined(separator: " "), in: common.namespaceName, limit: limit, options: options)
        }
        output.warnings(answer.degradations)
        if output.json {
            try output.result(json: answer)
            return
        }
        let view = AnswerView(answer: answer, style: output.style, width: Terminal.standardOutput.width)
        for line in view.hits(explained: explain) { output.result(line) }
        if explain { for line in view.stages { output.result(line) } }
        if answer.isEmpty { output.note("nothing found") }
    }
    /// The weights of this call. A file that the call names has to be right; one that stands in the environment of every
    /// call costs, when it is not, its weights and not the answer.
    private func rankingWeights(_ output: Output) throws -> RankingWeights {
        if let ranking { return try RankingFile.read(from: ranking).weights }
        guard let path = ProcessInfo.processInfo.environment["STRATA_RANKING"], !path.isEmpty else {
            return RankingWeights()
        }
        do {
            return try RankingFile.read(from: path).weights
        } catch let error as StrataError {
            output.warning("STRATA_RANKING: \(error.message); the delivered weights are used (\(error.code))")
            return RankingWeights()
        }
    }
}
