internal import Foundation
internal import HTTPTypes
internal import Strata
internal import StrataCore

/// Embeddings and models in the form of OpenAI's API, for clients that know no other.
struct OpenAIRoutes: RouteGroup {
    /// The most texts of one call.
    private static let inputCountMax = 2048

    let engine: MemoryEngine

    private enum Encoding: String, CaseIterable { case float, base64 }
    private enum InputType: String, CaseIterable { case query, document }

    var routes: [Route] {
        [
            Route(
                .post, "/v1/embeddings", access: .scope(.read), namespace: .none, cost: 5, dialect: .openAI,
                documentation: RouteDocumentation(
                    "createEmbeddings", "Embeds texts with the engine's model.",
                    request: [
                        MediaType.json: Schema.object(
                            [
                                "model": Schema.string,
                                "input": ["anyOf": [Schema.string, Schema.array(Schema.string)]],
                                "encoding_format": Schema.choice(Encoding.self), "dimensions": Schema.integer,
                                "user": Schema.string, "input_type": Schema.choice(InputType.self),
                            ], required: ["input", "model"])
                    ], responses: [200: [MediaType.json: Schema.anyObject]]), handler: embeddings),
            Route(
                .get, "/v1/models", access: .scope(.read), namespace: .none, dialect: .openAI,
                documentation: RouteDocumentation(
                    "listModels", "The engine's embedding model.",
                    responses: [200: [MediaType.json: Schema.anyObject]])
            ) { _ in
                .json([
                    "object": "list",
                    "data": .array(
                        engine.embeddingSpace.map { space in
                            [
                                [
                                    "id": .string(space.model), "object": "model", "created": 0, "owned_by": "local",
                                ]
                            ]
                        } ?? []),
                ])
            },
        ]
    }

    private func embeddings(_ request: ServerRequest) async throws -> Reply {
        var fields = try FieldReader(request.json(), "the body")
        let model = try fields.requiredString("model")
        let texts = try texts(fields.value("input"))
        let encoding = try fields.choice("encoding_format", Encoding.self) ?? .float
        let dimension = try fields.integer("dimensions")
        let isQuery = try fields.choice("input_type", InputType.self) == .query
        _ = try fields.string("user")
        try fields.finish()
        guard let space = engine.embeddingSpace else {
            throw StrataError(.runtimeUnavailable, "the server has no embedding model; run `strata doctor` there")
        }
        guard model == space.model else {
            throw StrataError(.notFound, "there is no model of that name; GET /v1/models lists them")
        }
        if let dimension, dimension != space.dimension {
            throw StrataError(
                .invalidArgument, "dimensions is \(dimension), this model gives \(space.dimension) and no fewer")
        }
        let made = try await engine.embed(texts, as: isQuery ? .query : .document)
        let tokenCount = Int64(made.reduce(0) { $0 + $1.tokenCount })
        let data = made.enumerated().map { index, embedding -> JSONValue in
            [
                "object": "embedding", "index": .integer(Int64(index)),
                "embedding": Self.value(of: embedding.vector, encoding),
            ]
        }
        return .json([
            "object": "list", "data": .array(data), "model": .string(space.model),
            "usage": ["prompt_tokens": .integer(tokenCount), "total_tokens": .integer(tokenCount)],
        ])
    }

    private func texts(_ input: JSONValue?) throws -> [String] {
        switch input {
        case .string(let text): return [text]
        case .array(let elements):
            guard (1...Self.inputCountMax).contains(elements.count) else {
                throw StrataError(
                    .invalidArgument, "input has \(elements.count) texts, expected 1 through \(Self.inputCountMax)")
            }
            return try elements.map { element in
                guard let text = element.stringValue else {
                    throw StrataError(
                        .invalidArgument,
                        "input holds \(element.kindName), expected strings; token ids belong to another tokenizer")
                }
                return text
            }
        default: throw StrataError(.invalidArgument, "input is missing or no string and no array of strings")
        }
    }

    private static func value(of vector: [Float], _ encoding: Encoding) -> JSONValue {
        switch encoding {
        case .float: return .array(vector.map { .number(Double($0)) })
        case .base64:
            let bytes = vector.flatMap { component in
                withUnsafeBytes(of: component.bitPattern.littleEndian) { Array($0) }
            }
            return .string(Data(bytes).base64EncodedString())
        }
    }
}
