internal import ArgumentParser
internal import Foundation
internal import Strata
internal import StrataCore

/// `strata promotion`
struct PromotionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promotion", abstract: "Train, measure and explain the model that says what is worth keeping.",
        subcommands: [Train.self, Evaluate.self, Explain.self, Status.self, Retrain.self, Rollback.self])

    /// Which files, and what they are replayed with.
    struct Conversations: ParsableArguments {
        @Argument(
            help: ArgumentHelp(
                "Labelled conversations in the form of LoCoMo: JSON files, or folders of them.",
                valueName: "file"))
        var files: [String]

        func read() throws -> [LabelledConversation] {
            try files.flatMap { path in
                var isFolder: ObjCBool = false
                _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                return try isFolder.boolValue
                    ? LabelledConversation.read(folder: path) : LabelledConversation.read(from: path)
            }
        }

        /// Tells them to an engine in a scratch folder.
        func examples(model: ModelChoice) async throws -> (examples: [PromotionExample], space: String?) {
            let conversations = try read()
            let scratch = FileManager.default.temporaryDirectory
                .appending(path: "strata-promotion-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: scratch) }
            let outcomes = try await ConversationReplay.run(conversations, at: scratch, model: model)
            return (outcomes.flatMap(\.examples), outcomes.lazy.flatMap(\.records).compactMap(\.embeddingSpace).first)
        }
    }

    /// `strata promotion train`
    struct Train: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "train", abstract: "Train a model from labelled conversations and write its file.",
            discussion: """
                strata promotion train Examples/conversations --output promotion-model.json

                The file says what it was trained on and how good it was on conversations it had not seen.
                """)

        @OptionGroup var conversations: Conversations

        @Option(help: ArgumentHelp("Where the model file goes.", valueName: "file"))
        var output: String

        @Option(help: ArgumentHelp("The data in words, for the file.", valueName: "text"))
        var description: String?

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let (examples, space) = try await conversations.examples(model: common.modelChoice())
            let names = conversations.files.map { URL(fileURLWithPath: $0).lastPathComponent }
            let model = try PromotionTraining().train(
                examples, description: description ?? names.joined(separator: ", "), embeddingSpace: space)
            try model.write(to: output)
            try PromotionCommand.show(model.provenance.figures, common.output)
        }
    }

    /// `strata promotion evaluate`
    struct Evaluate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "evaluate", abstract: "Measure a model on labelled conversations.")

        @OptionGroup var conversations: Conversations
        @OptionGroup var choice: ModelFile
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let model = try choice.model()
            let (examples, _) = try await conversations.examples(model: common.modelChoice())
            let figures = PromotionFigures(
                confidences: examples.map { model.confidence($0.features) },
                labels: examples.map { $0.isNeeded ? 1 : 0 }, groups: examples.map(\.group), threshold: model.threshold)
            try PromotionCommand.show(figures.dictionary, common.output)
        }
    }

    /// `strata promotion explain`
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain", abstract: "Show how likely a record is to be needed, and why.")

        @Argument(help: ArgumentHelp("The record's id.", valueName: "id"))
        var id: RecordID

        @OptionGroup var choice: ModelFile
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let model = try choice.model()
            let (answer, now) = try await common.withEngine { engine in
                let now = engine.configuration.environment.now()
                return (try await engine.promotionEvidence(of: [id], in: common.namespaceName), now)
            }
            common.output.warnings(answer.degradations)
            guard let known = answer.evidence.first else {
                throw StrataError(.notFound, "there is no record \(id) in namespace \(common.namespaceName)")
            }
            let explanation = model.explanation(known.features(at: now))
            let output = common.output
            if output.json { return try output.result(json: explanation) }
            output.result(
                String(format: "confidence %.2f, promoted from %.2f on", explanation.confidence, model.threshold))
            for part in explanation.parts {
                let value = part.value.map { String(format: "%8.2f", $0) } ?? "unknown "
                let name = "\(part.feature.rawValue)".padded(to: 18) + "\(part.feature.group.rawValue)".padded(to: 10)
                output.result("\(output.style.dim(name))\(value)  \(String(format: "%+.2f", part.contribution))")
            }
        }
    }

    /// Which model.
    struct ModelFile: ParsableArguments {
        @Option(help: ArgumentHelp("A model file. Default: the model that is delivered.", valueName: "file"))
        var promotionModel: String?

        func model() throws -> PromotionModel {
            try promotionModel.map(PromotionModel.read) ?? PromotionModel.delivered()
        }
    }

    private static func show(_ figures: [String: Double], _ output: Output) throws {
        if output.json {
            try output.result(json: figures)
            return
        }
        for (name, value) in figures.sorted(by: { $0.key < $1.key }) {
            output.result("\(output.style.dim(name.padded(to: 20)))\(value)")
        }
    }
}
