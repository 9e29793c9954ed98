internal import StrataCore

/// One promotion cycle on its way through namespaces and layers, a page of records a step.
///
/// Between two steps other work goes on. What was decided is carried out only for records that are still as they were when
/// they were read.
struct PromotionCycle {
    private let engine: MemoryEngine
    private let policy: any PromotionPolicy
    private let rules: RulePolicy
    private let judge: LifecycleJudge
    private let pageCount: Int
    /// The namespaces and layers that are left, the next one last.
    private var places: [(namespace: String, layer: Layer)]
    private var position: LifecyclePosition?
    private let start: Timestamp
    private(set) var report: PromotionReport

    /// A cycle over one namespace or all.
    ///
    /// - Parameter rotation: which namespace comes first, so that cycles that are cut short do not always begin with the
    ///   same one.
    init(
        _ engine: MemoryEngine, in namespace: String?, dryRun: Bool, rotation: Int = 0, pageCount: Int = 500
    ) async throws {
        self.engine = engine
        let life = engine.configuration.lifecycle
        rules = RulePolicy(rules: life.rules)
        let choice = try await engine.promotionPolicy(rules)
        policy = choice.policy
        judge = LifecycleJudge(lives: life)
        self.pageCount = pageCount
        let names = if let namespace { [namespace] } else { try await engine.store.namespaces() }
        let first = names.isEmpty ? 0 : rotation % names.count
        let order = names[first...] + names[..<first]
        // A record that is promoted begins anew in its next layer, so one cycle moves it once whatever the order.
        places = order.reversed().flatMap { name in Layer.allCases.reversed().map { (name, $0) } }
        start = engine.configuration.environment.now()
        report = PromotionReport(policy: policy.name, isDryRun: dryRun)
        report.degradations = choice.degradations
    }

    /// Decides about one page and carries it out.
    ///
    /// - Returns: whether there is more to do.
    mutating func step(onDecision: @Sendable (LifecycleDecision) async -> Void) async throws -> Bool {
        let now = engine.configuration.environment.now()
        defer { report.milliseconds = (engine.configuration.environment.now() - start).milliseconds }
        guard let place = places.last else {
            report.isComplete = true
            return false
        }
        let page: [LifecycleFacts] =
            if let age = judge.ageMin(in: place.layer, policy: policy) {
                try await engine.store.lifecycleFacts(
                    in: place.namespace, layer: place.layer, enteredBy: now - age, after: position, limit: pageCount)
            } else {
                []
            }
        position = page.last?.position
        if page.count < pageCount {
            places.removeLast()
            position = nil
        }
        if !page.isEmpty { try await handle(page, place.namespace, place.layer, at: now, onDecision) }
        report.isComplete = places.isEmpty
        return !places.isEmpty
    }

    private mutating func handle(
        _ page: [LifecycleFacts], _ namespace: String, _ layer: Layer, at now: Timestamp,
        _ onDecision: @Sendable (LifecycleDecision) async -> Void
    ) async throws {
        let weights = engine.configuration.lifecycle.value
        let candidates = page.map { PromotionCandidate(facts: $0, value: weights.value(of: $0, at: now)) }
        report.candidateCount += candidates.count
        let promotions = try await promotions(candidates, namespace, layer, at: now)
        var moves: [(LifecycleFacts, LifecycleDecision)] = []
        var removals: [(LifecycleFacts, LifecycleDecision)] = []
        for (candidate, promotion) in zip(candidates, promotions) {
            let decision = judge.decision(on: candidate, promotion: promotion, in: namespace, at: now)
            await onDecision(decision)
            switch decision.action {
            case .promote: moves.append((candidate.facts, decision))
            case .expire: removals.append((candidate.facts, decision))
            case .keep: break
            }
        }
        let watched = zip(candidates, promotions).filter { $1.advice != nil }
        report.advisedCount += watched.count
        report.modelCount += watched.count { $1.advice?.promotes == true }
        guard !report.isDryRun else {
            report.promotedCounts[layer, default: 0] += moves.count
            report.expiredCounts[layer, default: 0] += removals.count
            return
        }
        try await engine.log(watched.map { ($0.facts.id, $1) }, in: namespace, at: now)
        try await carryOut(moves, namespace, layer)
        let removedCount = try await engine.discard(removals.map { ($0.0.version, $0.1.reason) }, in: namespace)
        report.expiredCounts[layer, default: 0] += removedCount
        engine.metrics.noteRemoval("expired", from: layer, count: removedCount)
        report.conflictCount += removals.count - removedCount
    }

    private mutating func promotions(
        _ candidates: [PromotionCandidate], _ namespace: String, _ layer: Layer, at now: Timestamp
    ) async throws -> [PromotionDecision] {
        do {
            let decisions = try await policy.decide(
                candidates, in: namespace, layer: layer, at: now,
                from: PromotionSource(engine: engine, namespace: namespace))
            precondition(decisions.count == candidates.count, "a policy decides about every candidate")
            return decisions
        } catch let error as CancellationError {
            throw error
        } catch {
            let message = (error as? StrataError)?.message ?? "an unexpected error"
            let degradation = Degradation(
                code: "promotion_policy_failed",
                message: "the promotion policy \(policy.name) failed (\(message)); the rules decided")
            if !report.degradations.contains(degradation) { report.degradations.append(degradation) }
            return candidates.map { rules.decision(on: $0, at: now) }
        }
    }

    private mutating func carryOut(
        _ moves: [(LifecycleFacts, LifecycleDecision)], _ namespace: String, _ layer: Layer
    ) async throws {
        guard !moves.isEmpty else { return }
        let units = moves.map { facts, decision -> [StoreMutation] in
            [
                .move(
                    facts.id, namespace: namespace, to: decision.target ?? facts.layer, reason: decision.reason,
                    ifChange: facts.change)
            ]
        }
        for (result, (_, decision)) in zip(try await engine.writes.commit(units: units), moves) {
            switch result {
            case .success:
                report.promotedCounts[layer, default: 0] += 1
                engine.metrics.notePromotion(from: layer, to: decision.target ?? layer, policy: report.policy)
            case .failure: report.conflictCount += 1
            }
        }
    }
}
