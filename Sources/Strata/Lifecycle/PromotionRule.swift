public import StrataCore

/// One way to a more lasting layer; every condition must hold.
public struct PromotionRule: Sendable, Hashable {
    /// Its name in reasons and reports.
    public var name: String
    /// The layer it looks at.
    public var from: Layer
    /// The layer it leads to, a more lasting one.
    public var to: Layer
    /// The least time in the layer.
    public var ageMin: Duration
    /// The least value, 0 through 1, by ``ValueWeights``.
    public var valueMin: Double
    /// The least number of uses in the layer.
    public var useCountMin: Int
    /// The least explicit importance, 0 through 1.
    public var importanceMin: Double

    /// A rule; conditions that are left out always hold.
    public init(
        name: String, from: Layer, to: Layer, ageMin: Duration, valueMin: Double = 0, useCountMin: Int = 0,
        importanceMin: Double = 0
    ) {
        self.name = name
        self.from = from
        self.to = to
        self.ageMin = ageMin
        self.valueMin = valueMin
        self.useCountMin = useCountMin
        self.importanceMin = importanceMin
    }

    /// The default rules: what was used twice in its first day, or was called important, is an insight; an insight that
    /// goes on being used for a month, or is vital and was used at all, is kept for good.
    public static let standard = [
        Self(name: "used", from: .interact, to: .insights, ageMin: .days(1), valueMin: 0.45, useCountMin: 2),
        Self(name: "important", from: .interact, to: .insights, ageMin: .days(1), importanceMin: 0.8),
        Self(name: "proven", from: .insights, to: .assets, ageMin: .days(30), valueMin: 0.5, useCountMin: 5),
        Self(name: "vital", from: .insights, to: .assets, ageMin: .days(30), useCountMin: 1, importanceMin: 0.9),
    ]

    /// The conditions that do not hold, empty when the rule fires.
    func objections(to candidate: PromotionCandidate, at now: Timestamp) -> [String] {
        let facts = candidate.facts
        var objections: [String] = []
        let age = now - facts.enteredLayerAt
        if age < ageMin { objections.append("\(Self.hours(age)) in \(from), needs \(Self.hours(ageMin))") }
        if facts.layerUseCount < useCountMin {
            objections.append("\(facts.layerUseCount) uses there, needs \(useCountMin)")
        }
        if facts.importance < importanceMin {
            objections.append(
                "importance \(Self.hundredths(facts.importance)), needs \(Self.hundredths(importanceMin))")
        }
        if candidate.value < valueMin {
            objections.append("value \(Self.hundredths(candidate.value)), needs \(Self.hundredths(valueMin))")
        }
        return objections
    }

    /// Why the rule fired.
    func grounds(for candidate: PromotionCandidate, at now: Timestamp) -> String {
        let facts = candidate.facts
        return """
            rule \(name): \(Self.hours(now - facts.enteredLayerAt)) in \(from), \(facts.layerUseCount) uses there, \
            importance \(Self.hundredths(facts.importance)), value \(Self.hundredths(candidate.value))
            """
    }

    func validate(removalAge: Duration?) throws(StrataError) {
        try LifecycleConfiguration.check(!name.isEmpty, "name of a rule", "not empty")
        try LifecycleConfiguration.check(from < to, "layers of rule \(name)", "from a layer to a more lasting one")
        try LifecycleConfiguration.check(ageMin >= .zero, "ageMin of rule \(name)", "0 or more")
        try LifecycleConfiguration.check(
            ageMin <= removalAge ?? ageMin, "ageMin of rule \(name)",
            "at most the age at which records of \(from) are removed, or the rule can never fire")
        try LifecycleConfiguration.check((0...1).contains(valueMin), "valueMin of rule \(name)", "0 through 1")
        try LifecycleConfiguration.check(useCountMin >= 0, "useCountMin of rule \(name)", "0 or more")
        try LifecycleConfiguration.check(
            (0...1).contains(importanceMin), "importanceMin of rule \(name)", "0 through 1")
    }

    static func hours(_ age: Duration) -> String {
        age < .days(3) ? "\(Int(age / .seconds(3600))) h" : "\(Int(age / .days(1))) d"
    }

    /// Cut off, not rounded, so that a value below a limit never reads like the limit.
    static func hundredths(_ value: Double) -> String {
        let cut = Int((value * 100).rounded(.down))
        return "\(cut / 100).\(cut % 100 < 10 ? "0" : "")\(cut % 100)"
    }
}

/// The rules as a policy.
public struct RulePolicy: PromotionPolicy {
    /// The rules, the first that holds decides.
    public let rules: [PromotionRule]
    /// The name in reports, `rules`.
    public var name: String { "rules" }

    /// A policy of those rules.
    public init(rules: [PromotionRule] = PromotionRule.standard) { self.rules = rules }

    /// The least age that a rule of that layer asks for.
    public func ageMin(in layer: Layer) -> Duration? { rules.filter { $0.from == layer }.map(\.ageMin).min() }

    /// Decides about one candidate; a pure function of its arguments.
    public func decision(on candidate: PromotionCandidate, at now: Timestamp) -> PromotionDecision {
        guard candidate.facts.source != .recall else {
            return PromotionDecision(target: nil, confidence: 0, reasons: ["recalled text that came back"])
        }
        var objections: [String] = []
        for rule in rules where rule.from == candidate.facts.layer {
            let against = rule.objections(to: candidate, at: now)
            guard !against.isEmpty else {
                return PromotionDecision(
                    target: rule.to, confidence: 1, reasons: [rule.grounds(for: candidate, at: now)])
            }
            objections.append("rule \(rule.name): " + against.joined(separator: "; "))
        }
        return PromotionDecision(target: nil, confidence: 0, reasons: objections)
    }

    /// Decides about each candidate on its own.
    public func decide(
        _ candidates: [PromotionCandidate], in namespace: String, layer: Layer, at now: Timestamp,
        from source: PromotionSource
    ) async throws -> [PromotionDecision] {
        candidates.map { decision(on: $0, at: now) }
    }
}
