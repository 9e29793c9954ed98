internal import StrataCore

/// How far a promotion model has a say, and how it is kept up to date.
public struct LearnedPromotionSettings: Sendable, Hashable {
    /// Who decides about promotion.
    public enum Mode: String, Sendable, Codable, CaseIterable {
        /// The rules alone.
        case rules
        /// The rules, and beside them the model: what either wants to keep is promoted.
        case learned
        /// The rules; what the model would have done is logged.
        case shadow
    }

    /// Who decides. Learned: a fresh memory that nobody asked for again in its first two days is otherwise lost, and a
    /// promotion too many costs little, because an insight that stays unused goes after three months.
    public var mode = Mode.learned
    /// The model file. nil for the last one that was made by retraining, or, before there is one, that of the engine.
    public var modelPath: String?
    /// The least confidence that promotes, 0 through 1; nil for the model's own, 0.7.
    public var confidenceMin: Double?
    /// How long a fresh record must have been there before the model looks at it: its features were defined a day after
    /// a session. 24 hours.
    public var ageMin: Duration = .days(1)
    /// How long the log of decisions goes back. 180 days.
    public var logRetention: Duration = .days(180)
    /// How many decisions it holds. 100 000.
    public var logCountMax = 100_000
    /// How often a model is trained from the log. 7 days.
    public var retrainingInterval: Duration = .days(7)
    /// How a model is trained from the log, and when it may replace the one at work.
    public var retraining = PromotionRetraining()

    /// The default settings.
    public init() {}

    func validate() throws(StrataError) {
        typealias Life = LifecycleConfiguration
        try Life.check((0...1).contains(confidenceMin ?? 0), "learned.confidenceMin", "0 through 1")
        try Life.check(ageMin >= .zero, "learned.ageMin", "0 or more")
        try Life.check(logRetention > .zero, "learned.logRetention", "above 0")
        try Life.check(logCountMax > 0, "learned.logCountMax", "1 or more")
        try Life.check(retrainingInterval > .zero, "learned.retrainingInterval", "above 0")
    }
}
