public import StrataCore

/// What a promotion cycle does with one record.
public struct LifecycleDecision: Sendable, Hashable, Codable {
    /// The kinds of decision.
    public enum Action: String, Sendable, Codable, CaseIterable {
        /// It moves to a more lasting layer.
        case promote
        /// It is forgotten: its time is over and nothing promoted it.
        case expire
        /// It stays.
        case keep
    }

    /// What is done.
    public let action: Action
    /// The record.
    public let id: RecordID
    /// Its namespace.
    public let namespace: String
    /// The layer it is in.
    public let layer: Layer
    /// Where it goes when it is promoted.
    public let target: Layer?
    /// What it is worth, 0 through 1.
    public let value: Double
    /// How certain the promotion is, 0 through 1.
    public let confidence: Double
    /// Why, as names and figures.
    public let reasons: [String]
    /// When it is removed unless it is promoted or pinned before; nil for never.
    public let removalAt: Timestamp?

    /// The reasons as one line, as it goes into the change log.
    var reason: String { "\(action == .expire ? "expired: " : "")\(reasons.joined(separator: "; "))" }
}

/// Puts the policy's answer and the layer's life together: promotion is tried first, and only then may a record expire.
struct LifecycleJudge {
    let lives: LifecycleConfiguration

    func decision(
        on candidate: PromotionCandidate, promotion: PromotionDecision, in namespace: String, at now: Timestamp
    ) -> LifecycleDecision {
        let facts = candidate.facts
        let life = lives[facts.layer]
        let removalAt = life.removalAge.map { facts.enteredLayerAt + $0 }
        func make(_ action: LifecycleDecision.Action, to target: Layer? = nil, _ reasons: [String]) -> LifecycleDecision
        {
            LifecycleDecision(
                action: action, id: facts.id, namespace: namespace, layer: facts.layer, target: target,
                value: candidate.value, confidence: promotion.confidence, reasons: reasons, removalAt: removalAt)
        }
        if let target = promotion.target, target > facts.layer {
            return make(.promote, to: target, promotion.reasons)
        }
        if let removalAt, let age = life.removalAge, removalAt <= now {
            let time = PromotionRule.hours(now - facts.enteredLayerAt)
            return make(.expire, ["\(time) in \(facts.layer), at most \(PromotionRule.hours(age))"] + promotion.reasons)
        }
        return make(.keep, promotion.reasons)
    }

    /// The age in a layer from which on a record has to be looked at; nil when nothing can happen to it there.
    func ageMin(in layer: Layer, policy: any PromotionPolicy) -> Duration? {
        [policy.ageMin(in: layer), lives[layer].removalAge].compactMap { $0 }.min()
    }
}

/// What a promotion cycle did.
public struct PromotionReport: Sendable, Hashable, Codable {
    /// How many records were looked at.
    public var candidateCount = 0
    /// How many were promoted out of each layer.
    public var promotedCounts: [Layer: Int] = [:]
    /// How many expired in each layer.
    public var expiredCounts: [Layer: Int] = [:]
    /// How many a model was asked about.
    public var advisedCount = 0
    /// How many of those the model wants to keep, whoever decided.
    public var modelCount = 0
    /// How many decisions were not carried out because the record had changed meanwhile.
    public var conflictCount = 0
    /// What decided, for example `rules`.
    public var policy: String
    /// Whether nothing was carried out.
    public var isDryRun: Bool
    /// Whether everything was looked at; a cycle that was cut short goes on with the next one.
    public var isComplete = false
    /// Why the rules decided instead of the policy, where they did.
    public var degradations: [Degradation] = []
    /// How long it took.
    public var milliseconds = 0.0

    /// How many were promoted.
    public var promotedCount: Int { promotedCounts.values.reduce(0, +) }
    /// How many expired.
    public var expiredCount: Int { expiredCounts.values.reduce(0, +) }

    init(policy: String, isDryRun: Bool) {
        self.policy = policy
        self.isDryRun = isDryRun
    }
}
