import Foundation
import StrataCore
import Testing

@testable import TextModels

@Suite struct RunTuningTests {
    @Test func theUsualBudgetStaysUnlessAnotherIsClearlyFaster() {
        let rates = [160: 900.0, 256: 1000, 512: 980, 1024: 700]
        #expect(TuningMeasurement.choice(among: rates, usual: 512) == 512)
        #expect(TuningMeasurement.choice(among: rates.merging([256: 1100]) { $1 }, usual: 512) == 256)
        #expect(TuningMeasurement.choice(among: [:], usual: 512) == 512)
        // Equal rates: the smaller run, which lets queries wait less.
        #expect(TuningMeasurement.choice(among: [160: 9.0, 256: 9, 512: 1], usual: 512) == 160)
    }

    @Test func theFirstLoadMeasuresAndLaterOnesDoNot() async throws {
        let folder = try ScratchFolder()
        try folder.copyModel()
        let first = try await OnnxEmbedder.load(folder: folder.path)
        #expect(first.loadTimes.tuning > .zero)  // on a busy machine it comes to nothing, and that is kept, too
        let second = try await OnnxEmbedder.load(folder: folder.path)
        #expect(second.loadTimes.tuning == .zero && second.tuning == first.tuning)
    }

    @Test func anotherCardMeasuresAnew() async throws {
        let folder = try ScratchFolder()
        try folder.copyModel()
        _ = try await OnnxEmbedder.load(folder: folder.path)
        let card = "\(folder.path)/\(ModelCard.fileName)"
        let text = try String(contentsOfFile: card, encoding: .utf8)
        try text.replacingOccurrences(of: "Apache-2.0", with: "MIT").write(
            toFile: card, atomically: true, encoding: .utf8)
        #expect(try await OnnxEmbedder.load(folder: folder.path).loadTimes.tuning > .zero)
    }

    @Test func aDamagedRecordIsMadeAnew() async throws {
        let folder = try ScratchFolder()
        try folder.copyModel()
        _ = try await OnnxEmbedder.load(folder: folder.path)
        try Data("{".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(TuningRecord.fileName)"))
        #expect(try await OnnxEmbedder.load(folder: folder.path).loadTimes.tuning > .zero)
    }

    @Test func whatIsConfiguredIsNotMeasured() async throws {
        let folder = try ScratchFolder()
        try folder.copyModel()
        var options = OnnxEmbedder.Options()
        options.isTuned = false
        let embedder = try await OnnxEmbedder.load(folder: folder.path, options: options)
        #expect(embedder.tuning.tokenBudget == 512 && embedder.tuning.tokensPerSecond == nil)
        options.isTuned = true
        options.tokenBudget = 333
        options.workerCount = 3
        let other = try await OnnxEmbedder.load(folder: folder.path, options: options)
        #expect(other.tuning.tokenBudget == 333 && other.tuning.workerCount == 3)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/\(TuningRecord.fileName)"))
        options.tokenBudget = 0
        await #expect(throws: StrataError.self) { try await OnnxEmbedder.load(folder: folder.path, options: options) }
    }

    @Test func vectorsDoNotDependOnTheBudget() async throws {
        let folder = try ScratchFolder()
        try folder.copyModel()
        let texts = (0..<50).map { String(repeating: "a happy person ", count: $0 % 7 + 1) + "\($0)" }
        var vectors: [[[Float]]] = []
        for budget in [1, 64, 4096] {
            var options = OnnxEmbedder.Options()
            options.tokenBudget = budget
            let embedder = try await OnnxEmbedder.load(folder: folder.path, options: options)
            vectors.append(try await embedder.embed(texts, as: .document).map(\.vector))
        }
        for other in vectors.dropFirst() {
            #expect(zip(vectors[0], other).allSatisfy { cosine($0, $1) > 0.9999 })
        }
    }
}
