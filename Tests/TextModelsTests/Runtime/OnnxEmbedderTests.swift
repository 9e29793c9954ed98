import Foundation
import StrataCore
import Testing

@testable import TextModels

struct OnnxEmbedderTests {
    private struct Reference: Decodable {
        let text: String
        let tokenCount: Int
    }

    private struct TinyReference: Decodable {
        let model: String
        let text: String
        let tokenCount: Int
        let head: [Float]
    }

    /// Loads each model once for all tests: reading a vocabulary takes seconds in a debug build.
    private actor Shared {
        static let instance = Shared()
        private var loading: [String: Task<OnnxEmbedder, any Error>] = [:]

        func embedder(_ folder: String, _ longText: ModelCard.LongText) async throws -> OnnxEmbedder {
            let name = "\(folder) \(longText)"
            var options = OnnxEmbedder.Options()
            options.longText = longText
            let task =
                loading[name] ?? Task { [options] in try await OnnxEmbedder.load(folder: folder, options: options) }
            loading[name] = task
            return try await task.value
        }
    }

    private func embedder(
        _ model: String = Installed.models[0], longText: ModelCard.LongText = .chunk
    ) async throws -> OnnxEmbedder {
        try await Shared.instance.embedder(Installed.folder(model), longText)
    }

    /// Texts of mixed lengths, all different.
    private func texts(_ count: Int, seed: UInt64) -> [String] {
        var random = SplitMix(state: seed)
        let words = ["memory", "agent", "river", "copper", "of", "the", "quickly", "seven", "über", "計画"]
        return (0..<count).map { index in
            "\(index) "
                + (0..<random.next(below: 60)).map { _ in words[random.next(below: words.count)] }
                .joined(separator: " ")
        }
    }

    @Test func vectorsEqualThoseOfTheReferenceStack() async throws {
        for model in try Installed.present() {
            let references = try JSONDecoder().decode([Reference].self, from: Installed.golden("texts.json", of: model))
            let rows = try Installed.golden("vectors.f32", of: model)
            // The reference stack cuts long texts.
            let results = try await embedder(model, longText: .truncate).embed(references.map(\.text), as: .document)
            #expect(references.count >= 200 && rows.count == references.count * 384 * 4)
            for (index, (reference, result)) in zip(references, results).enumerated() {
                let expected = rows.withUnsafeBytes { bytes in
                    (0..<384).map { bytes.loadUnaligned(fromByteOffset: (index * 384 + $0) * 4, as: Float.self) }
                }
                #expect(result.tokenCount == reference.tokenCount, "\(model), text \(index)")
                let difference = zip(result.vector, expected).map { abs($0 - $1) }.max() ?? .infinity
                #expect(difference <= 1e-4, "\(model), text \(index)")
            }
        }
    }

    @Test func vectorsBeginAsTheCheckedInOnesDo() async throws {
        let path = try #require(Bundle.module.path(forResource: "golden", ofType: "json", inDirectory: "Fixtures"))
        let all = try JSONDecoder().decode([TinyReference].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        for model in try Installed.present() {
            let references = all.filter { $0.model == model }
            #expect(references.count == 5)
            let results = try await embedder(model, longText: .truncate).embed(references.map(\.text), as: .document)
            for (reference, result) in zip(references, results) {
                #expect(result.tokenCount == reference.tokenCount)
                for (component, expected) in zip(result.vector, reference.head) {
                    #expect(abs(component - expected) <= 1e-4)
                }
            }
        }
    }

    @Test func aVectorDoesNotDependOnItsNeighbours() async throws {
        let embedder = try await embedder()
        let texts = texts(40, seed: 7)
        let together = try await embedder.embed(texts, as: .document)
        for (text, inBatch) in zip(texts, together) {
            let alone = try await embedder.embed([text], as: .document)[0]
            #expect(cosine(alone.vector, inBatch.vector) >= 0.9999)
            #expect(alone.tokenCount == inBatch.tokenCount)
        }
    }

    @Test func knownCosinesComeOut() async throws {
        for model in try Installed.present() {
            let embedder = try await embedder(model)
            for pair in embedder.card.selfTest.pairs {
                let vectors = try await embedder.embed([pair.first, pair.second], as: .document).map(\.vector)
                #expect(abs(cosine(vectors[0], vectors[1]) - pair.cosine) <= embedder.card.selfTest.tolerance)
            }
        }
    }

    @Test func resultsKeepTheirOrderWhenCallsOverlap() async throws {
        let embedder = try await embedder()
        let texts = texts(24, seed: 11)
        var alone: [[Float]] = []
        for text in texts { alone.append(try await embedder.embed([text], as: .document)[0].vector) }
        let expected = alone
        try await withThrowingTaskGroup(of: Void.self) { group in
            for shift in 0..<6 {
                group.addTask {
                    let order = texts.indices.map { ($0 + shift * 5) % texts.count }
                    let results = try await embedder.embed(order.map { texts[$0] }, as: .document)
                    for (index, result) in zip(order, results) {
                        #expect(cosine(result.vector, expected[index]) >= 0.9999)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func oddTextsGiveUnitVectors() async throws {
        let embedder = try await embedder()
        #expect(try await embedder.embed([], as: .query).isEmpty)
        let long = String(repeating: "memory of an agent ", count: 5300)
        let results = try await embedder.embed(["", " \n", long, "\0", "a"], as: .query)
        #expect(long.utf8.count > 100_000)
        #expect(results.map(\.isTruncated) == [false, false, true, false, false])
        #expect(results.map(\.chunkCount) == [1, 1, 64, 1, 1])
        #expect(results[2].tokenCount == 64 * embedder.card.tokenCountMax)
        for result in results {
            #expect(result.vector.count == embedder.space.dimension)
            #expect(abs(cosine(result.vector, result.vector) - 1) < 1e-5)
        }
    }

    @Test func aCancelledCallThrowsCancellation() async throws {
        let embedder = try await embedder()
        let texts = texts(2000, seed: 3)
        let call = Task { try await embedder.embed(texts, as: .document) }
        call.cancel()
        await #expect(throws: CancellationError.self) { _ = try await call.value }
    }

    @Test func theSpaceCarriesTheWeightsHash() async throws {
        let embedder = try await embedder()
        let digest = try #require(embedder.card.sha256)
        #expect(embedder.space.revision == String(digest.prefix(12)))
        #expect(embedder.space.model == Installed.models[0] && embedder.space.dimension == 384)
    }

    @Test func optionsOutOfRangeAreRefused() async throws {
        var options = OnnxEmbedder.Options()
        options.workerCount = 0
        _ = try await failure(.invalidArgument) {
            _ = try await OnnxEmbedder.load(folder: "/nowhere", options: options)
        }
    }
}
