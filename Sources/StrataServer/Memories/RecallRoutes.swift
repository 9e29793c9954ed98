internal import Foundation
internal import HTTPTypes
internal import Strata
internal import StrataCore

/// Recall.
struct RecallRoutes: RouteGroup {
    let engine: MemoryEngine

    var routes: [Route] {
        [
            Route(
                .post, "/v1/recall", access: .scope(.read), cost: 3,
                documentation: RouteDocumentation(
                    "recall", "Finds memories by meaning and by words, best first.",
                    request: [MediaType.json: Schema.named("Recall")],
                    responses: [200: [MediaType.json: Schema.named("RecallAnswer")]]), handler: recall)
        ]
    }

    private func recall(_ request: ServerRequest) async throws -> Reply {
        try FieldReader(query: request).finish()
        var fields = try FieldReader(request.json(), "the body")
        let query = try fields.requiredString("query")
        let limit = try fields.integer("limit") ?? 10
        let options = try RecallOptions(&fields)
        let explain = try fields.bool("explain") ?? false
        let deadline = try fields.integer("deadlineMs")
        try fields.finish()
        if let deadline, !(1...600_000).contains(deadline) {
            throw StrataError(.invalidArgument, "deadlineMs is \(deadline), expected 1 through 600000")
        }
        let (engine, namespace) = (engine, request.namespace)
        let answer = try await withTimeout(.milliseconds(deadline ?? 600_000)) {
            try await engine.recall(query, in: namespace, limit: limit, options: options)
        }
        return try .json(encoding: RecallReply(answer: answer, explain: explain))
    }
}

extension RecallOptions {
    /// Takes the options out of a request's body.
    init(_ fields: inout FieldReader) throws {
        self.init()
        if let names = try fields.strings("layers") {
            guard !names.isEmpty else {
                throw StrataError(.invalidArgument, "layers in the body is empty; leave it out for all")
            }
            layers = Set(try names.map { try FieldReader.choice($0, "layers", in: "the body") })
        }
        filter = try fields.value("filter").map { try Filter(json: $0) }
        scoreMin = try fields.number("scoreMin") ?? scoreMin
        signals = try fields.choice("signals") ?? signals
        candidateCount = try fields.integer("candidateCount") ?? candidateCount
        countsUse = try fields.bool("countsUse") ?? countsUse
        timeZone = try fields.string("timeZone")
        session = try fields.string("session")
    }
}

/// An answer; without an explanation the parts of scores and the stages are left out.
private struct RecallReply: Encodable {
    let answer: RecallAnswer
    let explain: Bool

    private struct BareHit: Encodable {
        let record: MemoryRecord
        let score: Double
    }

    private enum CodingKeys: String, CodingKey {
        case hits, degradations, cutWords, embeddingSpace, milliseconds
    }

    func encode(to encoder: any Encoder) throws {
        if explain { return try answer.encode(to: encoder) }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(answer.hits.map { BareHit(record: $0.record, score: $0.score) }, forKey: .hits)
        try container.encode(answer.degradations, forKey: .degradations)
        try container.encode(answer.cutWords, forKey: .cutWords)
        try container.encodeIfPresent(answer.embeddingSpace, forKey: .embeddingSpace)
        try container.encode(answer.milliseconds, forKey: .milliseconds)
    }
}
