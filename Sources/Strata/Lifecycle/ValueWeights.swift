internal import Foundation
public import StrataCore

/// How much a record is worth to its owner, 0 through 1: what eviction goes by and what promotion rules ask for.
///
/// `value = importance · I + use · U + recency · R + feedback · F`, divided by the sum of the weights, where
/// - `I` is ``MemoryRecord/importance`` as somebody set it;
/// - `U = min(1, ln(1 + uses) / ln(1 + useFullCount))`, so that the first uses count most;
/// - `R = 2^(−t / recencyHalfLife)` with the time `t` since the last use, or since it was stored;
/// - `F = (useful + 1) / (useful + notUseful + 2)`, the rule of succession: ½ while nobody said anything.
///
/// Each part is 0 through 1, so a weight is the most that its part can add.
public struct ValueWeights: Sendable, Hashable {
    /// The weight of explicit importance. 0.4.
    public var importance = 0.4
    /// The weight of use. 0.3.
    public var use = 0.3
    /// The weight of recency. 0.15.
    public var recency = 0.15
    /// The weight of feedback. 0.15.
    public var feedback = 0.15
    /// From how many uses on use counts in full. 20.
    public var useFullCount = 20.0
    /// After how long unused recency has fallen to one half. 7 days.
    public var recencyHalfLife: Duration = .seconds(7 * 86_400)

    /// The default weights.
    public init() {}

    /// What a record is worth at a moment, 0 through 1.
    public func value(of facts: LifecycleFacts, at now: Timestamp) -> Double {
        let uses = Double(max(0, facts.accessCount))
        let usePart = min(1, log1p(uses) / log1p(useFullCount))
        let unused = max(.zero, now - max(facts.lastAccessedAt ?? facts.createdAt, facts.createdAt))
        let recencyPart = exp2(-(unused / recencyHalfLife))
        let feedbackPart =
            Double(facts.usefulCount + 1) / Double(facts.usefulCount + facts.notUsefulCount + 2)
        let importancePart = min(1, max(0, facts.importance))
        let sum =
            importance * importancePart + use * usePart + recency * recencyPart + feedback * feedbackPart
        return sum / (importance + use + recency + feedback)
    }

    func validate() throws(StrataError) {
        for (name, weight) in [
            ("importance", importance), ("use", use), ("recency", recency), ("feedback", feedback),
        ] {
            try LifecycleConfiguration.check(weight >= 0 && weight.isFinite, "value.\(name)", "0 or more")
        }
        try LifecycleConfiguration.check(importance + use + recency + feedback > 0, "value", "not all weights 0")
        try LifecycleConfiguration.check(useFullCount > 0 && useFullCount.isFinite, "value.useFullCount", "above 0")
        try LifecycleConfiguration.check(recencyHalfLife > .zero, "value.recencyHalfLife", "above 0")
    }
}
