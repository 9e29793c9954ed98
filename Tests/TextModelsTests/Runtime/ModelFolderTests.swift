import Foundation
import StrataCore
import Testing

@testable import TextModels

struct ModelFolderTests {
    private func load(_ folder: ScratchFolder, _ verification: ModelVerification = .once) async throws -> OnnxEmbedder {
        var options = OnnxEmbedder.Options()
        options.workerCount = 1
        options.verification = verification
        return try await OnnxEmbedder.load(folder: folder.path, options: options)
    }

    /// A folder with one of the tiny graphs, whose token states are [id, id + 1, -id, 1].
    private func tiny(_ name: String, edit: (inout [String: Any]) -> Void = { _ in }) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        try folder.copyModel { fields in
            fields["dimension"] = 4
            fields["sha256"] = nil
            fields["selfTest"] = ["tolerance": 0.01, "pairs": [["first": "a", "second": "a", "cosine": 1]]]
            edit(&fields)
        }
        try FileManager.default.removeItem(atPath: "\(folder.path)/model.onnx")
        try FileManager.default.copyItem(atPath: fixture(name), toPath: "\(folder.path)/model.onnx")
        return folder
    }

    /// What the tiny graphs make of these token ids, at unit length.
    private func expected(_ ids: [Float]) -> [Float] {
        let mean = ids.reduce(0, +) / Float(ids.count)
        let vector = [mean, mean + 1, -mean, 1]
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }

    @Test func aMissingFolderIsNotFound() async throws {
        let error = try await failure(.notFound) { _ = try await OnnxEmbedder.load(folder: "/nowhere/model") }
        #expect(error.message.contains("/nowhere/model") && error.message.contains("make setup"))
    }

    @Test(arguments: ["model.onnx", "tokenizer.json", ModelCard.fileName])
    func aMissingFileIsNamed(name: String) async throws {
        let folder = try ScratchFolder()
        try folder.copyModel()
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
        let error = try await failure(.modelInvalid) { _ = try await load(folder) }
        #expect(error.message.contains(name))
    }

    @Test func aTruncatedModelIsRefusedWithAndWithoutItsHash() async throws {
        for hasDigest in [true, false] {
            let folder = try ScratchFolder()
            try folder.copyModel { if !hasDigest { $0["sha256"] = nil } }
            let whole = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/model.onnx"))
            try folder.write(whole.prefix(whole.count - 1000), to: "model.onnx")
            let error = try await failure(.modelInvalid) { _ = try await load(folder) }
            #expect(error.message.contains(hasDigest ? "SHA-256" : "cannot load"))
        }
    }

    @Test func aWrongDimensionIsRefused() async throws {
        let folder = try ScratchFolder()
        try folder.copyModel { $0["dimension"] = 512 }
        let error = try await failure(.modelInvalid) { _ = try await load(folder) }
        #expect(error.message.contains("384") && error.message.contains("512"))
    }

    @Test func aFailingSelfTestSaysWhatCameAndWhatWasExpected() async throws {
        let folder = try ScratchFolder()
        try folder.copyModel { $0["pooling"] = "cls" }
        let error = try await failure(.modelInvalid) { _ = try await load(folder) }
        #expect(error.message.contains("self-test") && error.message.contains("0.6961"))
        #expect(!error.message.contains("happy"))
    }

    @Test func aPassedCheckIsRememberedUntilSomethingChanges() async throws {
        let folder = try ScratchFolder()
        try folder.copyModel()
        let first = try await load(folder)
        let record = "\(folder.path)/\(VerificationRecord.fileName)"
        let written = try Data(contentsOf: URL(fileURLWithPath: record))
        #expect(try await load(folder).space == first.space)
        #expect(try Data(contentsOf: URL(fileURLWithPath: record)) == written)

        // A record of another runtime version holds no longer and is replaced.
        var stale = try JSONDecoder().decode(VerificationRecord.self, from: written)
        stale.runtimeVersion = "1.0.0"
        stale.weightsDigest = String(repeating: "0", count: 64)
        try JSONEncoder().encode(stale).write(to: URL(fileURLWithPath: record))
        #expect(try await load(folder).space == first.space)
        #expect(
            try JSONDecoder().decode(VerificationRecord.self, from: Data(contentsOf: URL(fileURLWithPath: record)))
                .runtimeVersion == first.runtimeVersion)

        // Other weights of the same length are noticed, though a record is there.
        let model = URL(fileURLWithPath: "\(folder.path)/model.onnx")
        var bytes = try Data(contentsOf: model)
        bytes[bytes.count / 2] ^= 0x40
        try bytes.write(to: model)
        let error = try await failure(.modelInvalid) { _ = try await load(folder) }
        #expect(error.message.contains("SHA-256"))
    }

    @Test func aDamagedRecordIsIgnored() async throws {
        let folder = try ScratchFolder()
        try folder.copyModel()
        try folder.write(Data("{\"files\":".utf8), to: VerificationRecord.fileName)
        _ = try await load(folder)
    }

    @Test(
        arguments: [
            ("mean", [101, 2008, 2003, 1037, 3407, 2711, 102]), ("cls", [101]), ("last", [102]),
        ] as [(String, [Float])])
    func poolingTakesTheTextsTokensOnBothPaddingSides(pooling: String, ids: [Float]) async throws {
        for side in ["right", "left"] {
            let folder = try tiny("states") {
                $0["pooling"] = pooling
                $0["paddingSide"] = side
            }
            let texts = ["That is a happy person", "That is a happy person and a very long row beside it"]
            let result = try await load(folder).embed(texts, as: .document)[0]
            for (component, wanted) in zip(result.vector, expected(ids)) { #expect(abs(component - wanted) < 1e-5) }
        }
    }

    @Test func aGraphOfHalvesAndOneThatPoolsWork() async throws {
        let text = ["hello world"]
        let wide = try await load(tiny("states")).embed(text, as: .query)[0].vector
        let half = try await load(tiny("half")).embed(text, as: .query)[0].vector
        let pooled = try await load(tiny("pooled") { $0["pooling"] = "none" }).embed(text, as: .query)[0].vector
        for (index, component) in wide.enumerated() {
            #expect(abs(component - half[index]) < 1e-3)
            #expect(abs(component - pooled[index]) < 1e-6)
        }
    }

    @Test func aModelThatDependsOnItsBatchRunsEachTextAlone() async throws {
        let folder = try tiny("pooled") {
            $0["pooling"] = "none"
            $0["batchInvariant"] = false
        }
        // This graph averages the padding as well, so a batch would change the shorter text's vector.
        let embedder = try await load(folder)
        let together = try await embedder.embed(["hello", "hello there, general, how do you do"], as: .document)
        let alone = try await embedder.embed(["hello"], as: .document)
        #expect(together[0] == alone[0])
    }

    @Test func theRolesPrefixIsPutBeforeTheText() async throws {
        let folder = try tiny("states") {
            $0["queryPrefix"] = "find: "
            $0["documentPrefix"] = ""
        }
        let embedder = try await load(folder)
        let asQuery = try await embedder.embed(["me"], as: .query)[0]
        let spelled = try await embedder.embed(["find: me"], as: .document)[0]
        let bare = try await embedder.embed(["me"], as: .document)[0]
        #expect(asQuery == spelled && asQuery != bare)
    }

    @Test func notANumberIsAFailedInference() async throws {
        // The square root of a negative component; the self-test is the first to see it.
        let error = try await failure(.inferenceFailed) { _ = try await load(tiny("not-a-number")) }
        #expect(error.message.contains("NaN"))
    }

    @Test func vectorsThatShouldHaveUnitLengthButDoNotAreRefused() async throws {
        let error = try await failure(.inferenceFailed) {
            _ = try await load(
                tiny("pooled") {
                    $0["pooling"] = "none"; $0["normalize"] = false
                })
        }
        #expect(error.message.contains("normalize"))
    }
}
