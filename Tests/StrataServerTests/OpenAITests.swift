import Foundation
import Strata
import StrataCore
import StrataTesting
import Testing

@Suite("OpenAI's dialect")
struct OpenAITests {
    @Test("Embeddings are the model's, as numbers and as base64")
    func embeddings() async throws {
        let embedder = SeededEmbedder()
        try await TestServer.run(embedder: embedder) { server in
            let wanted = try await embedder.embed(["a cat", "a dog"], as: .document).map(\.vector)
            let model = JSONValue.string(embedder.space.model)
            let answer = try await server.client.send(
                "POST", "/v1/embeddings", json: ["model": model, "input": ["a cat", "a dog"]]
            ).json
            #expect(answer["object"] == "list")
            let vectors = answer["data"]?.elements.map { item in
                item["embedding"]?.elements.compactMap { $0.doubleValue.map { Float($0) } } ?? []
            }
            #expect(vectors == wanted)
            #expect(answer["data"]?.elements.map { $0["index"]?.integer } == [0, 1])
            #expect((answer["usage"]?["prompt_tokens"]?.integer ?? 0) > 0)

            let encoded = try await server.client.send(
                "POST", "/v1/embeddings", json: ["model": model, "input": "a cat", "encoding_format": "base64"]
            ).json
            let text = try #require(encoded["data"]?[0]?["embedding"]?.stringValue)
            let bytes = Array(try #require(Data(base64Encoded: text)))
            let floats = stride(from: 0, to: bytes.count, by: 4).map { start in
                Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
            }
            #expect(floats == wanted[0])
            #expect(try await server.engine.stats().cache?.entryCount ?? 0 == 0)
        }
    }

    @Test("The models are listed, and what cannot be done is refused in OpenAI's form")
    func refusals() async throws {
        let embedder = SeededEmbedder()
        let model = embedder.space.model
        try await TestServer.run(embedder: embedder) { server in
            let models = try await server.client.send("GET", "/v1/models").json
            #expect(models["data"]?[0]?["id"]?.stringValue == model)
            let cases: [(JSONValue, Int, String)] = [
                (["model": .string(model), "input": "a", "dimensions": 7], 400, "dimensions"),
                (["model": .string(model), "input": [1, 2]], 400, "token"),
                (["model": .string(model), "input": []], 400, "input"),
                (["model": .string(model)], 400, "input"),
                (["model": "other", "input": "a"], 404, "model"),
                (["model": .string(model), "input": "a", "colour": 1], 400, "colour"),
            ]
            for (body, status, named) in cases {
                let answer = try await server.client.send("POST", "/v1/embeddings", json: body)
                #expect(answer.status == status)
                let error = try answer.json["error"]
                #expect(error?["type"] == "invalid_request_error")
                #expect(error?["message"]?.stringValue?.contains(named) == true, "\(answer.text)")
            }
        }
        try await TestServer.run(embedder: nil) { server in
            let answer = try await server.client.send("POST", "/v1/embeddings", json: ["model": "m", "input": "a"])
            #expect(answer.status == 503)
            #expect(try answer.json["error"]?["type"] == "server_error")
        }
    }
}
