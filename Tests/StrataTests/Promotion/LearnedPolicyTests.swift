import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import Strata

@Suite struct LearnedPolicyTests {
    private let day = Duration.seconds(86_400)

    private func open(
        _ scratch: Scratch, _ clock: ManualClock, embedder: SeededEmbedder = SeededEmbedder(),
        configure: (inout LearnedPromotionSettings) -> Void = { _ in }
    ) async throws -> MemoryEngine {
        try await openEngine(
            at: scratch.path + "/data", embedder: embedder, clock: clock, seed: UInt64(clock.now.milliseconds)
        ) {
            $0.lifecycle.catchUpAfter = nil
            $0.nearDuplicates = nil
            configure(&$0.lifecycle.learned)
        }
    }

    /// The delivered model with another intercept: it wants everything, or nothing.
    private func modelFile(in scratch: Scratch, intercept: Double) throws -> String {
        let path = scratch.path + "/model\(intercept).json"
        var model = try #require(
            JSONSerialization.jsonObject(with: PromotionModel.delivered().json()) as? [String: Any])
        model["calibration"] = ["intercept": intercept, "slope": 1.0]
        try JSONSerialization.data(withJSONObject: model).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test(arguments: [50.0, -50.0])
    func theModelAddsToWhatTheRulesPromoteAndTakesNothingAway(intercept: Double) async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let model = try modelFile(in: scratch, intercept: intercept)
        let engine = try await open(scratch, clock) { $0.modelPath = model }
        let important = try await engine.remember(NewMemory("the safe's place", importance: 0.9)).record.id
        let plain = try await engine.remember("the ferry leaves at noon").record.id
        let echo = try await engine.remember(NewMemory("the bakery opens at six", source: .recall)).record.id
        clock.advance(by: day)
        var decisions: [RecordID: LifecycleDecision] = [:]
        let seen = Collected()
        let dry = try await engine.promote(dryRun: true) { await seen.add($0) }
        for decision in await seen.decisions { decisions[decision.id] = decision }
        #expect(try await engine.promotionStatus().decisionCount == 0)
        #expect(dry.policy == "learned" && dry.degradations.isEmpty && dry.advisedCount == 2)
        let wanted: Set<RecordID> = intercept > 0 ? [important, plain] : [important]
        #expect(Set(decisions.values.filter { $0.action == .promote }.map(\.id)) == wanted)
        #expect(decisions[important]?.reasons.first?.hasPrefix("rule important") == true)
        #expect(decisions[important]?.confidence == 1)
        #expect(decisions[plain]?.reasons.last?.contains("of 0.70") == true)
        #expect(decisions[plain].map { $0.confidence > 0.99 } == (intercept > 0))
        #expect(decisions[echo]?.reasons == ["recalled text that came back"])
        #expect(try await engine.promote().promotedCount == wanted.count)
        #expect(try await engine.promotionStatus().decisionCount == 2)
        if intercept > 0 {
            let reason = try await engine.history(of: plain).last?.reason
            #expect(reason?.hasPrefix("model: confidence 1.00 of 0.70, ") == true)
        }
        try await engine.close()
    }

    private actor Collected {
        var decisions: [LifecycleDecision] = []
        func add(_ decision: LifecycleDecision) { decisions.append(decision) }
    }

    @Test func inShadowTheRulesDecideAndTheModelIsOnlyWatched() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let model = try modelFile(in: scratch, intercept: 50)
        let engine = try await open(scratch, clock) {
            $0.modelPath = model
            $0.mode = .shadow
        }
        let plain = try await engine.remember("the ferry leaves at noon").record.id
        clock.advance(by: day)
        let report = try await engine.promote()
        #expect(report.policy == "shadow" && report.promotedCount == 0 && report.modelCount == 1)
        clock.advance(by: .seconds(60))
        try await engine.feedback(plain, .useful)
        let status = try await engine.promotionStatus()
        #expect(status.decisionCount == 1 && status.promotedCount == 1 && status.neededCount == 1)
        #expect(try await engine.store.decisions(limit: 9).map(\.isShadow) == [true])
        try await engine.forget(.ids([plain]))
        #expect(try await engine.promotionStatus().decisionCount == 0)
        try await engine.close()
    }

    @Test(arguments: ["missing", "damaged", "version 9"])
    func withoutAUsableModelTheRulesDecideAndTheReportSaysSo(kind: String) async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let path = scratch.path + "/model.json"
        let text = String(decoding: try PromotionModel.delivered().json(), as: UTF8.self)
        let written: String? =
            switch kind {
            case "damaged": String(text.prefix(text.count / 2))
            case "version 9": text.replacing("\"version\" : 1", with: "\"version\" : 9")
            default: nil
            }
        try written?.write(toFile: path, atomically: true, encoding: .utf8)
        let engine = try await open(scratch, clock) { $0.modelPath = path }
        try await engine.remember(NewMemory("the safe's place", importance: 0.9))
        clock.advance(by: day)
        let report = try await engine.promote()
        #expect(report.policy == "rules" && report.promotedCount == 1)
        #expect(report.degradations.map(\.code) == ["promotion_model_unusable"])
        #expect(try await engine.promotionStatus().origin == nil)
        try await engine.close()
    }

    @Test func anEmbedderThatFailsLeavesTheDecisionToTheRulesAndTheReportSaysSo() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let embedder = SeededEmbedder()
        let model = try modelFile(in: scratch, intercept: 50)
        let engine = try await open(scratch, clock, embedder: embedder) { $0.modelPath = model }
        let id = try await engine.remember("the ferry leaves at noon").record.id
        clock.advance(by: day)
        embedder.fail(with: StrataError(.inferenceFailed, "out of memory"))
        let answer = try await engine.promotionEvidence(of: [id])
        #expect(answer.evidence.count == 1 && answer.evidence[0].cosines == nil)
        #expect(answer.degradations.map(\.code) == ["promotion_evidence_incomplete"])
        let report = try await engine.promote()
        #expect(report.promotedCount == 0 && report.degradations.map(\.code) == ["promotion_policy_failed"])
        embedder.fail(with: nil)
        clock.advance(by: .seconds(3600))
        #expect(try await engine.promote().promotedCount == 1)
        try await engine.close()
    }

    @Test func evidenceTakesVectorsFromTheStoreAndEmbedsThePrototypesOnce() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let embedder = SeededEmbedder()
        let engine = try await openEngine(at: scratch.path, embedder: embedder, clock: clock) { $0.cache = nil }
        let ids = try await engine.remember(
            ["one boat", "two boats", "three boats"].map { NewMemory($0, session: "s") }
        ).map { try $0.get().record.id }
        let before = embedder.embeddedTexts.count
        for _ in 0..<3 {
            let answer = try await engine.promotionEvidence(of: ids)
            #expect(answer.evidence.allSatisfy { $0.cosines?.topic != nil } && answer.degradations.isEmpty)
        }
        let made = embedder.embeddedTexts.dropFirst(before)
        #expect(made.count == 1 && made.first?.contains("one boat") == false)
        try await engine.close()
    }

    @Test func aModelLearnsFromUseSurvivesReopeningAndCanBeTakenBack() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        func reopen() async throws -> MemoryEngine {
            try await open(scratch, clock) {
                $0.confidenceMin = 0
                $0.retraining.training = quickTraining
                $0.retraining.heldCountMin = 50
            }
        }
        var engine = try await reopen()
        #expect(try await engine.retrainPromotion().outcome == .tooFew)
        await #expect(throws: StrataError.self) { try await engine.rollBackPromotion() }
        for week in 0..<6 {
            let results = try await engine.remember(
                (0..<60).map { number in
                    NewMemory(
                        number % 3 == 0
                            ? "well then, see you later week \(week) turn \(number)"
                            : "we had some tea and talked, nothing else, on and on, \(week) \(number)")
                })
            clock.advance(by: day)
            #expect(try await engine.promote().promotedCount == 60)
            clock.advance(by: .seconds(60))
            // What this user needs is what the delivered model holds to be small talk.
            for (number, result) in results.enumerated() where number % 3 == 0 {
                try await engine.feedback(try result.get().record.id, .useful)
            }
            clock.advance(by: day * 6)
        }
        clock.advance(by: day * 31)
        let report = try await engine.retrainPromotion()
        #expect(report.outcome == .replaced, "\(report.message) \(report.current) \(report.candidate)")
        #expect(try #require(report.candidate["brier"]) < #require(report.current["brier"]))
        #expect(engine.recentEvents.map(\.code).contains("promotion_model_replaced"))
        try await engine.close()
        engine = try await reopen()
        let status = try await engine.promotionStatus()
        #expect(status.origin == "retrained" && status.version == 1 && status.canRollBack)
        #expect(status.decisionCount == 360 && status.neededCount == 120 && status.exampleCount == 360)
        try await engine.rollBackPromotion()
        #expect(try await engine.promotionStatus().origin == "delivered")
        let damaged = "{\"version\":1}"
        _ = try await engine.writes.commit([.save(damaged, named: KeptPromotionModel.currentName)])
        #expect(try await engine.promotionStatus().degradations.first?.code == "promotion_model_unusable")
        await #expect(throws: StrataError.self) { try await engine.retrainPromotion() }
        try await engine.rollBackPromotion()
        try await engine.close()
    }
}
