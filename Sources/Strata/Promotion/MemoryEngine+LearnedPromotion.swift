internal import Foundation
internal import StrataCore

extension MemoryEngine {
    /// Who decides about promotion, and what had to be left out.
    func promotionPolicy(
        _ rules: RulePolicy
    ) async throws -> (policy: any PromotionPolicy, degradations: [Degradation]) {
        let life = configuration.lifecycle
        if let policy = life.policy { return (policy, []) }
        // An engine that is to work by words only has no use for a model of meanings: that is no degradation.
        guard life.learned.mode != .rules, embedder != nil || modelProblem != nil else { return (rules, []) }
        guard embedder != nil else {
            let message = "there is no embedder, so the promotion model cannot judge; the rules decide alone"
            return (rules, [Degradation(code: "promotion_model_unusable", message: message)])
        }
        let choice = try await promotionModel()
        guard let learned = choice.promotion else { return (rules, [choice.degradation].compactMap { $0 }) }
        return (LearnedPolicy(rules: rules, learned: learned, settings: life.learned), [])
    }

    /// The model at work, and where it comes from; or why there is none.
    private func promotionModel() async throws -> (
        promotion: LearnedPromotion?, origin: String?, kept: KeptPromotionModel?, degradation: Degradation?
    ) {
        if let path = configuration.lifecycle.learned.modelPath {
            let loaded = LearnedPromotion.load(path: path)
            return (loaded.promotion, loaded.promotion.map { _ in "file" }, nil, loaded.degradation)
        }
        guard let saved = try await store.savedText(named: KeptPromotionModel.currentName) else {
            let loaded = LearnedPromotion.load(path: nil)
            return (loaded.promotion, loaded.promotion.map { _ in "delivered" }, nil, loaded.degradation)
        }
        do {
            let (kept, model) = try KeptPromotionModel.read(saved)
            return (LearnedPromotion(model: model), "retrained", kept, nil)
        } catch {
            return (nil, nil, nil, LearnedPromotion.degradation(for: error))
        }
    }

    /// Writes down what a model said, for retraining.
    func log(
        _ decisions: [(id: RecordID, decision: PromotionDecision)], in namespace: String, at now: Timestamp
    ) async throws {
        let isShadow = configuration.lifecycle.learned.mode == .shadow
        let rows = try decisions.compactMap { id, decision in
            try decision.advice.map { advice in
                try DecisionRow(
                    PromotionDecisionEntry(id: id, decidedAt: now, advice: advice, isShadow: isShadow))
            }
        }
        guard !rows.isEmpty else { return }
        _ = try await writes.commit([.logDecisions(rows, namespace: namespace)])
    }

    /// The log of decisions with what came of them, as examples to learn from.
    private func promotionExamples(
        _ rows: [DecisionRow], since moment: Timestamp? = nil, at now: Timestamp
    ) -> [PromotionExample] {
        let entries = rows.filter { row in moment.map { row.decidedAt > $0 } ?? true }
            .compactMap(PromotionDecisionEntry.read)
        return configuration.lifecycle.learned.retraining.examples(entries, at: now)
    }

    /// Which model decides, and what is known of its decisions.
    public func promotionStatus() async throws -> PromotionModelStatus {
        let life = configuration.lifecycle
        let choice = try await promotionModel()
        let policy = try await promotionPolicy(RulePolicy(rules: life.rules))
        let rows = try await store.decisions(limit: life.learned.logCountMax)
        return PromotionModelStatus(
            policy: policy.policy.name, origin: choice.origin, version: choice.kept?.version ?? 0,
            since: choice.kept?.keptAt, provenance: choice.promotion?.model.provenance,
            canRollBack: try await store.savedText(named: KeptPromotionModel.currentName) != nil,
            decisionCount: rows.count, promotedCount: rows.count(where: \.promotes),
            neededCount: rows.count { $0.firstNeededAt != nil },
            exampleCount: promotionExamples(rows, at: configuration.environment.now()).count,
            degradations: [choice.degradation].compactMap { $0 } + policy.degradations)
    }

    /// Goes back to the model before the one at work when that does worse on what came since; else trains a model from the
    /// log of decisions and puts it to work when it is better on the weeks that neither has seen.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid`` when the model at work cannot be read.
    @discardableResult
    public func retrainPromotion() async throws -> RetrainingReport {
        try await scheduler.byHand(JobName.retraining, figures: \.figures) { _ in try await self.retrain() }
    }

    func retrain() async throws -> RetrainingReport {
        let settings = configuration.lifecycle.learned
        let now = configuration.environment.now()
        let choice = try await promotionModel()
        guard let current = choice.promotion?.model else {
            throw StrataError(.modelInvalid, choice.degradation?.message ?? "there is no promotion model")
        }
        guard settings.modelPath == nil else {
            return RetrainingReport(
                outcome: .kept, exampleCount: 0, message: "the model is a file that was named; it is never replaced")
        }
        let rows = try await store.decisions(limit: settings.logCountMax)
        let examples = promotionExamples(rows, at: now)
        if let kept = choice.kept, let previous = try await previousPromotionModel() {
            let later = promotionExamples(rows, since: kept.keptAt, at: now)
            if settings.retraining.shouldRollBack(current: current, previous: previous, since: later) {
                try await rollBackPromotion()
                return RetrainingReport(
                    outcome: .rolledBack, exampleCount: examples.count,
                    message: "version \(kept.version) did worse than the model before it on \(later.count) decisions")
            }
        }
        // Fitting takes seconds and must not hold up what runs beside it.
        let verdict = try await offPool {
            settings.retraining.attempt(current: current, examples: examples, at: now)
        }
        switch verdict {
        case .tooFew(let reason):
            return RetrainingReport(outcome: .tooFew, exampleCount: examples.count, message: reason)
        case .kept(let before, let after):
            return RetrainingReport(
                outcome: .kept, exampleCount: examples.count,
                message: "the new model was no better on the held-out weeks", current: before.dictionary,
                candidate: after.dictionary)
        case .replaced(let model, let before, let after):
            let version = (choice.kept?.version ?? 0) + 1
            try await keep(model, version: version, at: now)
            let message = "version \(version) of the promotion model is at work, trained on \(examples.count) decisions"
            note("promotion_model_replaced", message, at: now)
            return RetrainingReport(
                outcome: .replaced, exampleCount: examples.count, message: message, current: before.dictionary,
                candidate: after.dictionary)
        }
    }

    /// Drops the retrained model that is at work; the one before it decides again, before the first the delivered one.
    ///
    /// - Throws: ``StrataError/Code/notFound`` when no retrained model is at work.
    public func rollBackPromotion() async throws {
        guard try await store.savedText(named: KeptPromotionModel.currentName) != nil else {
            throw StrataError(.notFound, "no retrained promotion model is at work; there is nothing to go back from")
        }
        let previous = try await store.savedText(named: KeptPromotionModel.previousName)
        _ = try await writes.commit([
            .save(previous, named: KeptPromotionModel.currentName),
            .save(nil, named: KeptPromotionModel.previousName),
        ])
        note(
            "promotion_model_rolled_back", "the promotion model before the last retraining is at work again",
            at: configuration.environment.now())
    }

    private func keep(_ model: PromotionModel, version: Int, at now: Timestamp) async throws {
        let kept = try KeptPromotionModel(model, version: version, keptAt: now)
        let text = String(decoding: try JSONEncoder().encode(kept), as: UTF8.self)
        let previous = try await store.savedText(named: KeptPromotionModel.currentName)
        // Both in one transaction: a crash leaves the old pair or the new one.
        _ = try await writes.commit([
            .save(previous, named: KeptPromotionModel.previousName),
            .save(text, named: KeptPromotionModel.currentName),
        ])
    }

    private func previousPromotionModel() async throws -> PromotionModel? {
        guard let saved = try await store.savedText(named: KeptPromotionModel.previousName) else {
            return try PromotionModel.delivered()
        }
        return try? KeptPromotionModel.read(saved).model
    }

    private func note(_ code: String, _ message: String, at now: Timestamp) {
        events.add(EngineEvent(at: now, code: code, severity: .info, message: message))
    }
}

extension DecisionRow {
    /// The row of an entry, its features as JSON with sorted names.
    init(_ entry: PromotionDecisionEntry) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        self.init(
            record: entry.id, decidedAt: entry.decidedAt, confidence: entry.confidence, promotes: entry.promotes,
            isShadow: entry.isShadow, features: String(decoding: try encoder.encode(entry.features), as: UTF8.self))
    }
}

extension PromotionDecisionEntry {
    /// The entry of a row with its aftermath; nil when its features have other definitions than today's.
    fileprivate static func read(_ row: DecisionRow) -> (entry: Self, aftermath: PromotionAftermath)? {
        guard let features = try? JSONDecoder().decode(PromotionFeatures.self, from: Data(row.features.utf8)) else {
            return nil
        }
        return (
            Self(
                id: row.record, decidedAt: row.decidedAt, features: features, confidence: row.confidence,
                promotes: row.promotes, isShadow: row.isShadow), PromotionAftermath(firstNeededAt: row.firstNeededAt)
        )
    }
}
