public import StrataCore

/// How long the records of a layer live, and how many there may be.
public struct LayerLife: Sendable, Hashable {
    /// After how long in the layer a record is due; nil keeps records for good. A due record is found as before; what is
    /// due has little time left to be promoted.
    public var timeToLive: Duration?
    /// How long a due record still stays before it is removed.
    public var grace: Duration
    /// How many records the layer of one namespace may hold; beyond it the least valuable unpinned ones are evicted.
    public var recordCountMax: Int

    /// A life of those bounds.
    public init(timeToLive: Duration?, grace: Duration = .zero, recordCountMax: Int = 100_000) {
        self.timeToLive = timeToLive
        self.grace = grace
        self.recordCountMax = recordCountMax
    }

    /// The age in the layer at which an unpinned record is removed; nil for never.
    public var removalAge: Duration? { timeToLive.map { $0 + grace } }
}

/// What becomes of records as time goes by.
///
/// Ages count from the moment a record came into its layer, and uses are those it had there, so that a promoted record has
/// the whole time of its new layer before it.
public struct LifecycleConfiguration: Sendable {
    /// Fresh records: due after 24 hours, removed after 48.
    public var interact = LayerLife(timeToLive: .days(1), grace: .days(1))
    /// Useful ones: due after 90 days, removed a day later.
    public var insights = LayerLife(timeToLive: .days(90), grace: .days(1))
    /// Kept for good.
    public var assets = LayerLife(timeToLive: nil)
    /// Other counts for the layers of single namespaces.
    public var recordCountMaxByNamespace: [String: [Layer: Int]] = [:]
    /// From which share of its count on a layer is reported as nearly full, above 0 through 1. 0.9.
    public var nearlyFullShare = 0.9
    /// How much a record is worth.
    public var value = ValueWeights()
    /// The promotion rules, the first that holds decides.
    public var rules = PromotionRule.standard
    /// What a promotion model has to say beside the rules.
    public var learned = LearnedPromotionSettings()
    /// What decides about promotion instead of the rules and the model; when it fails, the rules do. nil for those.
    public var policy: (any PromotionPolicy)?
    /// How long the change log goes back; nil keeps all of it. Whoever reads changes by number must not lag behind it.
    public var historyRetention: Duration?
    /// When a memory without background work is opened and its last promotion cycle is older than this, the next one is
    /// begun at once, for at most ``catchUpTimeMax``. nil leaves it to the caller. 1 hour.
    public var catchUpAfter: Duration? = .seconds(3600)
    /// How long opening may take longer for that. 250 ms.
    public var catchUpTimeMax: Duration = .milliseconds(250)

    /// The default life of a memory.
    public init() {}

    /// The life of a layer.
    public subscript(layer: Layer) -> LayerLife {
        get {
            switch layer {
            case .interact: interact
            case .insights: insights
            case .assets: assets
            }
        }
        set {
            switch layer {
            case .interact: interact = newValue
            case .insights: insights = newValue
            case .assets: assets = newValue
            }
        }
    }

    /// How many records a layer of a namespace may hold.
    public func recordCountMax(of layer: Layer, in namespace: String) -> Int {
        recordCountMaxByNamespace[namespace]?[layer] ?? self[layer].recordCountMax
    }

    /// Checks that every setting is in its range and that every rule can fire.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` naming the setting, its value and its range.
    public func validate() throws(StrataError) {
        for layer in Layer.allCases {
            let life = self[layer]
            try Self.check(life.timeToLive ?? .seconds(1) > .zero, "\(layer).timeToLive", "above 0")
            try Self.check(life.grace >= .zero, "\(layer).grace", "0 or more")
            try Self.check(life.recordCountMax > 0, "\(layer).recordCountMax", "1 or more")
        }
        for (namespace, counts) in recordCountMaxByNamespace {
            for (layer, count) in counts {
                try Self.check(count > 0, "recordCountMax of \(layer) in namespace \(namespace)", "1 or more")
            }
        }
        try Self.check(nearlyFullShare > 0 && nearlyFullShare <= 1, "nearlyFullShare", "above 0 through 1")
        try Self.check(historyRetention ?? .days(1) > .zero, "historyRetention", "above 0")
        try Self.check(catchUpAfter ?? .days(1) > .zero, "catchUpAfter", "above 0")
        try Self.check(catchUpTimeMax >= .zero, "catchUpTimeMax", "0 or more")
        try value.validate()
        try learned.validate()
        var names: Set<String> = []
        for rule in rules {
            try rule.validate(removalAge: self[rule.from].removalAge)
            try Self.check(names.insert(rule.name).inserted, "rule \(rule.name)", "a name of its own")
        }
    }

    static func check(_ holds: Bool, _ name: String, _ range: String) throws(StrataError) {
        guard !holds else { return }
        throw StrataError(.invalidArgument, "the life-cycle setting \(name) is out of range; it must be \(range)")
    }
}

extension Duration {
    /// That many days of 24 hours.
    static func days(_ count: Int) -> Self { .seconds(count * 86_400) }
}
