import Foundation
import Learning
import StrataCore
import StrataTesting
import Testing

@testable import Strata

/// Training with few folds: the number of fits grows with their square.
var quickTraining: PromotionTraining {
    var training = PromotionTraining()
    training.foldCount = 3
    return training
}

/// Examples whose outcome follows information and dialogue role, with noise; ten groups.
func drawnPromotionExamples(_ count: Int, seed: UInt64, turned: Bool = false, groups: Int = 10) -> [PromotionExample] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { number in
        var features = PromotionFeatures()
        for feature in PromotionFeature.allCases { features[feature] = Double.random(in: -1...1, using: &random) }
        features[.statedImportance] = 0.5
        features[.useCount] = 0
        features[.useRecency] = 0
        if number % 5 == 0 { features[.topicRelevance] = nil }
        let information = (features[.information] ?? 0) * (turned ? -2 : 2)
        let probability = sigmoid(information + (features[.dialogueRole] ?? 0) - 0.5)
        let used = Int.random(in: 0..<4, using: &random)
        return PromotionExample(
            features: features, isNeeded: Double.random(in: 0..<1, using: &random) < probability,
            group: number % groups,
            afterUse: .init(
                useCount: Double(used), useRecency: used > 0 ? 0.9 : 0,
                isNeeded: Double.random(in: 0..<1, using: &random) < probability * 0.5 + 0.1 * Double(used)))
    }
}

@Suite struct PromotionModelTests {
    @Test func trainingFindsWhatDecidesAndSaysHowGoodItIs() throws {
        let examples = drawnPromotionExamples(1200, seed: 1)
        let model = try quickTraining.train(examples, description: "drawn")
        #expect(model.linear.weights[PromotionFeature.information.place] > 1)
        #expect(model.linear.weights[PromotionFeature.dialogueRole.place] > 0.5)
        #expect(model.linear.weights[PromotionFeature.useCount.place] > 0)
        #expect(abs(model.linear.weights[PromotionFeature.novelty.place]) < 0.3)
        #expect(model.provenance.exampleCount == 1200)
        #expect(model.provenance.groupCount == 10)
        let test = drawnPromotionExamples(1200, seed: 2)
        let figures = PromotionFigures(
            confidences: test.map { model.confidence($0.features) }, labels: test.map { $0.isNeeded ? 1 : 0 },
            groups: test.map(\.group), threshold: model.threshold)
        #expect(abs(figures.rocAUC - (model.provenance.figures["roc_auc"] ?? 0)) < 0.05)
        #expect(figures.calibrationError < 0.06)
        // The threshold is reachable, and what reaches it deserves it.
        #expect(figures.promotedShare > 0.05)
        #expect((figures.precision ?? 0) > 0.7)
        #expect(try quickTraining.train(examples, description: "drawn") == model)
    }

    @Test func anImportanceThatWasStatedCountsThoughNoExampleHasOne() throws {
        let model = try quickTraining.train(drawnPromotionExamples(600, seed: 3), description: "drawn")
        var plain = PromotionFeatures()
        plain[.statedImportance] = 0.5
        var stated = plain
        stated[.statedImportance] = 1
        #expect(model.confidence(stated) > model.confidence(plain))
    }

    @Test func anExplanationAddsUpToTheConfidence() throws {
        let model = try PromotionModel.delivered()
        for example in drawnPromotionExamples(50, seed: 4) {
            let explanation = model.explanation(example.features)
            let sum = explanation.parts.reduce(explanation.baseline) { $0 + $1.contribution }
            #expect(abs(sigmoid(sum) - explanation.confidence) < 1e-9)
            #expect(Set(explanation.parts.map(\.feature)).count == PromotionFeature.allCases.count)
            let sizes = explanation.parts.map { abs($0.contribution) }
            #expect(sizes == sizes.sorted(by: >))
        }
    }

    @Test func tooFewExamplesAreRefused() {
        for examples in [
            [], drawnPromotionExamples(50, seed: 1), drawnPromotionExamples(500, seed: 1, groups: 1),
            drawnPromotionExamples(500, seed: 1).filter { !$0.isNeeded },
        ] {
            #expect { try quickTraining.train(examples, description: "") } throws: {
                ($0 as? StrataError)?.code == .invalidArgument
            }
        }
    }
}

@Suite struct PromotionModelFileTests {
    @Test func aFileGivesTheSameModelBack() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/model.json"
        let model = try quickTraining.train(drawnPromotionExamples(400, seed: 5), description: "drawn")
        try model.write(to: path)
        #expect(try PromotionModel.read(from: path) == model)
        #expect(try PromotionModel.read(from: path).json() == model.json())
    }

    @Test func theDeliveredModelIsWhole() throws {
        let model = try PromotionModel.delivered()
        #expect(model.threshold == 0.7)
        // A use never speaks against a record.
        #expect(model.linear.weights[PromotionFeature.useCount.place] >= 0)
        #expect(model.linear.weights[PromotionFeature.useRecency.place] >= 0)
        #expect(model.provenance.groupCount == 24)
        #expect((model.provenance.figures["roc_auc"] ?? 0) > 0.75)
        #expect(!model.provenance.description.lowercased().contains("locomo"))
    }

    @Test func damagedFilesAreRefusedAndTheRulesDecide() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/model.json"
        let whole = String(decoding: try PromotionModel.delivered().json(), as: UTF8.self)
        let damaged: [(String, StrataError.Code)] = [
            ("", .modelInvalid), ("{}", .modelInvalid), (String(whole.dropLast(200)), .modelInvalid),
            (whole.replacingOccurrences(of: "\"version\" : 1", with: "\"version\" : 2"), .unsupportedVersion),
            (whole.replacingOccurrences(of: "\"definitions\" : 1", with: "\"definitions\" : 7"), .unsupportedVersion),
            (whole.replacingOccurrences(of: "\"novelty\"", with: "\"charm\""), .modelInvalid),
            (whole.replacingOccurrences(of: "\"threshold\" : 0.7", with: "\"threshold\" : 7"), .modelInvalid),
            (whole.replacingOccurrences(of: "\"slope\" : ", with: "\"slope\" : -"), .modelInvalid),
        ]
        for (text, code) in damaged {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            #expect { try PromotionModel.read(from: path) } throws: { ($0 as? StrataError)?.code == code }
            let (promotion, degradation) = LearnedPromotion.load(path: path)
            #expect(promotion == nil)
            #expect(degradation?.code == "promotion_model_unusable")
        }
        #expect(LearnedPromotion.load(path: scratch.path + "/none").degradation != nil)
        let (promotion, degradation) = LearnedPromotion.load(path: nil)
        #expect(promotion != nil && degradation == nil)
    }

    @Test func adviceFollowsTheThresholdAndTellsNoText() throws {
        var generator = RecordIDGenerator(random: SeededGenerator(seed: 1))
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        let texts = [
            "ok", "Berta Halvorsen moves to 14 Linden Road, Tromsø, on 12 August 2025 with 3 dogs and a kiln.",
        ]
        let evidence = texts.map { text in
            PromotionEvidence(
                record: MemoryRecord(id: generator.next(at: now), namespace: "n", text: text, createdAt: now),
                recordCount: 500, termCounts: Array(repeating: 1, count: text.split(separator: " ").count))
        }
        var model = try PromotionModel.delivered()
        let confidences = LearnedPromotion(model: model).advise(evidence, at: now).map(\.confidence)
        #expect(confidences[0] < confidences[1])
        model.threshold = (confidences[0] + confidences[1]) / 2
        let advice = LearnedPromotion(model: model).advise(evidence, at: now)
        #expect(advice.map(\.promotes) == [false, true])
        #expect(!advice[1].reasons.joined().contains("Berta"))
        #expect(advice[1].reasons.count == 4)
    }
}
