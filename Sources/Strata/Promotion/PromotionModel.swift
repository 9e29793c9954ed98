internal import Foundation
internal import Learning
internal import StrataCore

/// How likely it is that a record will be needed, learned from records whose later use is known.
///
/// A logistic model over the twelve ``PromotionFeature``s, calibrated on data that it was not fitted to. It is a file
/// that people can read; see docs/promotion.md.
public struct PromotionModel: Sendable, Hashable {
    /// What is said about one decision.
    public struct Explanation: Sendable, Hashable, Codable {
        /// What one feature did.
        public struct Part: Sendable, Hashable, Codable {
            /// The feature.
            public let feature: PromotionFeature
            /// Its value; nil when it could not be known.
            public let value: Double?
            /// What it adds to the log-odds, against a record whose feature has the training mean.
            public let contribution: Double
        }

        /// How likely the record will be needed, 0 through 1.
        public let confidence: Double
        /// The log-odds of a record whose features all have the training mean.
        public let baseline: Double
        /// All features, the ones that decided most first.
        public let parts: [Part]
    }

    /// What the model was made from and how good it was, in the model file.
    public struct Provenance: Sendable, Hashable, Codable {
        /// The data in words.
        public var description: String
        /// When it was trained; nil for the model that is delivered, so that training it again gives the same file.
        public var trainedAt: String?
        /// The embedding space that the cosines came from; nil when there were none.
        public var embeddingSpace: String?
        /// How many groups (conversations, or weeks of use) there were.
        public var groupCount: Int
        /// How many examples there were.
        public var exampleCount: Int
        /// How many of them were needed.
        public var positiveCount: Int
        /// Figures on held-out groups: what of, then the figure.
        public var figures: [String: Double]
    }

    /// The confidence from which on a record is promoted.
    public var threshold: Double
    /// Where the model comes from.
    public var provenance: Provenance

    let linear: LogisticModel
    let means: [Double]
    /// The calibration of the linear model's log-odds.
    let calibration: LogisticModel

    init(
        linear: LogisticModel, means: [Double], calibration: LogisticModel, threshold: Double, provenance: Provenance
    ) {
        self.linear = linear
        self.means = means
        self.calibration = calibration
        self.threshold = threshold
        self.provenance = provenance
    }

    /// How likely a record of these features will be needed, 0 through 1.
    public func confidence(_ features: PromotionFeatures) -> Double { sigmoid(logOdds(features)) }

    /// The same as log-odds, unbounded.
    public func logOdds(_ features: PromotionFeatures) -> Double {
        calibration.logit([linear.logit(features.row(means: means))])
    }

    /// The confidence and what it is made of.
    public func explanation(_ features: PromotionFeatures) -> Explanation {
        let slope = calibration.weights[0]
        let parts = PromotionFeature.allCases.enumerated().map { place, feature in
            Explanation.Part(
                feature: feature, value: features[feature],
                contribution: slope * linear.weights[place] * ((features[feature] ?? means[place]) - means[place]))
        }
        return Explanation(
            confidence: confidence(features), baseline: calibration.logit([linear.logit(means)]),
            parts: parts.sorted {
                (abs($1.contribution), $0.feature.place) < (abs($0.contribution), $1.feature.place)
            })
    }
}
