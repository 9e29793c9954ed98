internal import Foundation
public import StrataCore

/// A promotion model as it is kept in the data directory: its file's text with a checksum, and since when it is at work.
struct KeptPromotionModel: Codable, Sendable {
    let version: Int
    let keptAt: Timestamp
    let sha256: String
    let text: String

    init(_ model: PromotionModel, version: Int, keptAt: Timestamp) throws {
        self.version = version
        self.keptAt = keptAt
        text = String(decoding: try model.json(), as: UTF8.self)
        sha256 = SHA256.digest(of: text).description
    }

    /// Reads what was saved.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid`` for damaged text, and what reading a model file throws.
    static func read(_ saved: String) throws -> (kept: Self, model: PromotionModel) {
        guard let kept = try? JSONDecoder().decode(Self.self, from: Data(saved.utf8)),
            kept.sha256 == SHA256.digest(of: kept.text).description
        else {
            throw StrataError(
                .modelInvalid,
                "the retrained promotion model in the data directory is damaged; strata promotion rollback drops it")
        }
        return (kept, try PromotionModel(json: Data(kept.text.utf8)))
    }

    /// Under which names the model at work and the one before it are saved.
    static let currentName = "promotion.model"
    static let previousName = "promotion.model.previous"
}

/// Which model decides about promotion, and what is known of its decisions.
public struct PromotionModelStatus: Sendable, Hashable, Codable {
    /// Who decides: `rules`, `learned`, `shadow`, or a policy of the caller's.
    public let policy: String
    /// Where the model at work comes from: `delivered`, `file` or `retrained`; nil when none can be used.
    public let origin: String?
    /// The version of a retrained model; 0 for others.
    public let version: Int
    /// Since when a retrained model is at work.
    public let since: Timestamp?
    /// What the model was trained on, with its figures.
    public let provenance: PromotionModel.Provenance?
    /// Whether there is a model before it to go back to; before the first retrained one stands the delivered one.
    public let canRollBack: Bool
    /// How many decisions are in the log.
    public let decisionCount: Int
    /// How many of them the model would have promoted.
    public let promotedCount: Int
    /// How many of their records were needed afterwards.
    public let neededCount: Int
    /// Of how many the outcome is known, so that a model can learn from them.
    public let exampleCount: Int
    /// Why the model cannot be used, where it cannot.
    public let degradations: [Degradation]
}

/// What came of retraining.
public struct RetrainingReport: Sendable, Hashable, Codable {
    /// What became of the model at work.
    public enum Outcome: String, Sendable, Codable, CaseIterable {
        /// There is not enough to learn from yet.
        case tooFew
        /// The new model was no better on the held-out weeks.
        case kept
        /// The new model is at work.
        case replaced
        /// The model at work did worse than the one before it, which is at work again.
        case rolledBack
    }

    /// What became of the model at work.
    public let outcome: Outcome
    /// Of how many decisions the outcome is known.
    public let exampleCount: Int
    /// Why, in words.
    public let message: String
    /// Figures of the model that was at work on the held-out weeks.
    public var current: [String: Double] = [:]
    /// Those of the new one.
    public var candidate: [String: Double] = [:]

    /// The report as named counts.
    var figures: [String: Int] {
        [
            "examples": exampleCount, "replaced": outcome == .replaced ? 1 : 0,
            "rolled_back": outcome == .rolledBack ? 1 : 0,
        ]
    }
}
