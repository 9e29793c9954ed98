public import StrataCore

/// The rules, and beside them a model that looks at what the rules would not promote from the fresh layer.
///
/// What the rules promote is promoted; the model adds the records whose confidence reaches the threshold. In shadow mode
/// it only says what it would have done.
public struct LearnedPolicy: PromotionPolicy {
    /// The rules.
    public let rules: RulePolicy
    /// The model.
    public let learned: LearnedPromotion
    /// The threshold, the age at which the model looks, and whether it only watches.
    public let settings: LearnedPromotionSettings
    /// `learned` or `shadow`.
    public var name: String { settings.mode.rawValue }

    /// A policy of rules and a model.
    public init(rules: RulePolicy, learned: LearnedPromotion, settings: LearnedPromotionSettings) {
        self.rules = rules
        self.learned = learned
        self.settings = settings
    }

    /// The rules' least age; in the fresh layer also the model's.
    public func ageMin(in layer: Layer) -> Duration? {
        let own = layer == .interact ? settings.ageMin : nil
        return [rules.ageMin(in: layer), own].compactMap { $0 }.min()
    }

    /// Decides by the rules, then by the model about those that the rules leave.
    ///
    /// - Throws: when the model's features cannot be had; the rules then decide alone.
    public func decide(
        _ candidates: [PromotionCandidate], in namespace: String, layer: Layer, at now: Timestamp,
        from source: PromotionSource
    ) async throws -> [PromotionDecision] {
        var decisions = candidates.map { rules.decision(on: $0, at: now) }
        guard layer == .interact else { return decisions }
        let left = candidates.indices.filter { isForModel(candidates[$0], at: now) }
        guard !left.isEmpty else { return decisions }
        let answer = try await source.evidence(of: left.map { candidates[$0].facts.key })
        if let problem = answer.degradations.first { throw StrataError(.inferenceFailed, problem.message) }
        let advice = Dictionary(
            zip(
                answer.evidence.map(\.record.id),
                learned.advise(answer.evidence, at: now, confidenceMin: settings.confidenceMin)),
            uniquingKeysWith: { first, _ in first })
        for place in left {
            guard let advice = advice[candidates[place].facts.id] else { continue }
            decisions[place] = join(decisions[place], advice)
        }
        return decisions
    }

    /// Text that came back from a recall is no evidence, whatever it says.
    private func isForModel(_ candidate: PromotionCandidate, at now: Timestamp) -> Bool {
        candidate.facts.source != .recall && now - candidate.facts.enteredLayerAt >= settings.ageMin
    }

    private func join(_ ruled: PromotionDecision, _ advice: LearnedPromotion.Advice) -> PromotionDecision {
        let said = advice.reasons.joined(separator: ", ")
        if settings.mode == .shadow {
            let verdict = advice.promotes ? "would promote" : "would not promote"
            return PromotionDecision(
                target: ruled.target, confidence: ruled.confidence,
                reasons: ruled.reasons + ["model (shadow) \(verdict): \(said)"], advice: advice)
        }
        if ruled.target != nil || !advice.promotes {
            return PromotionDecision(
                target: ruled.target, confidence: max(ruled.confidence, advice.confidence),
                reasons: ruled.reasons + ["model: \(said)"], advice: advice)
        }
        return PromotionDecision(
            target: .insights, confidence: advice.confidence, reasons: ["model: \(said)"], advice: advice)
    }
}
