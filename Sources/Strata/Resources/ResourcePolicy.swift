public import StrataCore

/// How the engine follows the memory that there is.
public struct ResourceConfiguration: Sendable, Hashable {
    /// The share of the memory that is aimed at, 0 through 1. 0.6.
    public var targetShare = 0.6
    /// The share beyond which something is done at once. 0.85.
    public var criticalShare = 0.85
    /// The share of the last ten seconds in which tasks waited for memory, beyond which something is done at once. 0.2.
    public var criticalPressure = 0.2
    /// How long nothing is changed after a change, unless the memory is critical. 300 s.
    public var coolDown: Duration = .seconds(300)
    /// How often memory is looked at. 30 s.
    public var interval: Duration = .seconds(30)
    /// The least share of the embedding cache's configured size that is left to it, above 0 through 1. 0.05.
    public var cacheShareMin = 0.05
    /// How long nobody must have searched a namespace before its index may leave memory. 10 minutes.
    public var indexIdleMin: Duration = .seconds(600)

    /// The default settings.
    public init() {}

    func validate() throws(StrataError) {
        typealias Life = LifecycleConfiguration
        try Life.check(
            targetShare > 0 && targetShare < criticalShare && criticalShare <= 1, "resources.targetShare",
            "above 0 and below criticalShare, which is at most 1")
        try Life.check((0...1).contains(criticalPressure), "resources.criticalPressure", "0 through 1")
        try Life.check(coolDown >= .zero && indexIdleMin >= .zero, "resources.coolDown or indexIdleMin", "0 or more")
        try Life.check(interval > .zero, "resources.interval", "above 0")
        try Life.check(cacheShareMin > 0 && cacheShareMin <= 1, "resources.cacheShareMin", "above 0 through 1")
    }
}

/// What was made of the memory at hand.
public struct ResourceState: Sendable, Hashable, Codable {
    /// The last reading; nil before the first.
    public var reading: MemoryReading?
    /// Which share of its configured size the embedding cache may use.
    public var cacheShare = 1.0
    /// When something was last changed.
    public var lastChangedAt: Timestamp?
    /// How often.
    public var changeCount = 0
}

/// Decides from readings how large the caches may be. Pure: the caller reads, and carries out.
struct ResourcePolicy {
    /// What is to be done.
    struct Action: Equatable {
        /// Why, as a stable word.
        let trigger: String
        /// The embedding cache's new share of its configured size; nil when it stays.
        let cacheShare: Double?
        /// Whether idle indexes leave memory, however recently they were used when it is critical.
        let unloadsIndexes: Bool
        let isCritical: Bool
    }

    let configuration: ResourceConfiguration
    private(set) var state = ResourceState()
    private var recent: [Double] = []

    init(_ configuration: ResourceConfiguration) { self.configuration = configuration }

    /// Takes in a reading; what is to be done, or nil.
    ///
    /// One reading tells that memory is critical; for anything else the mean of the last five counts, so that a moment
    /// does not move the caches about.
    ///
    /// - Parameter cacheFill: the share of its present size that the embedding cache uses.
    mutating func next(_ reading: MemoryReading, cacheFill: Double, at now: Timestamp) -> Action? {
        state.reading = reading
        recent = (recent + [reading.share]).suffix(5)
        let mean = recent.reduce(0, +) / Double(recent.count)
        let isPressed = reading.pressure.map { $0 > configuration.criticalPressure } ?? false
        let isCritical = reading.share > configuration.criticalShare || isPressed
        let isCooling = state.lastChangedAt.map { now - $0 < configuration.coolDown } ?? false
        guard isCritical || !isCooling else { return nil }
        let target = configuration.targetShare
        if isCritical { return change(by: 0.7, "memory_critical", unloads: true, isCritical: true, at: now) }
        if mean > target + 0.15 { return change(by: 0.85, "memory_pressure", unloads: true, at: now) }
        if mean < target - 0.1, cacheFill > 0.8 { return change(by: 1.3, "memory_available", at: now) }
        if mean < target, cacheFill > 0.9 { return change(by: 1.2, "usage_growth", at: now) }
        return nil
    }

    private mutating func change(
        by factor: Double, _ trigger: String, unloads: Bool = false, isCritical: Bool = false, at now: Timestamp
    ) -> Action? {
        let share = min(1, max(configuration.cacheShareMin, state.cacheShare * factor))
        let isNew = share != state.cacheShare
        guard isNew || unloads else { return nil }
        if isNew {
            state.cacheShare = share
            state.lastChangedAt = now
            state.changeCount += 1
        }
        return Action(
            trigger: trigger, cacheShare: isNew ? share : nil, unloadsIndexes: unloads, isCritical: isCritical)
    }
}
