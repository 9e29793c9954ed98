import Strata
import StrataCore
import StrataTesting
import Testing

/// The engine against a dictionary: seeded operations on few texts and few namespaces, so that they collide, with
/// restarts in between.
@Suite struct ModelRunTests {
    @Test(arguments: Seeds.ci)
    func theEngineAgreesWithADictionaryThroughThousandsOfOperationsAndRestarts(seed: UInt64) async throws {
        let scratch = try Scratch()
        let clock = ManualClock()
        let embedder = SeededEmbedder(seed: seed)
        var random = SeededGenerator(seed: seed)
        var restartCount: UInt64 = 0
        func open() async throws -> MemoryEngine {
            restartCount += 1
            return try await openEngine(
                at: scratch.path, embedder: embedder, clock: clock, seed: seed * 1000 + restartCount
            ) { $0.nearDuplicates = nil }
        }
        var engine = try await open()
        var model: [String: [RecordID: MemoryRecord]] = [:]
        let namespaces = ["a", "b"]
        let texts = (0..<40).map { "text \($0 % 20) about topic \($0 % 7)" + ($0 % 2 == 0 ? "" : " again") }

        for step in 0..<2500 {
            clock.advance(by: .seconds(1))
            let namespace = namespaces[Int.random(in: 0...1, using: &random)]
            let known = (model[namespace] ?? [:]).values.sorted { $0.id < $1.id }
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<45:
                let text = texts.randomElement(using: &random) ?? ""
                let outcome = try await engine.remember(
                    NewMemory(text, layer: Layer.allCases.randomElement(using: &random) ?? .interact), in: namespace)
                let old = known.first { $0.text == text }
                #expect(outcome.status == (old == nil ? .stored : .duplicate))
                if let old { #expect(outcome.record.id == old.id) }
                model[namespace, default: [:]][outcome.record.id] = outcome.record
            case 45..<60:
                guard let record = known.randomElement(using: &random) else { continue }
                let patch = RecordPatch(
                    text: Bool.random(using: &random) ? "edited \(step)" : nil,
                    layer: Layer.allCases.randomElement(using: &random), importance: Double(step % 11) / 10)
                let updated = try await engine.update(record.id, patch, in: namespace)
                #expect(updated.text == patch.text ?? record.text)
                #expect(updated.layer == patch.layer)
                #expect(updated.importance == patch.importance)
                let changesNothing =
                    patch.text == nil && patch.layer == record.layer
                    && patch.importance == record.importance
                #expect(changesNothing ? updated == record : updated.change > record.change)
                model[namespace]?[record.id] = updated
            case 60..<72:
                guard let record = known.randomElement(using: &random) else { continue }
                #expect(try await engine.forget(.ids([record.id]), in: namespace).ids == [record.id])
                model[namespace]?[record.id] = nil
            case 72..<74:
                let layer = Layer.allCases.randomElement(using: &random) ?? .interact
                let receipt = try await engine.forget(.filter(.layers([layer])), in: namespace)
                #expect(Set(receipt.ids) == Set(known.filter { $0.layer == layer }.map(\.id)))
                model[namespace] = model[namespace]?.filter { $0.value.layer != layer }
            case 74..<94:
                let query = texts.randomElement(using: &random) ?? ""
                let layers = Set(Layer.allCases.filter { _ in Bool.random(using: &random) })
                let answer = try await engine.recall(
                    query, in: namespace, limit: 50, options: RecallOptions(layers: layers, countsUse: false))
                let expected = known.filter { layers.contains($0.layer) }
                #expect(Set(answer.map(\.record.id)) == Set(expected.map(\.id)), "step \(step) seed \(seed)")
                if let exact = expected.first(where: { $0.text == query }) {
                    #expect(answer.contains { $0.record.id == exact.id && $0.score >= 0.5 })
                }
            default:
                try await engine.close()
                engine = try await open()
            }
            if step % 250 == 249 {
                for namespace in namespaces {
                    let stored = try await engine.list(in: namespace, limit: 1000).records
                    #expect(Set(stored) == Set((model[namespace] ?? [:]).values), "step \(step) seed \(seed)")
                    #expect(try await engine.stats(in: namespace).vectorMissingCount == 0)
                }
            }
        }
        #expect(restartCount > 50)
        try await engine.close()
    }
}
