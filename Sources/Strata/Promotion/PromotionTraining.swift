internal import Foundation
internal import Learning
public import StrataCore

/// Fits, calibrates and measures promotion models. Pure and deterministic.
///
/// 1. A logistic model over all features of fresh records.
/// 2. The weights of ``PromotionFeature/useCount`` and ``PromotionFeature/useRecency`` from later looks, with the log-odds
///    of the first model as a known part: what use adds to what the text says.
/// 3. Platt's calibration over the log-odds that models gave to groups they had not seen.
public struct PromotionTraining: Sendable, Hashable {
    /// The weight of the quadratic penalty on standardised weights.
    public var penalty = 1.0
    /// The number of folds that calibration and figures are made with.
    public var foldCount = 8
    /// Decides which groups fall together.
    public var seed: UInt64 = 6
    /// The threshold that the model will have.
    public var threshold = 0.7
    /// The least number of examples, and of positives and negatives among them a tenth of it.
    public var exampleCountMin = 200

    /// Training with the defaults.
    public init() {}

    /// What a caller's own importance is worth where the data cannot tell because nobody gave any: from 0.5 to 1 it adds
    /// 1 to the log-odds. Set by hand.
    private static let statedImportanceWeight = 2.0

    /// Trains a model.
    ///
    /// - Parameters:
    ///   - examples: at least ``exampleCountMin``, of at least two groups.
    ///   - description: the data in words, for the model file.
    /// - Throws: ``StrataError/Code/invalidArgument`` when there are too few examples.
    public func train(
        _ examples: [PromotionExample], description: String, embeddingSpace: String? = nil, trainedAt: Timestamp? = nil
    ) throws -> PromotionModel {
        try check(examples)
        let means = Self.means(of: examples)
        let linear = try fit(examples, means: means)
        let held = try crossLogOdds(examples)
        let labels = examples.map { $0.isNeeded ? 1.0 : 0 }
        let calibration = try fitting { () throws(LogisticRegression.FitError) in
            try Calibration.platt(scores: held, labels: labels)
        }
        guard calibration.weights[0] > 0 else {
            throw StrataError(
                .invalidArgument,
                "the examples hold nothing that can be learned: held-out predictions were no better than chance")
        }
        let provenance = PromotionModel.Provenance(
            description: description, trainedAt: trainedAt?.description, embeddingSpace: embeddingSpace,
            groupCount: Set(examples.map(\.group)).count, exampleCount: examples.count,
            positiveCount: examples.count(where: \.isNeeded), figures: [:])
        var model = PromotionModel(
            linear: linear, means: means, calibration: calibration, threshold: threshold, provenance: provenance)
        model.provenance.figures = try crossFigures(examples).dictionary
        return model
    }

    /// The confidence that each example gets from a model that was trained and calibrated without its group.
    public func crossConfidences(_ examples: [PromotionExample]) throws -> [Double] {
        try check(examples)
        var confidences = [Double](repeating: 0, count: examples.count)
        for (training, held) in Self.table(examples, means: []).folds(foldCount, seed: seed) {
            let part = training.map { examples[$0] }
            let means = Self.means(of: part)
            let linear = try fit(part, means: means)
            let labels = part.map { $0.isNeeded ? 1.0 : 0 }
            let inner = try crossLogOdds(part)
            let calibration = try fitting { () throws(LogisticRegression.FitError) in
                try Calibration.platt(scores: inner, labels: labels)
            }
            for place in held {
                confidences[place] = calibration.probability([linear.logit(examples[place].features.row(means: means))])
            }
        }
        return confidences
    }

    private func crossFigures(_ examples: [PromotionExample]) throws -> PromotionFigures {
        PromotionFigures(
            confidences: try crossConfidences(examples), labels: examples.map { $0.isNeeded ? 1.0 : 0 },
            groups: examples.map(\.group), threshold: threshold)
    }

    private func check(_ examples: [PromotionExample]) throws(StrataError) {
        let positiveCount = examples.count(where: \.isNeeded)
        let groupCount = Set(examples.map(\.group)).count
        guard examples.count >= exampleCountMin, positiveCount * 10 >= exampleCountMin,
            (examples.count - positiveCount) * 10 >= exampleCountMin, groupCount >= 2
        else {
            throw StrataError(
                .invalidArgument,
                """
                \(examples.count) examples of \(groupCount) groups with \(positiveCount) positive are too few: expected \
                at least \(exampleCountMin) of 2 groups, with \(exampleCountMin / 10) positive and as many negative
                """)
        }
    }

    private func crossLogOdds(_ examples: [PromotionExample]) throws -> [Double] {
        var logOdds = [Double](repeating: 0, count: examples.count)
        for (training, held) in Self.table(examples, means: []).folds(foldCount, seed: seed) {
            let part = training.map { examples[$0] }
            let means = Self.means(of: part)
            let linear = try fit(part, means: means)
            for place in held { logOdds[place] = linear.logit(examples[place].features.row(means: means)) }
        }
        return logOdds
    }

    private func fit(_ examples: [PromotionExample], means: [Double]) throws -> LogisticModel {
        var regression = LogisticRegression()
        regression.penalty = penalty
        regression.priorWeights = PromotionFeature.allCases.map {
            $0 == .statedImportance ? Self.statedImportanceWeight : 0
        }
        var model = try fitting { () throws(LogisticRegression.FitError) in
            try regression.fit(Self.table(examples, means: means))
        }
        let usage: [PromotionFeature] = [.useCount, .useRecency]
        var later = Examples(featureCount: usage.count)
        for example in examples {
            guard let use = example.afterUse else { continue }
            later.append(
                [log1p(use.useCount), use.useRecency], label: use.isNeeded ? 1 : 0, group: example.group,
                offset: model.logit(example.features.row(means: means)))
        }
        guard later.labels.contains(1), later.labels.contains(0) else { return model }
        regression.priorWeights = []
        let use = try fitting { () throws(LogisticRegression.FitError) in try regression.fit(later) }
        // Records of the first fit were never used, so it knows nothing of these weights; the intercept of the second
        // belongs to another question and is left out. A use never speaks against a record: where questions hardly
        // repeat, the weights are noise around 0.
        for (feature, weight) in zip(usage, use.weights) { model.weights[feature.place] += max(0, weight) }
        return model
    }

    private func fitting<Value>(_ body: () throws(LogisticRegression.FitError) -> Value) throws(StrataError) -> Value {
        do {
            return try body()
        } catch {
            throw StrataError(.invalidArgument, "the examples cannot be learned from (\(error))", cause: error)
        }
    }

    /// The mean of each feature where it is known; 0 where it never is.
    private static func means(of examples: [PromotionExample]) -> [Double] {
        PromotionFeature.allCases.map { feature in
            let known = examples.compactMap { $0.features[feature] }
            return known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
        }
    }

    private static func table(_ examples: [PromotionExample], means: [Double]) -> Examples {
        var table = Examples(featureCount: means.count)
        for example in examples {
            table.append(
                example.features.row(means: means), label: example.isNeeded ? 1 : 0, group: example.group)
        }
        return table
    }
}

/// How good confidences are on examples whose outcome is known.
public struct PromotionFigures: Sendable, Hashable {
    /// The number of examples.
    public let exampleCount: Int
    /// The share that was needed: what every other figure is to be read beside.
    public let baseRate: Double
    /// The chance that a needed record scores above one that was not; 0.5 is chance.
    public let rocAUC: Double
    /// Average precision; the base rate is chance.
    public let averagePrecision: Double
    /// Of the needed records the share among the best 30 % of each group; 0.3 is chance.
    public let keptAt30: Double
    /// The mean squared error of the confidence.
    public let brier: Double
    /// The mean squared error of saying the base rate of everything.
    public let brierOfBaseRate: Double
    /// The mean distance between confidence and observed share over ten bins.
    public let calibrationError: Double
    /// The share of all records that the threshold promotes.
    public let promotedShare: Double
    /// The share of those that were needed; nil when none is promoted.
    public let precision: Double?

    /// Figures of confidences and labels (0 or 1) of the same examples, which belong to groups.
    public init(confidences: [Double], labels: [Double], groups: [Int], threshold: Double) {
        let count = Double(max(1, labels.count))
        let rate = labels.reduce(0, +) / count
        exampleCount = labels.count
        baseRate = rate
        rocAUC = Metrics.rocAUC(scores: confidences, labels: labels) ?? 0.5
        averagePrecision = Metrics.averagePrecision(scores: confidences, labels: labels) ?? 0
        keptAt30 = Metrics.keptShare(scores: confidences, labels: labels, groups: groups, share: 0.3) ?? 0
        brier = Metrics.brier(probabilities: confidences, labels: labels) ?? 0
        brierOfBaseRate = rate * (1 - rate)
        calibrationError = Metrics.calibrationError(probabilities: confidences, labels: labels) ?? 0
        let promoted = confidences.indices.filter { confidences[$0] >= threshold }
        promotedShare = Double(promoted.count) / count
        precision = promoted.isEmpty ? nil : promoted.reduce(0) { $0 + labels[$1] } / Double(promoted.count)
    }

    /// The figures by the names that they have in files and tables, rounded to four places.
    public var dictionary: [String: Double] {
        var figures = [
            "base_rate": baseRate, "roc_auc": rocAUC, "average_precision": averagePrecision, "kept_at_30": keptAt30,
            "brier": brier, "brier_of_base_rate": brierOfBaseRate, "calibration_error": calibrationError,
            "promoted_share": promotedShare,
        ]
        figures["precision"] = precision
        return figures.mapValues { ($0 * 10_000).rounded() / 10_000 }
    }
}
