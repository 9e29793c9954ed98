internal import BenchSupport
internal import Foundation
internal import Learning
internal import Strata
internal import StrataCore
internal import TextModels

/// Measures learned promotion: trained on the project's own conversations, tested on them by cross-validation and on
/// another set that it never saw, beside what needs no learning.
///
/// ```
/// promotion-bench --ours Examples/conversations [--other locomo.json] [--model FOLDER] [--vectors FILE] [--write MODEL.json]
/// ```
/// `--vectors` keeps the embeddings for the next run; `--ranking` measures only what the confidence does to ranking.
/// `--other` is a file in LoCoMo's form; LoCoMo itself is CC BY-NC 4.0, for evaluation only, and no weight that ships
/// comes from it.
@main
struct PromotionBench {
    static func main() async throws {
        let options = try CommandLineOptions(
            Array(CommandLine.arguments.dropFirst()), valued: ["ours", "other", "model", "vectors", "write"],
            flags: ["ranking"])
        guard let folder = options.value("ours") else {
            throw CommandLineOptions.UsageError("--ours is missing; name the folder of labelled conversations")
        }
        let model = try ModelFolder(named: options.value("model"))
        let embedder = RememberingEmbedder(
            try await OnnxEmbedder.load(folder: model.path), path: options.value("vectors"))
        let choice = ModelChoice.embedder(embedder)
        let scratch = try ScratchFolder()
        defer { scratch.remove() }
        print("machine: \(try Machine(folder: scratch.path))\nmodel: \(model.name)\n")

        let ours = try await ConversationReplay.run(
            try LabelledConversation.read(folder: folder), at: scratch.path(of: "ours"), model: choice)
        let training = ours.flatMap(\.examples)
        let trained = try PromotionTraining().train(
            training, description: "\(ours.count) conversations of this project, Examples/conversations",
            embeddingSpace: embedder.space.identifier)
        if options.isSet("ranking") {
            try await RecallExperiment(outcomes: ours, model: choice).printPriors(
                title: "own conversations, by cross-validation",
                confidences: try PromotionTraining().crossConfidences(training), at: scratch.path(of: "own-priors"))
            if let path = options.value("other") {
                try await printPriors(of: path, trained, choice, at: scratch)
            }
            if let path = options.value("vectors") { try embedder.save(to: path) }
            return
        }
        Weights(trained, training).print()
        if let path = options.value("write") { try trained.write(to: path) }

        let own = EvaluationSet(ours)
        own.printTable(title: "own conversations, by cross-validation", predictors: try own.crossPredictors())
        try own.printLater(title: "own conversations", model: nil)
        guard let path = options.value("other") else { return }
        let others = try await ConversationReplay.run(
            try LabelledConversation.read(from: path), at: scratch.path(of: "other"), model: choice)
        let other = EvaluationSet(others)
        let predictors = try other.transferPredictors(trained, training: training)
        other.printTable(title: "other conversations, trained on own", predictors: predictors)
        other.printReliability(trained)
        try other.printLater(title: "other conversations", model: trained)
        let recall = RecallExperiment(outcomes: others, model: choice)
        try await recall.printForgetting(other, predictors: predictors, at: scratch.path(of: "forgetting"))
        try await recall.printPriors(
            title: "other conversations",
            confidences: others.flatMap(\.examples).map { trained.confidence($0.features) },
            at: scratch.path(of: "priors"))
        if let path = options.value("vectors") { try embedder.save(to: path) }
    }

    private static func printPriors(
        of path: String, _ trained: PromotionModel, _ choice: ModelChoice, at scratch: ScratchFolder
    ) async throws {
        let others = try await ConversationReplay.run(
            try LabelledConversation.read(from: path), at: scratch.path(of: "other"), model: choice)
        try await RecallExperiment(outcomes: others, model: choice).printPriors(
            title: "other conversations",
            confidences: others.flatMap(\.examples).map { trained.confidence($0.features) },
            at: scratch.path(of: "priors"))
    }
}

/// The model's weights, and how good each feature is alone.
private struct Weights {
    let model: PromotionModel
    let examples: [PromotionExample]

    init(_ model: PromotionModel, _ examples: [PromotionExample]) {
        self.model = model
        self.examples = examples
    }

    func print() {
        let labels = examples.map { $0.isNeeded ? 1.0 : 0 }
        Swift.print("| feature | group | log-odds per standard deviation | AUC alone |\n|---|---|---|---|")
        for feature in PromotionFeature.allCases {
            let values = examples.map { $0.features[feature] ?? 0 }
            let mean = values.reduce(0, +) / Double(values.count)
            let deviation =
                (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
            var unit = PromotionFeatures()
            unit[feature] = mean
            let base = model.logOdds(unit)
            unit[feature] = mean + deviation
            let area = Metrics.rocAUC(scores: values, labels: labels) ?? 0.5
            Swift.print(
                "| `\(feature.rawValue)` | \(feature.group.rawValue) | \((model.logOdds(unit) - base).rounded(2)) | "
                    + "\(area.rounded(3)) |")
        }
        Swift.print("\nheld-out figures of the training set: \(model.provenance.figures.sorted { $0.key < $1.key })\n")
    }
}

extension Double {
    /// As text with that many decimals.
    func rounded(_ places: Int) -> String { String(format: "%.\(places)f", self) }
}
