internal import HTTPTypes
internal import Strata
internal import StrataCore

/// Namespaces: which there are, what they hold, and the end of one.
struct NamespaceRoutes: RouteGroup {
    let engine: MemoryEngine

    var routes: [Route] {
        [
            Route(
                .get, "/v1/namespaces", access: .scope(.read), namespace: .none, cost: 2,
                documentation: RouteDocumentation(
                    "listNamespaces", "The namespaces of the caller that hold records, by name.",
                    responses: [
                        200: [
                            MediaType.json: Schema.answer(
                                ["namespaces": Schema.array(Schema.string)], required: ["namespaces"])
                        ]
                    ]), handler: list),
            Route(
                .get, "/v1/namespaces/{namespace}", access: .scope(.read), namespace: .path, cost: 2,
                documentation: RouteDocumentation(
                    "getNamespace", "Counts and sizes of a namespace; zeros for one that holds nothing.",
                    responses: [200: [MediaType.json: Schema.named("Statistics")]])
            ) { try await Statistics.reply(engine, $0) },
            Route(
                .delete, "/v1/namespaces/{namespace}", access: .scope(.admin), namespace: .path, cost: 10,
                isAudited: true,
                documentation: RouteDocumentation(
                    "deleteNamespace", "Removes everything in a namespace; dryRun counts.",
                    query: ["dryRun": Schema.boolean],
                    responses: [200: [MediaType.json: Schema.named("Receipt")]]), handler: delete),
        ]
    }

    private func list(_ request: ServerRequest) async throws -> Reply {
        try FieldReader(query: request).finish()
        let names = try await engine.namespaces().filter(request.caller.sees)
        return .json(["namespaces": .array(names.map { .string($0) })])
    }

    private func delete(_ request: ServerRequest) async throws -> Reply {
        var query = FieldReader(query: request)
        let isDryRun = try query.boolText("dryRun") ?? false
        try query.finish()
        return try await forget(.everything, of: engine, in: request.namespace, isDryRun: isDryRun)
    }
}

/// What a caller may know of the size of one namespace: nothing that others have a part in, such as the store's files or
/// its last change.
struct Statistics: Encodable {
    let namespace: String
    let recordCount: Int
    let recordCounts: [Layer: Int]
    let pinnedCount: Int
    let vectorCount: Int
    let vectorMissingCount: Int
    let textBytes: Int
    let embeddingSpace: String?

    static func reply(_ engine: MemoryEngine, _ request: ServerRequest) async throws -> Reply {
        try FieldReader(query: request).finish()
        let all = try await engine.stats(in: request.namespace)
        return try .json(
            encoding:
                Statistics(
                    namespace: request.namespace, recordCount: all.store.recordCount,
                    recordCounts: all.store.recordCounts, pinnedCount: all.store.pinnedCount,
                    vectorCount: all.store.vectorCount, vectorMissingCount: all.vectorMissingCount,
                    textBytes: all.store.textBytes, embeddingSpace: all.embeddingSpace))
    }
}
