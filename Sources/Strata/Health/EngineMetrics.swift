internal import CoreMetrics
internal import StrataCore
internal import Telemetry

/// What the engine counts and times as it works, through swift-metrics, so that any backend of it can be used.
///
/// The handlers of what happens often are made once; what has a label that is not known before, an error's code say, is
/// asked of the backend when it happens.
final class EngineMetrics: Sendable {
    /// A call whose duration and outcome are measured.
    enum Operation: String, CaseIterable {
        case remember, recall, update, forget, promote, cleanup, backup
    }

    private let factory: any MetricsFactory
    private let successes: [Operation: any TimerHandler]
    private let stages: [StageReport.Name: any TimerHandler]
    private let embeddings: [EmbeddingRole: any TimerHandler]
    private let hitCount: any RecorderHandler
    private let remembered: [RememberOutcome.Status: any CounterHandler]
    private let refused: any CounterHandler
    private let commits: any TimerHandler
    private let commitUnits: any RecorderHandler
    private let forgotten: any CounterHandler

    init(factory: (any MetricsFactory)?) {
        let factory = factory ?? MetricsSystem.factory
        self.factory = factory
        func timer(_ name: String, _ labels: (String, String)...) -> any TimerHandler {
            factory.makeTimer(label: name, dimensions: labels)
        }
        func counter(_ name: String, _ labels: (String, String)...) -> any CounterHandler {
            factory.makeCounter(label: name, dimensions: labels)
        }
        successes = Dictionary(
            uniqueKeysWithValues: Operation.allCases.map {
                ($0, timer("strata_operation_duration_seconds", ("operation", $0.rawValue), ("status", "ok")))
            })
        stages = Dictionary(
            uniqueKeysWithValues: StageReport.Name.allCases.map {
                ($0, timer("strata_recall_stage_duration_seconds", ("stage", $0.rawValue)))
            })
        embeddings = Dictionary(
            uniqueKeysWithValues: EmbeddingRole.allCases.map {
                ($0, timer("strata_embed_duration_seconds", ("role", $0.rawValue)))
            })
        hitCount = factory.makeRecorder(label: "strata_recall_hits", dimensions: [], aggregate: true)
        remembered = Dictionary(
            uniqueKeysWithValues: RememberOutcome.Status.allCases.map {
                ($0, counter("strata_remembered", ("status", $0.rawValue)))
            })
        refused = counter("strata_remembered", ("status", "refused"))
        commits = timer("strata_commit_duration_seconds")
        commitUnits = factory.makeRecorder(label: "strata_commit_units", dimensions: [], aggregate: true)
        forgotten = counter("strata_forgotten")
    }

    /// Carries out a call and notes how long it took and how it ended.
    func measure<Value: Sendable>(
        _ operation: Operation, _ body: () async throws -> Value
    ) async throws -> Value {
        let start = ContinuousClock.now
        do {
            let value = try await body()
            successes[operation]?.recordNanoseconds(start.elapsedNanoseconds)
            return value
        } catch {
            let status =
                switch error {
                case let error as StrataError: error.code.description
                case is CancellationError: "cancelled"
                default: "internal"
                }
            factory.makeTimer(
                label: "strata_operation_duration_seconds",
                dimensions: [("operation", operation.rawValue), ("status", status)]
            ).recordNanoseconds(start.elapsedNanoseconds)
            throw error
        }
    }

    func note(_ answer: RecallAnswer) {
        for stage in answer.stages { stages[stage.name]?.recordNanoseconds(Int64(stage.milliseconds * 1e6)) }
        hitCount.record(Int64(answer.hits.count))
        note(answer.degradations, in: .recall)
    }

    func note(_ results: [Result<RememberOutcome, StrataError>]) {
        for result in results {
            switch result {
            case .success(let outcome):
                remembered[outcome.status]?.increment(by: 1)
                note(outcome.degradations, in: .remember)
            case .failure: refused.increment(by: 1)
            }
        }
    }

    func noteCommit(unitCount: Int, since start: ContinuousClock.Instant) {
        commits.recordNanoseconds(start.elapsedNanoseconds)
        commitUnits.record(Int64(unitCount))
    }

    func noteEmbedding(as role: EmbeddingRole, since start: ContinuousClock.Instant) {
        embeddings[role]?.recordNanoseconds(start.elapsedNanoseconds)
    }

    func noteForgotten(_ count: Int) { forgotten.increment(by: Int64(count)) }

    func notePromotion(from layer: Layer, to target: Layer, policy: String) {
        factory.makeCounter(
            label: "strata_promotions",
            dimensions: [("from", layer.rawValue), ("to", target.rawValue), ("reason", policy)]
        ).increment(by: 1)
    }

    /// Notes records that left a layer: `expired` or `evicted`.
    func noteRemoval(_ reason: String, from layer: Layer, count: Int) {
        guard count > 0 else { return }
        factory.makeCounter(label: "strata_\(reason)", dimensions: [("layer", layer.rawValue)])
            .increment(by: Int64(count))
    }

    private func note(_ degradations: [Degradation], in operation: Operation) {
        for degradation in degradations {
            factory.makeCounter(
                label: "strata_degraded",
                dimensions: [("operation", operation.rawValue), ("reason", degradation.code)]
            ).increment(by: 1)
        }
    }
}

extension ContinuousClock.Instant {
    fileprivate var elapsedNanoseconds: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - self).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
