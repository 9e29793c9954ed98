internal import Foundation
public import StrataCore

/// Decides by a model which records are worth a more lasting layer. Pure: it reads nothing and moves nothing.
public struct LearnedPromotion: Sendable {
    /// What is thought of one record.
    public struct Advice: Sendable, Hashable, Codable {
        /// The features that it was judged by.
        public let features: PromotionFeatures
        /// How likely the record will be needed, 0 through 1.
        public let confidence: Double
        /// Whether the confidence reaches the model's threshold.
        public let promotes: Bool
        /// The confidence and the features that decided most, as names and figures; nothing of the record's text.
        public let reasons: [String]
    }

    /// The model.
    public let model: PromotionModel

    /// Decisions of that model.
    public init(model: PromotionModel) { self.model = model }

    /// Takes the model that is to be used: the one at `path`, or the delivered one when `path` is nil.
    ///
    /// - Returns: the decisions, or why the rules must do without them.
    public static func load(path: String?) -> (promotion: LearnedPromotion?, degradation: Degradation?) {
        do {
            let model = if let path { try PromotionModel.read(from: path) } else { try PromotionModel.delivered() }
            return (LearnedPromotion(model: model), nil)
        } catch {
            return (nil, degradation(for: error))
        }
    }

    static func degradation(for error: any Error) -> Degradation {
        let reason = (error as? StrataError)?.message ?? "it cannot be read"
        return Degradation(code: "promotion_model_unusable", message: "\(reason); the rules decide alone")
    }

    /// Judges records, in their order.
    ///
    /// - Parameter confidenceMin: the least confidence that promotes, 0 through 1; nil for the model's threshold.
    public func advise(
        _ evidence: [PromotionEvidence], at now: Timestamp, confidenceMin: Double? = nil
    ) -> [Advice] {
        let threshold = confidenceMin ?? model.threshold
        return evidence.map { known in
            let features = known.features(at: now)
            let explanation = model.explanation(features)
            let reasons = explanation.parts.prefix(3).map { part in
                String(format: "%@ %+.2f", part.feature.rawValue, part.contribution)
            }
            let confidence = String(format: "confidence %.2f of %.2f", explanation.confidence, threshold)
            return Advice(
                features: features, confidence: explanation.confidence,
                promotes: explanation.confidence >= threshold, reasons: [confidence] + reasons)
        }
    }
}
