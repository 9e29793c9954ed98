public import StrataCore

/// Decides which records move to a more lasting layer.
///
/// The engine asks for many at once, so that a model can work in batches, and carries the decisions out. Rules are
/// ``RulePolicy``.
public protocol PromotionPolicy: Sendable {
    /// A short name for reports.
    var name: String { get }

    /// How long a record must have been in a layer before the policy wants to look at it; nil when it promotes nothing
    /// from there.
    func ageMin(in layer: Layer) -> Duration?

    /// Decides about candidates of one namespace and layer.
    ///
    /// - Parameters:
    ///   - candidates: unpinned records that have been in `layer` for at least ``ageMin(in:)``.
    ///   - source: reads what else has to be known about them.
    /// - Returns: one decision a candidate, in their order.
    /// - Throws: when it cannot decide; the rules then do, and the report says so.
    func decide(
        _ candidates: [PromotionCandidate], in namespace: String, layer: Layer, at now: Timestamp,
        from source: PromotionSource
    ) async throws -> [PromotionDecision]
}

/// Where a policy reads what it has to know about the candidates of one namespace.
public struct PromotionSource: Sendable {
    let engine: MemoryEngine
    let namespace: String

    /// Whole records by their keys, in order; keys of records that are gone are passed over.
    public func records(_ keys: [RecordKey]) async throws -> [StoredRecord] {
        try await engine.store.records(keys, in: namespace)
    }

    /// What the features are made of, for the records of those keys that are still there, in order.
    public func evidence(of keys: [RecordKey]) async throws -> PromotionEvidenceAnswer {
        try await engine.promotionEvidence(of: records(keys), in: namespace)
    }
}

/// A record that could be promoted.
public struct PromotionCandidate: Sendable, Hashable {
    /// What is known about it.
    public let facts: LifecycleFacts
    /// What it is worth, 0 through 1, by ``ValueWeights``.
    public let value: Double

    /// A candidate of those facts.
    public init(facts: LifecycleFacts, value: Double) {
        self.facts = facts
        self.value = value
    }
}

/// What was decided about a candidate, and why.
public struct PromotionDecision: Sendable, Hashable, Codable {
    /// Where it goes; nil when it stays.
    public let target: Layer?
    /// How certain it is that the record deserves to be kept, 0 through 1; rules are always certain.
    public let confidence: Double
    /// What spoke for or against it, as names and figures; nothing of the record's text.
    public let reasons: [String]
    /// What a model said, for the log of decisions; nil when none was asked.
    public let advice: LearnedPromotion.Advice?

    /// A decision.
    public init(
        target: Layer?, confidence: Double, reasons: [String], advice: LearnedPromotion.Advice? = nil
    ) {
        self.target = target
        self.confidence = confidence
        self.reasons = reasons
        self.advice = advice
    }
}
