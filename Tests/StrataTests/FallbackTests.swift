import Foundation
import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct FallbackTests {
    private let broken = StrataError(.inferenceFailed, "the session broke")

    @Test func whileTheModelFailsTheFallbackServesInASpaceOfItsOwn() async throws {
        let scratch = try Scratch()
        let (model, clock) = (SeededEmbedder(), ManualClock())
        let engine = try await openEngine(at: scratch.path, embedder: model, clock: clock) { $0.fallbacks = [.hashing] }
        let space = "feature-hashing@1/256"
        let first = try await engine.remember("the ferry leaves at nine")
        model.fail(with: broken)
        let second = try await engine.remember("the tram leaves at ten")
        #expect(first.degradations.isEmpty && second.status == .stored)
        #expect(second.degradations.map(\.code) == ["fallback_embedder"])
        #expect(second.degradations[0].message.contains(space) && second.degradations[0].message.contains("broke"))
        #expect(second.record.embeddingSpace == space && first.record.embeddingSpace == model.space.identifier)

        // Both are found, the record of the other space by its words; only one has a cosine.
        let during = try await engine.recall("when does the tram or ferry leave")
        #expect(during.embeddingSpace == space && during.degradations.map(\.code) == ["fallback_embedder"])
        for hit in during {
            #expect(hit.parts.contains { $0.name == .vector } == (hit.record.id == second.record.id))
        }
        #expect(during.count == 2)
        try await engine.close()
    }

    @Test func whenTheModelIsBackItServesAgainAndTheRestIsEmbedded() async throws {
        let scratch = try Scratch()
        let (model, clock) = (SeededEmbedder(), ManualClock())
        let engine = try await openEngine(at: scratch.path, embedder: model, clock: clock) { $0.fallbacks = [.hashing] }
        model.fail(with: broken)
        for number in 0..<4 { try await engine.remember(NewMemory("ferry number \(number)")) }
        var health = try await engine.stats().embedders
        #expect(health.map(\.breaker) == ["open", "closed"] && health.map(\.isFallback) == [false, true])
        #expect(health[0].lastProblem == "inference_failed")
        // Three failures opened the breaker, so that the fourth text was not tried.
        #expect(model.embeddedTexts.count == 3)
        model.fail(with: nil)
        #expect(try await engine.recall("ferry").embeddingSpace == "feature-hashing@1/256")
        await #expect(throws: StrataError.self) { try await engine.embedMissing() }

        clock.advance(by: .seconds(300))
        let back = try await engine.recall("ferry number 2")
        #expect(back.embeddingSpace == model.space.identifier && back.degradations.isEmpty && back.count == 4)
        health = try await engine.stats().embedders
        #expect(health[0].breaker == "closed" && health[0].failureCount == 0)
        #expect(try await engine.stats().vectorMissingCount == 4)
        #expect(try await engine.embedMissing() == 4)
        let mended = try await engine.recall("ferry number 2")
        #expect(mended.allSatisfy { $0.parts.contains { $0.name == .vector } })
        try await engine.close()
    }

    @Test func aModelThatCannotBeLoadedIsReplacedAndNamed() async throws {
        let scratch = try Scratch()
        var configuration = EngineConfiguration()
        configuration.model = .folder("/nowhere/model")
        await #expect(throws: StrataError.self) {
            try await MemoryEngine.open(at: scratch.path, configuration: configuration)
        }
        configuration.fallbacks = [.hashing]
        let engine = try await MemoryEngine.open(at: scratch.path, configuration: configuration)
        #expect(engine.modelProblem?.message.contains("/nowhere/model") == true)
        #expect(engine.modelDegradations.map(\.code) == ["fallback_embedder"])
        let outcome = try await engine.remember("the gate is blue")
        #expect(outcome.degradations.map(\.code) == ["fallback_embedder"])
        let answer = try await engine.recall("blue gates")
        #expect(answer.embeddingSpace == "feature-hashing@1/256" && answer.count == 1)
        #expect(answer.degradations.map(\.code) == ["fallback_embedder"])
        #expect(try await engine.stats().embedders.map(\.isFallback) == [true])
        try await engine.close()
    }

    @Test func withoutAFallbackTheMemoryIsStoredAllTheSame() async throws {
        let scratch = try Scratch()
        let model = SeededEmbedder()
        let engine = try await openEngine(at: scratch.path, embedder: model)
        model.fail(with: broken)
        let outcomes = try await engine.remember((0..<20).map { NewMemory("tram number \($0)") })
        for outcome in outcomes { #expect(try outcome.get().degradations.map(\.code) == ["embedding_failed"]) }
        let answer = try await engine.recall("tram number 7")
        #expect(answer.first?.record.text == "tram number 7" && answer.embeddingSpace == nil)
        #expect(answer.degradations.map(\.code) == ["vector_search_failed"])
        try await engine.close()
    }

    /// An embedder whose session breaks over texts that hold a word, alone or among others.
    private struct Fragile: Embedder {
        let space = EmbeddingSpace(model: "fragile", revision: "1", dimension: 32)
        let base = SeededEmbedder()
        let word: String?

        func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
            if let word, texts.contains(where: { $0.contains(word) }) {
                throw StrataError(.inferenceFailed, "a vector with NaN")
            }
            return try await base.embed(texts, as: role)
        }
    }

    @Test(arguments: [[], [ModelChoice.hashing]] as [[ModelChoice]])
    func anErrorInTheMidstOfABatchCostsTheGuiltyTextItsVectorAndNoOther(fallbacks: [ModelChoice]) async throws {
        let scratch = try Scratch()
        var configuration = EngineConfiguration()
        configuration.model = .embedder(Fragile(word: "number 13"))
        configuration.fallbacks = fallbacks
        var engine = try await MemoryEngine.open(at: scratch.path, configuration: configuration)
        let outcomes = try await engine.remember((0..<40).map { NewMemory("tram number \($0)") })
        for (number, outcome) in outcomes.enumerated() {
            let codes = try outcome.get().degradations.map(\.code)
            let expected = fallbacks.isEmpty ? "embedding_failed" : "fallback_embedder"
            #expect(codes == (number == 13 ? [expected] : []))
        }
        #expect(try await engine.stats().vectorMissingCount == 1)
        try await engine.close()

        // What cannot be embedded does not keep the catch-up from the rest.
        configuration.model = .none
        configuration.fallbacks = []
        engine = try await MemoryEngine.open(at: scratch.path, configuration: configuration)
        _ = try await engine.remember((40..<60).map { NewMemory("tram number \($0)") })
        try await engine.close()
        configuration.model = .embedder(Fragile(word: "number 13"))
        engine = try await MemoryEngine.open(at: scratch.path, configuration: configuration)
        #expect(try await engine.embedMissing() == 20)
        #expect(try await engine.stats().vectorMissingCount == 1)
        try await engine.close()
    }

    @Test(arguments: ["runtime", "model"])
    func aMissingLibraryAndATruncatedModelAreReplacedAndNamed(fault: String) async throws {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["STRATA_HOME"] ?? (environment["HOME"] ?? "") + "/.local/share/strata"
        let source = home + "/golden/families/bert-mean"
        try #require(FileManager.default.fileExists(atPath: source), "run make setup (Tools/setup --test)")
        let scratch = try Scratch()
        let folder = scratch.path + "/model"
        try FileManager.default.copyItem(atPath: source, toPath: folder)
        var configuration = EngineConfiguration()
        configuration.fallbacks = [.hashing]
        if fault == "runtime" {
            configuration.model = .folder(folder, runtime: "/nowhere/libonnxruntime.so")
        } else {
            let model = URL(fileURLWithPath: folder + "/model.onnx")
            try Data(contentsOf: model).dropLast(1000).write(to: model)
            configuration.model = .folder(folder)
        }
        let engine = try await MemoryEngine.open(at: scratch.path + "/data", configuration: configuration)
        #expect(engine.modelProblem?.code == (fault == "runtime" ? .runtimeUnavailable : .modelInvalid))
        try await engine.remember("the gate is blue")
        let answer = try await engine.recall("blue gates")
        #expect(answer.count == 1 && answer.embeddingSpace == "feature-hashing@1/256")
        #expect(answer.degradations.map(\.code) == ["fallback_embedder"])
        try await engine.close()
    }

    @Test func nearDuplicatesAreLookedForInTheSpaceThatServed() async throws {
        let scratch = try Scratch()
        let model = SeededEmbedder()
        let engine = try await openEngine(at: scratch.path, embedder: model) { $0.fallbacks = [.hashing] }
        try await engine.remember("the ferry to the island leaves at nine")
        model.fail(with: broken)
        let other = try await engine.remember("the ferry to the island leaves at nine.")
        let same = try await engine.remember("The ferry to the island leaves at nine!")
        #expect(other.record.duplicateOf == nil && same.record.duplicateOf == other.record.id)
        try await engine.close()
    }
}
