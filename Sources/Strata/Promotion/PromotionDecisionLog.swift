public import StrataCore

/// One entry of the log of decisions: what was known, what the model said, and what was done. It holds no text.
public struct PromotionDecisionEntry: Sendable, Hashable, Codable {
    /// The record.
    public var id: RecordID
    /// When it was decided on.
    public var decidedAt: Timestamp
    /// The features then.
    public var features: PromotionFeatures
    /// What the model said.
    public var confidence: Double
    /// Whether the model would have promoted it.
    public var promotes: Bool
    /// Whether the model only watched (shadow mode) and others decided.
    public var isShadow: Bool

    /// An entry.
    public init(id: RecordID, decidedAt: Timestamp, advice: LearnedPromotion.Advice, isShadow: Bool) {
        self.init(
            id: id, decidedAt: decidedAt, features: advice.features, confidence: advice.confidence,
            promotes: advice.promotes, isShadow: isShadow)
    }

    init(
        id: RecordID, decidedAt: Timestamp, features: PromotionFeatures, confidence: Double, promotes: Bool,
        isShadow: Bool
    ) {
        self.id = id
        self.decidedAt = decidedAt
        self.features = features
        self.confidence = confidence
        self.promotes = promotes
        self.isShadow = isShadow
    }
}

/// What became of a record after a decision.
public struct PromotionAftermath: Sendable, Hashable {
    /// When it was first recalled, remembered again or marked useful after the decision; nil when it never was.
    public var firstNeededAt: Timestamp?
    /// When it was forgotten; nil while it is there.
    public var forgottenAt: Timestamp?

    /// An aftermath.
    public init(firstNeededAt: Timestamp? = nil, forgottenAt: Timestamp? = nil) {
        self.firstNeededAt = firstNeededAt
        self.forgottenAt = forgottenAt
    }
}

/// Makes models from the engine's own use, and decides whether they may replace the one at work. Pure.
public struct PromotionRetraining: Sendable, Hashable {
    /// How long after a decision a use still counts for it. 30 days.
    public var window: Duration = .seconds(30 * 86_400)
    /// The share of the latest weeks that is held out, 0 through 1.
    public var heldShare = 0.25
    /// The least number of entries with an outcome in the held-out weeks.
    public var heldCountMin = 100
    /// How the model is fitted.
    public var training = PromotionTraining()

    /// Retraining with the defaults.
    public init() {}

    /// What came of an attempt.
    public enum Verdict: Sendable, Hashable {
        /// There is not enough to learn from yet; the model at work stays.
        case tooFew(String)
        /// The new model was no better on the held-out weeks; the model at work stays.
        case kept(current: PromotionFigures, candidate: PromotionFigures)
        /// The new model was better.
        case replaced(by: PromotionModel, current: PromotionFigures, candidate: PromotionFigures)
    }

    /// The entries whose outcome is known, as examples grouped by week.
    ///
    /// An entry counts as needed when its record was used within the window. One whose window is still open is left out
    /// unless that has happened, and so is a record that was forgotten before anybody could need it: its outcome is
    /// unknown, not negative. Of several decisions about a record in one week the first counts.
    public func examples(
        _ entries: [(entry: PromotionDecisionEntry, aftermath: PromotionAftermath)], at now: Timestamp
    ) -> [PromotionExample] {
        struct Week: Hashable {
            let id: RecordID
            let number: Int
        }
        var seen: Set<Week> = []
        return entries.sorted { ($0.entry.decidedAt, $0.entry.id) < ($1.entry.decidedAt, $1.entry.id) }
            .compactMap { entry, aftermath in
                let week = Int(entry.decidedAt.milliseconds / 604_800_000)
                let closesAt = entry.decidedAt + window
                let isNeeded = aftermath.firstNeededAt.map { $0 > entry.decidedAt && $0 <= closesAt } ?? false
                let wasLost = aftermath.forgottenAt.map { $0 < closesAt } ?? false
                // An open window is left out even after a use: else young weeks would hold positives only.
                guard closesAt <= now, isNeeded || !wasLost,
                    seen.insert(Week(id: entry.id, number: week)).inserted
                else { return nil }
                return PromotionExample(features: entry.features, isNeeded: isNeeded, group: week)
            }
    }

    /// Trains on the earlier weeks and compares with the model at work on the later ones, which neither has seen.
    ///
    /// - Parameter examples: those of ``examples(_:at:)``, by week.
    public func attempt(current: PromotionModel, examples: [PromotionExample], at now: Timestamp) -> Verdict {
        let weeks = Set(examples.map(\.group)).sorted()
        let heldCount = max(1, Int((Double(weeks.count) * heldShare).rounded()))
        guard weeks.count >= 3 else { return .tooFew("\(weeks.count) weeks of decisions, expected at least 3") }
        let held = Set(weeks.suffix(heldCount))
        let test = examples.filter { held.contains($0.group) }
        guard test.count >= heldCountMin else {
            return .tooFew("\(test.count) decisions with an outcome in the held-out weeks, expected \(heldCountMin)")
        }
        do {
            var candidate = try training.train(
                examples.filter { !held.contains($0.group) }, description: "the engine's own use",
                embeddingSpace: current.provenance.embeddingSpace, trainedAt: now)
            let (before, after) = (figures(of: current, on: test), figures(of: candidate, on: test))
            // Both: a model that orders better but says worse probabilities would move the threshold's meaning.
            guard after.brier < before.brier, after.rocAUC >= before.rocAUC else {
                return .kept(current: before, candidate: after)
            }
            candidate.provenance.figures = after.dictionary
            return .replaced(by: candidate, current: before, candidate: after)
        } catch {
            return .tooFew((error as? StrataError)?.message ?? "the examples cannot be learned from")
        }
    }

    /// Whether the model at work does worse than the one before it on decisions that were made since it was put to work.
    ///
    /// False while fewer than ``heldCountMin`` outcomes are known.
    public func shouldRollBack(
        current: PromotionModel, previous: PromotionModel, since examples: [PromotionExample]
    ) -> Bool {
        guard examples.count >= heldCountMin else { return false }
        return figures(of: current, on: examples).brier > figures(of: previous, on: examples).brier
    }

    private func figures(of model: PromotionModel, on examples: [PromotionExample]) -> PromotionFigures {
        PromotionFigures(
            confidences: examples.map { model.confidence($0.features) },
            labels: examples.map { $0.isNeeded ? 1 : 0 }, groups: examples.map(\.group), threshold: model.threshold)
    }
}
