internal import ArgumentParser
internal import Strata

/// `strata rank`
struct RankCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rank", abstract: "Fit the weights of cues and priors to labelled queries, and measure them.",
        subcommands: [Train.self, Evaluate.self])

    /// `strata rank train`
    struct Train: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "train", abstract: "Fit ranking weights to labelled queries and write their file.",
            discussion: """
                strata rank train Examples/conversations --output weights.json
                strata recall "…" --ranking weights.json

                The file says what it was trained on and how good it was on sets it had not seen.
                """)

        @OptionGroup var labelled: LabelledFiles

        @Option(help: ArgumentHelp("Where the weights go.", valueName: "file"))
        var output: String

        @Option(help: ArgumentHelp("The data in words, for the file.", valueName: "text"))
        var description: String?

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let sets = try labelled.read()
            let model = common.modelChoice()
            let description = description ?? labelled.names
            let file = try await LabelledFiles.inScratchFolder { folder in
                try await RankingTraining().train(sets, at: folder, model: model, description: description)
            }
            try file.write(to: output)
            let result = common.output
            if result.json { return try result.result(json: file.training) }
            for part in RankingTraining.fittedParts {
                let change = "\(number(RankingWeights()[part])) → \(number(file.weights[part]))"
                result.result("\(result.style.dim(part.rawValue.padded(to: 16)))\(change)")
            }
            for (name, value) in (file.training?.figures ?? [:]).sorted(by: { $0.key < $1.key }) {
                result.result("\(result.style.dim(name.padded(to: 16)))\(number(value))")
            }
        }

        private func number(_ value: Double) -> String { DisplayText.number(value, decimals: 3) }
    }

    /// `strata rank evaluate`
    struct Evaluate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "evaluate", abstract: "Measure ranking weights beside the delivered ones.")

        @OptionGroup var labelled: LabelledFiles

        @Option(help: ArgumentHelp("The weights to measure.", valueName: "file"))
        var weights: String

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let given = try RankingFile.read(from: weights).weights
            let sets = try labelled.read()
            var evaluation = RetrievalEvaluation()
            evaluation.model = common.modelChoice()
            evaluation.variants = [
                RankingVariant("default weights", RankingWeights()), RankingVariant("given weights", given),
            ]
            let reports = try await LabelledFiles.inScratchFolder { [evaluation] folder in
                try await evaluation.run(sets, at: folder)
            }
            let output = common.output
            output.warnings(reports.flatMap(\.degradations))
            if output.json {
                for report in reports { try output.result(json: report) }
            } else {
                for line in EvalView(style: output.style).comparison(reports).dropFirst() { output.result(line) }
            }
        }
    }
}
