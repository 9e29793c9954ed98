import StrataCore
import Testing

@testable import TextModels

struct HashingEmbedderTests {
    private func vector(_ text: String) async throws -> [Float] {
        try await HashingEmbedder().embed([text], as: .document)[0].vector
    }

    @Test func everyTextHasAUnitVectorThatDoesNotDependOnItsNeighbours() async throws {
        let texts = ["", "?!", "a", "The blue bicycle", "日本語の文章", String(repeating: "gate ", count: 4000)]
        let together = try await HashingEmbedder().embed(texts, as: .query)
        for (text, embedding) in zip(texts, together) {
            #expect(embedding.vector.count == 256 && abs(cosine(embedding.vector, embedding.vector) - 1) < 1e-5)
            #expect(try await vector(text) == embedding.vector)
        }
    }

    @Test func sharedAndAlikeWordsAreNearerThanOthers() async throws {
        let wanted = try await vector("the bicycle was repaired")
        let alike = cosine(wanted, try await vector("Bicycles were repairable"))
        let other = cosine(wanted, try await vector("metric units, please"))
        #expect(alike > 0.3 && other < 0.15)
        #expect(try await vector("THE BICYCLE, was repaired!") == wanted)
    }

    @Test func theVectorsAreTheSameInEveryProcess() async throws {
        // Written down once: stored vectors have to stay comparable.
        let heads = try await vector("gate").enumerated().filter { $0.element != 0 }.map(\.offset)
        #expect(heads == [12, 135, 151, 157, 158, 171, 172, 182, 192, 244])
    }
}
