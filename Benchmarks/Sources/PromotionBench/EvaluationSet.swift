internal import Foundation
internal import Learning
internal import Strata
internal import StrataCore

/// A way to score turns; higher means sooner kept.
struct Predictor {
    let name: String
    let scores: [Double]
    /// Whether the scores are probabilities.
    var isCalibrated = false
}

/// Replayed conversations with the outcome of every turn.
struct EvaluationSet {
    let examples: [PromotionExample]
    let texts: [String]
    let labels: [Double]
    let groups: [Int]

    init(_ outcomes: [ConversationReplay.Outcome]) {
        examples = outcomes.flatMap(\.examples)
        texts = outcomes.flatMap { $0.turns.map(\.text) }
        labels = examples.map { $0.isNeeded ? 1 : 0 }
        groups = examples.map(\.group)
    }

    /// What needs no learning.
    private var baselines: [Predictor] {
        var random = SplitMix64(seed: 3)
        return [
            Predictor(name: "random", scores: labels.map { _ in Double.random(in: 0..<1, using: &random) }),
            Predictor(name: "keyword weights of the old system", scores: texts.map(Self.keywordWeight)),
            Predictor(name: "length", scores: texts.map { Double($0.split(whereSeparator: \.isWhitespace).count) }),
        ]
    }

    private var oracle: Predictor { Predictor(name: "oracle", scores: labels) }

    /// The sum of the weights of SPEC row P3's English words, matched as the old system did.
    private static func keywordWeight(_ text: String) -> Double {
        let weights = [
            "critical": 0.95, "error": 0.9, "security": 0.9, "bug": 0.85, "important": 0.8, "performance": 0.75,
            "feature": 0.7, "optimize": 0.7,
        ]
        return text.lowercased().split(whereSeparator: \.isWhitespace).reduce(0) { $0 + (weights[String($1)] ?? 0) }
    }

    /// Predictors that were never trained on the conversation they score.
    func crossPredictors() throws -> [Predictor] {
        let trees = try table.crossPredictions(folds: PromotionTraining().foldCount, seed: PromotionTraining().seed) {
            let model = try GradientBoosting().fit($0)
            return { model.probability($0) }
        }
        return baselines + [
            Predictor(
                name: "learned, logistic", scores: try PromotionTraining().crossConfidences(examples),
                isCalibrated: true),
            Predictor(name: "learned, boosted trees", scores: trees, isCalibrated: true), oracle,
        ]
    }

    /// Predictors from another set, and what training on this one could reach.
    func transferPredictors(_ model: PromotionModel, training: [PromotionExample]) throws -> [Predictor] {
        let trees = try GradientBoosting().fit(Self.table(training))
        let rows = table
        let bound = try crossPredictors().first { $0.name == "learned, logistic" }
        return baselines + [
            Predictor(
                name: "learned, logistic", scores: examples.map { model.confidence($0.features) }, isCalibrated: true),
            Predictor(
                name: "learned, boosted trees",
                scores: (0..<rows.count).map { trees.probability(rows.features[row: $0]) }, isCalibrated: true),
            Predictor(
                name: "upper bound: trained on this set, cross-validated (does not ship)", scores: bound?.scores ?? [],
                isCalibrated: true), oracle,
        ]
    }

    private var table: Examples { Self.table(examples) }

    private static func table(_ examples: [PromotionExample]) -> Examples {
        let zeros = PromotionFeature.allCases.map { _ in 0.0 }
        var table = Examples(featureCount: zeros.count)
        for example in examples {
            table.append(example.features.row(means: zeros), label: example.isNeeded ? 1 : 0, group: example.group)
        }
        return table
    }

    func printTable(title: String, predictors: [Predictor]) {
        let rate = labels.reduce(0, +) / Double(labels.count)
        print(
            """
            ## \(title)

            \(labels.count) turns of \(Set(groups).count) conversations, \((100 * rate).rounded(1)) % needed. 95 % intervals \
            by drawing conversations anew.

            | kept by | ROC AUC | average precision | kept at 30 % | Brier |
            |---|---|---|---|---|
            """)
        for predictor in predictors {
            let scores = predictor.scores
            func figure(_ digits: Int, _ scale: Double, _ measure: ([Int], [Int]) -> Double?) -> String {
                guard let value = measure(Array(labels.indices), groups) else { return "–" }
                let interval = Metrics.bootstrapInterval(groups: groups, drawCount: 200, measure: measure)
                let range = interval.map {
                    " (\((scale * $0.lowerBound).rounded(digits))–\((scale * $0.upperBound).rounded(digits)))"
                }
                return (scale * value).rounded(digits) + (range ?? "")
            }
            let columns = [
                figure(3, 1) { places, _ in
                    Metrics.rocAUC(scores: places.map { scores[$0] }, labels: places.map { labels[$0] })
                },
                figure(3, 1) { places, _ in
                    Metrics.averagePrecision(scores: places.map { scores[$0] }, labels: places.map { labels[$0] })
                },
                figure(1, 100) { places, copies in
                    Metrics.keptShare(
                        scores: places.map { scores[$0] }, labels: places.map { labels[$0] }, groups: copies, share: 0.3
                    )
                },
                predictor.isCalibrated
                    ? figure(3, 1) { places, _ in
                        Metrics.brier(probabilities: places.map { scores[$0] }, labels: places.map { labels[$0] })
                    } : "–",
            ]
            print("| \(predictor.name) | \(columns.joined(separator: " | ")) |")
        }
        print("\nBrier of the base rate for everything: \((rate * (1 - rate)).rounded(3))\n")
    }

    func printReliability(_ model: PromotionModel) {
        let confidences = examples.map { model.confidence($0.features) }
        print("| confidence | turns | predicted | needed |\n|---|---|---|---|")
        for bin in Metrics.reliability(probabilities: confidences, labels: labels) {
            let low = (bin.predicted * 10).rounded(.down) / 10
            print(
                "| \(low.rounded(1))–\((low + 0.1).rounded(1)) | \(bin.count) | \(bin.predicted.rounded(2)) | "
                    + "\(bin.observed.rounded(2)) |")
        }
        let figures = PromotionFigures(
            confidences: confidences, labels: labels, groups: groups, threshold: model.threshold)
        print("\n\(figures.dictionary.sorted { $0.key < $1.key })\n")
    }

    /// Half of the questions have been asked: what does use say about the other half?
    ///
    /// - Parameter model: a model from another set; nil trains on this one and cross-validates.
    func printLater(title: String, model: PromotionModel?) throws {
        let later = examples.compactMap(\.afterUse)
        guard later.count == examples.count else { return }
        let needed = later.map { $0.isNeeded ? 1.0 : 0 }
        var training = PromotionTraining()
        // Only the weights are wanted here, not the model's own figures.
        training.foldCount = 2
        let folds = model == nil ? table.folds(8, seed: 6) : [(training: [], held: Array(examples.indices))]
        var (plain, used) = (labels.map { _ in 0.0 }, labels.map { _ in 0.0 })
        for (seen, held) in folds {
            let judge = try model ?? training.train(seen.map { examples[$0] }, description: "a fold")
            for place in held {
                var features = examples[place].features
                plain[place] = judge.logOdds(features)
                features[.useCount] = log1p(later[place].useCount)
                features[.useRecency] = later[place].useRecency
                used[place] = judge.logOdds(features)
            }
        }
        print("### \(title): half of the questions asked, needed by the other half\n")
        print("| kept by | ROC AUC | average precision | kept at 30 % |\n|---|---|---|---|")
        let predictors = [
            Predictor(name: "rules: number of uses", scores: later.map(\.useCount)),
            Predictor(name: "learned, without use", scores: plain),
            Predictor(name: "learned, with use", scores: used),
        ]
        for predictor in predictors {
            let area = Metrics.rocAUC(scores: predictor.scores, labels: needed) ?? 0
            let precision = Metrics.averagePrecision(scores: predictor.scores, labels: needed) ?? 0
            let kept = Metrics.keptShare(scores: predictor.scores, labels: needed, groups: groups, share: 0.3) ?? 0
            print("| \(predictor.name) | \(area.rounded(3)) | \(precision.rounded(3)) | \((100 * kept).rounded(1)) |")
        }
        print("")
    }
}
