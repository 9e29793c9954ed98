/// A record at the time of a decision, with what became of it.
public struct PromotionExample: Sendable, Hashable {
    /// The features at the time of the decision, with no more than was known then.
    public var features: PromotionFeatures
    /// Whether it was needed afterwards.
    public var isNeeded: Bool
    /// What it came from (a conversation, a week of use): examples of one group are never split.
    public var group: Int
    /// The features after some of the questions had been asked, and whether the others needed it; nil when unknown.
    public var afterUse: AfterUse?

    /// A later look at the same record.
    public struct AfterUse: Sendable, Hashable {
        /// How often it had been recalled by then.
        public var useCount: Double
        /// ``PromotionFeature/useRecency`` then.
        public var useRecency: Double
        /// Whether one of the questions that had not been asked yet needed it.
        public var isNeeded: Bool

        /// A later look.
        public init(useCount: Double, useRecency: Double, isNeeded: Bool) {
            self.useCount = useCount
            self.useRecency = useRecency
            self.isNeeded = isNeeded
        }
    }

    /// An example.
    public init(features: PromotionFeatures, isNeeded: Bool, group: Int, afterUse: AfterUse? = nil) {
        self.features = features
        self.isNeeded = isNeeded
        self.group = group
        self.afterUse = afterUse
    }
}
