import Foundation
import StrataCore
import Testing

@testable import TextModels

struct ModelCardTests {
    static func fields() -> [String: Any] {
        [
            "schemaVersion": 1, "name": "tiny", "kind": "embedding", "precision": "float32", "source": "a test",
            "license": "CC0-1.0", "files": ["model": "model.onnx", "tokenizer": "tokenizer.json"], "pooling": "mean",
            "normalize": true, "queryPrefix": "query: ", "documentPrefix": "passage: ", "tokenCountMax": 8,
            "paddingSide": "right", "dimension": 384, "batchInvariant": true,
            "selfTest": ["tolerance": 0.01, "pairs": [["first": "a", "second": "b", "cosine": 0.5]]],
        ]
    }

    static func card(edit: (inout [String: Any]) -> Void = { _ in }) throws -> ModelCard {
        var fields = fields()
        edit(&fields)
        return try ModelCard(json: [UInt8](JSONSerialization.data(withJSONObject: fields)))
    }

    @Test func aCardIsReadAndSurvivesWriting() throws {
        let card = try Self.card()
        #expect(card.prefix(for: .query) == "query: " && card.prefix(for: .document) == "passage: ")
        #expect(card.files.data.isEmpty && card.sha256 == nil && card.output == nil)
        #expect(try ModelCard(json: [UInt8](JSONEncoder().encode(card))) == card)
    }

    @Test func aCardThatSaysNothingAboutLongTextsChunksThem() throws {
        let card = try Self.card()
        #expect(card.longText == .chunk && card.chunkOverlap == 1)
        #expect(try Self.card { $0["tokenCountMax"] = 8192 }.chunkOverlap == 32)
        #expect(try Self.card { $0["longText"] = "truncate" }.longText == .truncate)
        #expect(try Self.card { $0["chunkOverlap"] = 4 }.chunkOverlap == 4)
    }

    @Test(arguments: ["schemaVersion", "name", "files", "pooling", "dimension", "selfTest", "batchInvariant"])
    func aMissingKeyIsNamed(key: String) async throws {
        let error = try await failure(.modelInvalid) { _ = try Self.card { $0[key] = nil } }
        #expect(error.message.contains(key))
    }

    @Test func anUnknownKeyIsNamed() async throws {
        let top = try await failure(.modelInvalid) { _ = try Self.card { $0["normalise"] = true } }
        #expect(top.message.contains("normalise"))
        let inner = try await failure(.modelInvalid) {
            _ = try Self.card { $0["files"] = ["model": "m", "tokenizer": "t", "vocabulary": "v"] }
        }
        #expect(inner.message.contains("vocabulary") && inner.message.contains("files"))
    }

    @Test func anotherSchemaVersionIsReportedAsSuch() async throws {
        let error = try await failure(.modelInvalid) {
            _ = try Self.card {
                $0["schemaVersion"] = 2
                $0["novelty"] = 1
            }
        }
        #expect(error.message.contains("schemaVersion 2"))
    }

    @Test(
        arguments: [
            ("name", "a b"), ("name", ""), ("name", "a/b"), ("dimension", 0), ("dimension", 4097), ("dimension", "384"),
            ("tokenCountMax", 1), ("pooling", "max"), ("kind", "chat"), ("paddingSide", "top"), ("sha256", "abc"),
            ("longText", "split"), ("chunkOverlap", -1), ("chunkOverlap", 5),
        ] as [(String, any Sendable)])
    func aValueOutOfRangeIsNamed(key: String, value: any Sendable) async throws {
        let error = try await failure(.modelInvalid) { _ = try Self.card { $0[key] = value } }
        #expect(error.message.contains(key))
    }

    @Test(arguments: ["../model.onnx", "/etc/passwd", "a/b", "", ".hidden"])
    func aFileOutsideTheFolderIsRefused(name: String) async throws {
        let error = try await failure(.modelInvalid) {
            _ = try Self.card { $0["files"] = ["model": name, "tokenizer": "tokenizer.json"] }
        }
        #expect(error.message.contains("files"))
    }

    @Test func bytesThatAreNoJSONAreRefused() async throws {
        for bytes in ["", "{", "[]", "null", "\u{FEFF}"] {
            _ = try await failure(.modelInvalid) { _ = try ModelCard(json: [UInt8](bytes.utf8)) }
        }
    }
}
