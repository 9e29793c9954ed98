import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct PromotionRuleTests {
    static let start = Timestamp(milliseconds: 1_760_000_000_000)

    static func facts(
        layer: Layer = .interact, importance: Double = 0.5, source: MemoryRecord.Source = .user,
        lastAccessedAt: Timestamp? = nil, uses: Int = 0, layerUses: Int? = nil, useful: Int = 0, notUseful: Int = 0
    ) -> LifecycleFacts {
        LifecycleFacts(
            key: 1, id: RecordID(high: 1, low: 1), layer: layer, importance: importance, source: source,
            createdAt: start, enteredLayerAt: start, lastAccessedAt: lastAccessedAt, accessCount: uses,
            layerUseCount: layerUses ?? uses, usefulCount: useful, notUsefulCount: notUseful, change: 1)
    }

    @Test func theValueIsTheFormulaWorkedOutByHand() {
        let weights = ValueWeights()
        let day = Duration.seconds(86_400)
        #expect(abs(weights.value(of: Self.facts(), at: Self.start) - (0.2 + 0 + 0.15 + 0.075)) < 1e-12)
        // Seven days unused halve recency; 20 uses are full use; two of three verdicts were good.
        let used = Self.facts(
            importance: 1, lastAccessedAt: Self.start, uses: 20, useful: 2, notUseful: 1)
        #expect(abs(weights.value(of: used, at: Self.start + day * 7) - (0.4 + 0.3 + 0.075 + 0.15 * 0.6)) < 1e-12)
    }

    @Test(arguments: Seeds.ci)
    func theValueStaysBetweenZeroAndOneAndRisesWithEachOfItsParts(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var weights = ValueWeights()
            weights.importance = Double.random(in: 0...3, using: &random)
            weights.use = Double.random(in: 0.01...3, using: &random)
            weights.recency = Double.random(in: 0...3, using: &random)
            let uses = Int.random(in: 0...2000, using: &random)
            let importance = Double.random(in: 0...0.9, using: &random)
            let now = Self.start + .seconds(Int64.random(in: -1000...100_000_000, using: &random))
            func value(_ importance: Double, _ uses: Int, _ useful: Int, _ now: Timestamp) -> Double {
                weights.value(of: Self.facts(importance: importance, uses: uses, useful: useful), at: now)
            }
            let base = value(importance, uses, 1, now)
            #expect((0...1).contains(base))
            #expect(value(importance + 0.1, uses, 1, now) >= base)
            #expect(value(importance, uses + 1, 1, now) >= base)
            #expect(value(importance, uses, 2, now) >= base)
            #expect(value(importance, uses, 1, now + .seconds(86_400)) <= base)
        }
    }

    /// The defect of the older system: thresholds that nothing could reach.
    @Test(arguments: PromotionRule.standard)
    func everyDefaultRuleFiresForARecordOfOrdinaryImportanceOrSaysItWantsMore(rule: PromotionRule) {
        let uses = rule.useCountMin
        let importance = max(0.5, rule.importanceMin)
        let now = Self.start + rule.ageMin
        let facts = Self.facts(layer: rule.from, importance: importance, lastAccessedAt: now, uses: uses)
        let candidate = PromotionCandidate(facts: facts, value: ValueWeights().value(of: facts, at: now))
        #expect(RulePolicy(rules: [rule]).decision(on: candidate, at: now).target == rule.to)
        let early = RulePolicy(rules: [rule]).decision(on: candidate, at: now - .milliseconds(1))
        #expect(early.target == nil && early.reasons.count == 1)
    }

    @Test func aDecisionNamesTheFirstRuleThatHoldsOrWhatEachOneMisses() {
        let policy = RulePolicy()
        let now = Self.start + .seconds(25 * 3600)
        let used = PromotionCandidate(facts: Self.facts(uses: 3), value: 0.54)
        #expect(
            policy.decision(on: used, at: now).reasons
                == ["rule used: 25 h in interact, 3 uses there, importance 0.50, value 0.54"])
        let unused = PromotionCandidate(facts: Self.facts(uses: 1), value: 0.4)
        #expect(
            policy.decision(on: unused, at: now).reasons == [
                "rule used: 1 uses there, needs 2; value 0.40, needs 0.45",
                "rule important: importance 0.50, needs 0.80",
            ])
        let echo = PromotionCandidate(facts: Self.facts(importance: 1, source: .recall, uses: 9), value: 1)
        #expect(policy.decision(on: echo, at: now).target == nil)
    }

    @Test func settingsThatCannotWorkAreRefused() {
        func code(_ change: (inout LifecycleConfiguration) -> Void) -> StrataError.Code? {
            var life = LifecycleConfiguration()
            change(&life)
            do throws(StrataError) {
                try life.validate()
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code { _ in } == nil)
        #expect(code { $0.interact.timeToLive = .zero } == .invalidArgument)
        #expect(code { $0.insights.grace = .seconds(-1) } == .invalidArgument)
        #expect(code { $0.assets.recordCountMax = 0 } == .invalidArgument)
        #expect(code { $0.recordCountMaxByNamespace = ["a": [.assets: 0]] } == .invalidArgument)
        #expect(code { $0.nearlyFullShare = 1.1 } == .invalidArgument)
        #expect(code { $0.value.use = -1 } == .invalidArgument)
        #expect(code { $0.value.recencyHalfLife = .zero } == .invalidArgument)
        #expect(code { $0.rules[0].valueMin = 2 } == .invalidArgument)
        #expect(code { $0.rules[0].to = .interact } == .invalidArgument)
        #expect(code { $0.rules[1].name = "used" } == .invalidArgument)
        // Records are removed after 48 hours, so a rule that waits for 49 can never fire.
        #expect(code { $0.rules[0].ageMin = .seconds(49 * 3600) } == .invalidArgument)
    }
}
