internal import Foundation
internal import StrataCore
internal import Synchronization

/// Measures recall on labelled sets, in a scratch memory.
public struct RetrievalEvaluation: Sendable {
    /// The embedder.
    public var model = ModelChoice.standard
    /// What is searched with.
    public var signals = RecallOptions.Signals.hybrid
    /// The weights that are compared; one report each.
    public var variants = [RankingVariant("default weights", RankingWeights())]
    /// How many hits are asked for; a relevant memory beyond them counts as not found. 100.
    public var depth = 100

    /// An evaluation of the defaults.
    public init() {}

    /// Stores the sets in a scratch folder, asks every query, and scores the rankings.
    ///
    /// Texts and queries are embedded once, however many variants there are.
    ///
    /// - Parameters:
    ///   - path: a folder for the engine, which must not hold a memory.
    ///   - finished: is told the share of the work that is done.
    /// - Returns: a report a variant, in their order.
    public func run(
        _ sets: [RetrievalSet], at path: String, finished: @Sendable (Double) -> Void = { _ in }
    ) async throws -> [RetrievalReport] {
        try Validation.count(depth, named: "depth", in: 20...1000)
        for variant in variants { try variant.weights.check() }
        let stepCount = Double(sets.count * (variants.count + 1))
        return try await withEngine(at: path) { engine, clock in
            var outcomes: [[RetrievalReport.Outcome]] = variants.map { _ in [] }
            var (memoryCount, seconds) = (0, 0.0)
            for (number, set) in sets.enumerated() {
                let namespace = Self.namespace(number)
                let start = ContinuousClock.now
                let names = try await Self.store(set, in: namespace, of: engine)
                seconds += (ContinuousClock.now - start).milliseconds / 1000
                memoryCount += set.memories.count
                for (place, variant) in variants.enumerated() {
                    finished(Double(number * (variants.count + 1) + place + 1) / stepCount)
                    for query in set.queries {
                        clock.set(query.askedAt)
                        let answer = try await engine.recall(
                            query.text, in: namespace, limit: depth, options: options(weights: variant.weights))
                        outcomes[place].append(
                            RetrievalReport.Outcome(query, set: number, answer: answer, names: names))
                    }
                    clock.set(nil)
                }
            }
            finished(1)
            return zip(variants, outcomes).map { variant, outcomes in
                RetrievalReport(
                    variant: variant.name, outcomes: outcomes, memoryCount: memoryCount,
                    memoriesPerSecond: Double(memoryCount) / max(seconds, 1e-9))
            }
        }
    }

    private func options(weights: RankingWeights) -> RecallOptions {
        RecallOptions(signals: signals, countsUse: false, ranking: weights)
    }

    static func namespace(_ number: Int) -> String { "set-\(number)" }

    /// Stores a set and returns the name of each record.
    static func store(
        _ set: RetrievalSet, in namespace: String, of engine: MemoryEngine
    ) async throws -> [RecordID: String] {
        var names: [RecordID: String] = [:]
        var rest = set.memories[...]
        while !rest.isEmpty {
            let batch = rest.prefix(256)
            rest = rest.dropFirst(batch.count)
            // Two memories of the same words are two memories, so that each keeps its own name.
            let results = try await engine.remember(batch.map(\.memory), in: namespace, onDuplicate: .keep)
            for (memory, result) in zip(batch, results) {
                let id = try result.get().record.id
                if let name = memory.name { names[id] = name }
            }
        }
        return names
    }

    /// Opens an engine whose clock can be set, and closes it whatever happens.
    func withEngine<Value>(
        at path: String, _ body: (MemoryEngine, EvaluationClock) async throws -> Value
    ) async throws -> Value {
        let clock = EvaluationClock()
        var configuration = EngineConfiguration()
        configuration.model = signals == .keyword ? .none : model
        configuration.nearDuplicates = nil
        configuration.environment = EngineEnvironment(
            now: { clock.now }, randomBits: EngineEnvironment.system.randomBits)
        let engine = try await MemoryEngine.open(at: path, configuration: configuration)
        let value: Value
        do {
            value = try await body(engine, clock)
        } catch {
            try? await engine.close()
            throw error
        }
        try await engine.close()
        return value
    }
}

/// The system's clock, or a moment at which it stands.
final class EvaluationClock: Sendable {
    private let moment = Mutex<Timestamp?>(nil)

    var now: Timestamp { moment.withLock { $0 } ?? EngineEnvironment.system.now() }

    /// Stops the clock at a moment; nil lets it run.
    func set(_ moment: Timestamp?) { self.moment.withLock { $0 = moment } }
}
