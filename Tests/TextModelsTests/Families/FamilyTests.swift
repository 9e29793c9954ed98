import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import TextModels

/// The small models of Tools/models/make_families.py, which have the signatures of known exports, against what the
/// script's plain description of the same maths gives.
struct FamilyTests {
    private struct EmbeddingReference: Decodable {
        let text: String
        let role: EmbeddingRole
        let vector: [Float]
    }

    struct ScoreReference: Decodable {
        let query: String
        let text: String
        let score: Double
    }

    /// A folder of the families, copied, as loading writes into it.
    static func copy(_ name: String, edit: (inout [String: Any]) -> Void = { _ in }) throws -> ScratchFolder {
        let home = try #require(StrataHome.path())
        let source = "\(home)/golden/families/\(name)"
        try #require(
            FileManager.default.fileExists(atPath: source),
            "no families at \(source): run make setup (Tools/setup --test)")
        let folder = try ScratchFolder()
        for file in try FileManager.default.contentsOfDirectory(atPath: source) {
            try FileManager.default.copyItem(atPath: "\(source)/\(file)", toPath: "\(folder.path)/\(file)")
        }
        let card = URL(fileURLWithPath: "\(folder.path)/\(ModelCard.fileName)")
        var fields = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: card)) as? [String: Any])
        edit(&fields)
        try JSONSerialization.data(withJSONObject: fields).write(to: card)
        return folder
    }

    static func references<Reference: Decodable>(_ folder: ScratchFolder) throws -> [Reference] {
        try JSONDecoder().decode(
            [Reference].self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/golden.json")))
    }

    @Test(
        arguments: [
            ("bert-mean", 2e-5), ("xlmr-cls-external", 2e-5), ("pooled-shortened", 2e-5), ("decoder-bare", 2e-5),
            ("decoder-left-float", 2e-5), ("decoder-right-float", 2e-5), ("decoder-left-half", 2e-3),
            ("decoder-right-half", 2e-3),
        ] as [(String, Float)])
    func aModelOfEverySignatureGivesTheReferencesVectors(name: String, tolerance: Float) async throws {
        let folder = try Self.copy(name)
        let references: [EmbeddingReference] = try Self.references(folder)
        let embedder = try await OnnxEmbedder.load(folder: folder.path)
        for role in EmbeddingRole.allCases {
            let wanted = references.filter { $0.role == role }
            // All together, so that every row but the longest is padded.
            let results = try await embedder.embed(wanted.map(\.text), as: role)
            for (reference, result) in zip(wanted, results) {
                #expect(result.vector.count == embedder.space.dimension)
                let difference = zip(result.vector, reference.vector).map { abs($0 - $1) }.max() ?? .infinity
                #expect(difference <= tolerance, "\(name), \(role), \(reference.text.prefix(20))")
            }
            #expect(wanted.count >= 2)
        }
    }

    @Test func aShortenedVectorHasASpaceOfItsOwn() async throws {
        let shortened = try Self.copy("pooled-shortened")
        let short = try await OnnxEmbedder.load(folder: shortened.path)
        let folder = try Self.copy("pooled-shortened") {
            $0["dimension"] = 32
            $0["selfTest"] = ["tolerance": 0.01, "pairs": [["first": "a", "second": "a", "cosine": 1]]]
        }
        let whole = try await OnnxEmbedder.load(folder: folder.path)
        #expect(short.space != whole.space && short.space.dimension == 12 && whole.space.dimension == 32)
        let (first, second) = (
            try await short.embed(["a garden"], as: .document)[0].vector,
            try await whole.embed(["a garden"], as: .document)[0].vector
        )
        let length = second.prefix(12).reduce(0) { $0 + $1 * $1 }.squareRoot()
        for (component, wanted) in zip(first, second) { #expect(abs(component - wanted / length) < 1e-5) }
    }

    @Test func aShortenedVectorHasToBeNormalised() async throws {
        let folder = try Self.copy("pooled-shortened") { $0["normalize"] = false }
        let error = try await failure(.modelInvalid) { _ = try await OnnxEmbedder.load(folder: folder.path) }
        #expect(error.message.contains("normalize") && error.message.contains("12"))
    }

    @Test func missingExternalWeightsAreNamed() async throws {
        let folder = try Self.copy("xlmr-cls-external")
        try FileManager.default.removeItem(atPath: "\(folder.path)/model.onnx_data")
        let error = try await failure(.modelInvalid) { _ = try await OnnxEmbedder.load(folder: folder.path) }
        #expect(error.message.contains("model.onnx_data"))
    }

    @Test func truncatedExternalWeightsAreRefusedWithAndWithoutTheirHash() async throws {
        for hasDigest in [true, false] {
            let folder = try Self.copy("xlmr-cls-external") { if !hasDigest { $0["sha256"] = nil } }
            let whole = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/model.onnx_data"))
            try folder.write(whole.prefix(whole.count / 2), to: "model.onnx_data")
            let error = try await failure(.modelInvalid) { _ = try await OnnxEmbedder.load(folder: folder.path) }
            #expect(error.message.contains(hasDigest ? "SHA-256" : "cannot load"))
        }
    }

    @Test func theCacheKeyTellsTheRolesAndTheDimensionsApart() async throws {
        let folder = try Self.copy("decoder-bare")
        let cache = CachedEmbedder(try await OnnxEmbedder.load(folder: folder.path)) { Timestamp(milliseconds: 0) }
        let document = try await cache.embed(["Which bicycle?"], as: .document)[0]
        let query = try await cache.embed(["Which bicycle?"], as: .query)[0]
        // The instruction belongs to the query alone.
        #expect(query.vector != document.vector && query.tokenCount > document.tokenCount)
        #expect(try await cache.embed(["Which bicycle?"], as: .document)[0] == document)
        let other = try Self.copy("decoder-bare") {
            $0["queryPrefix"] = "Instruct: another\nQuery:"
            $0["selfTest"] = ["pairs": [["first": "a", "second": "a", "cosine": 1]]]
        }
        let fingerprint = try await OnnxEmbedder.load(folder: other.path).fingerprint
        #expect(fingerprint != cache.fingerprint)
    }

    @Test func anOrderThatDoesNotHoldRefusesTheModel() async throws {
        for isKept in [true, false] {
            let folder = try Self.copy("bert-mean") {
                let texts = ["The user prefers metric units", "Où est la bibliothèque"]
                $0["selfTest"] = [
                    "orders": [
                        [
                            "query": "The user prefers metric units", "nearer": texts[isKept ? 0 : 1],
                            "farther": texts[isKept ? 1 : 0],
                        ]
                    ]
                ]
            }
            if isKept {
                _ = try await OnnxEmbedder.load(folder: folder.path)
            } else {
                let error = try await failure(.modelInvalid) { _ = try await OnnxEmbedder.load(folder: folder.path) }
                #expect(error.message.contains("self-test"))
            }
        }
    }

    @Test func aModelOfAnotherKindIsRefusedByName() async throws {
        let folder = try Self.copy("rerank-n")
        let error = try await failure(.modelInvalid) { _ = try await OnnxEmbedder.load(folder: folder.path) }
        #expect(error.message.contains("reranker") && error.message.contains("embedding"))
    }
}
