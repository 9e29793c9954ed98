import Learning
import StrataCore
import StrataTesting
import Testing

@testable import Strata

@Suite struct PromotionRetrainingTests {
    private let start = Timestamp(milliseconds: 1_699_488_000_000)
    private var quickRetraining: PromotionRetraining {
        var retraining = PromotionRetraining()
        retraining.training = quickTraining
        return retraining
    }
    private let day: Duration = .seconds(86_400)

    private func entry(_ number: UInt64, day number2: Int) -> PromotionDecisionEntry {
        let advice = LearnedPromotion.Advice(
            features: PromotionFeatures(), confidence: 0.5, promotes: false, reasons: [])
        return PromotionDecisionEntry(
            id: RecordID(high: 0x0189_0000_0000_7000, low: 0x8000_0000_0000_0000 | number),
            decidedAt: start + day * number2, advice: advice, isShadow: true)
    }

    @Test func onlyOutcomesThatAreKnownBecomeExamples() {
        let retraining = quickRetraining
        let now = start + day * 40
        let cases: [(PromotionDecisionEntry, PromotionAftermath, Bool?)] = [
            (entry(1, day: 0), .init(firstNeededAt: start + day * 30), true),
            // One day too late.
            (entry(2, day: 0), .init(firstNeededAt: start + day * 31), false),
            (entry(3, day: 0), .init(), false),
            // Forgotten before anybody could need it: unknown, not negative.
            (entry(4, day: 0), .init(forgottenAt: start + day * 5), nil),
            // Needed, then forgotten.
            (entry(5, day: 0), .init(firstNeededAt: start + day, forgottenAt: start + day * 5), true),
            // Forgotten after the window.
            (entry(6, day: 0), .init(forgottenAt: start + day * 31), false),
            // The window is still open, whatever has happened in it.
            (entry(7, day: 11), .init(), nil),
            (entry(8, day: 11), .init(firstNeededAt: start + day * 12), nil),
            // A use at the moment of the decision was known to it.
            (entry(9, day: 0), .init(firstNeededAt: start), false),
            // The second decision about a record in a week.
            (entry(1, day: 1), .init(firstNeededAt: start + day * 30), nil),
        ]
        for (entry, aftermath, expected) in cases {
            let examples = retraining.examples([(entry, aftermath)], at: now)
            if entry.decidedAt == start + day { continue }
            #expect(examples.map(\.isNeeded) == (expected.map { [$0] } ?? []), "record \(entry.id)")
        }
        let all = retraining.examples(cases.map { ($0.0, $0.1) }, at: now)
        #expect(all.count == 6)
        #expect(all.count(where: \.isNeeded) == 2)
    }

    @Test func aModelThatFitsTheUseReplacesOneThatDoesNot() throws {
        // The model at work has learned the opposite of what this user needs.
        let current = try quickTraining.train(
            drawnPromotionExamples(800, seed: 1, turned: true), description: "wrong")
        let verdict = quickRetraining.attempt(
            current: current, examples: drawnPromotionExamples(800, seed: 2), at: start)
        guard case .replaced(let model, let before, let after) = verdict else {
            Issue.record("expected a replacement, got \(verdict)")
            return
        }
        #expect(after.rocAUC > 0.7 && before.rocAUC < 0.4)
        #expect(model.provenance.trainedAt == start.description)
        // The last quarter of ten weeks is held out.
        #expect(model.provenance.groupCount == 8 || model.provenance.groupCount == 7)
    }

    @Test func aModelThatIsNoBetterIsNotTaken() throws {
        let current = try quickTraining.train(drawnPromotionExamples(800, seed: 1), description: "good")
        var random = SplitMix64(seed: 3)
        // In the training weeks the outcome is the wrong way round, in the held-out weeks it is right.
        let examples = drawnPromotionExamples(800, seed: 2).map { example in
            var example = example
            if example.group < 7, Double.random(in: 0..<1, using: &random) < 0.9 { example.isNeeded.toggle() }
            return example
        }
        let verdict = quickRetraining.attempt(current: current, examples: examples, at: start)
        switch verdict {
        case .kept(let before, let after): #expect(before.rocAUC > after.rocAUC)
        // Learned from turned labels the model can point the wrong way and be refused before it is compared.
        case .tooFew: break
        case .replaced: Issue.record("a worse model was taken")
        }
    }

    @Test func tooLittleUseChangesNothing() throws {
        let current = try PromotionModel.delivered()
        for examples in [
            [], drawnPromotionExamples(600, seed: 1, groups: 2), drawnPromotionExamples(150, seed: 1),
            drawnPromotionExamples(600, seed: 1).filter(\.isNeeded),
        ] {
            let verdict = quickRetraining.attempt(current: current, examples: examples, at: start)
            guard case .tooFew = verdict else {
                Issue.record("expected too few, got \(verdict)")
                return
            }
        }
    }

    @Test func aModelThatTurnsOutWorseIsRolledBack() throws {
        let good = try quickTraining.train(drawnPromotionExamples(800, seed: 1), description: "good")
        let bad = try quickTraining.train(
            drawnPromotionExamples(800, seed: 1, turned: true), description: "bad")
        let since = drawnPromotionExamples(300, seed: 9)
        let retraining = quickRetraining
        #expect(retraining.shouldRollBack(current: bad, previous: good, since: since))
        #expect(!retraining.shouldRollBack(current: good, previous: bad, since: since))
        // Too few outcomes to judge by.
        #expect(!retraining.shouldRollBack(current: bad, previous: good, since: Array(since.prefix(20))))
    }

    @Test func anEntryOfTheLogSurvivesJSON() throws {
        var features = PromotionFeatures()
        features[.information] = 1.25
        var logged = entry(3, day: 2)
        logged.features = features
        let data = try JSONCoding.encode(logged)
        #expect(try JSONCoding.decode(PromotionDecisionEntry.self, from: data) == logged)
        #expect(throws: (any Error).self) {
            try JSONCoding.decode(PromotionFeatures.self, from: #"{"charm":1}"#)
        }
    }
}
