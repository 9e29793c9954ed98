internal import HTTPTypes
internal import Strata
internal import StrataCore

/// Records: made, listed, read, changed, moved, pinned, forgotten.
struct MemoryRoutes: RouteGroup {
    let engine: MemoryEngine

    var routes: [Route] {
        [
            Route(
                .post, "/v1/memories", access: .scope(.write), cost: 5, isIdempotent: true,
                documentation: RouteDocumentation(
                    "createMemories", "Stores one memory, or many.",
                    query: ["onDuplicate": Schema.choice(DuplicatePolicy.self)],
                    request: [
                        MediaType.json: ["oneOf": [Schema.named("Memory"), Schema.named("MemoryBatch")]],
                        MediaType.ndjson: Schema.named("Memory"),
                    ],
                    responses: [
                        200: [
                            MediaType.json: ["oneOf": [Schema.named("Outcome"), Schema.named("BatchOutcome")]],
                            MediaType.ndjson: Schema.named("Outcome"),
                        ],
                        201: [MediaType.json: Schema.named("Outcome")],
                    ]), handler: create),
            Route(
                .get, "/v1/memories", access: .scope(.read), cost: 2,
                documentation: RouteDocumentation(
                    "listMemories", "A page of records in the order in which they were stored.",
                    query: ["filter": Schema.string, "cursor": Schema.string, "limit": Schema.integer],
                    responses: [200: [MediaType.json: Schema.named("RecordPage")]]), handler: list),
            Route(
                .delete, "/v1/memories", access: .scope(.write), cost: 5, isAudited: true,
                documentation: RouteDocumentation(
                    "deleteMemories", "Removes all records that pass the filter, everywhere; dryRun counts them.",
                    query: ["filter": Schema.string, "dryRun": Schema.boolean],
                    responses: [200: [MediaType.json: Schema.named("Receipt")]]), handler: deleteMany),
            Route(
                .get, "/v1/memories/{id}", access: .scope(.read),
                documentation: RouteDocumentation(
                    "getMemory", "One record; its change number is the ETag.",
                    responses: [200: [MediaType.json: Schema.named("Record")], 304: [:]]), handler: get),
            Route(
                .patch, "/v1/memories/{id}", access: .scope(.write), cost: 5,
                documentation: RouteDocumentation(
                    "updateMemory", "Changes fields; with If-Match only at that version.",
                    request: [MediaType.json: Schema.named("Patch")],
                    responses: [200: [MediaType.json: Schema.named("Record")]]), handler: update),
            Route(
                .delete, "/v1/memories/{id}", access: .scope(.write), cost: 5,
                documentation: RouteDocumentation(
                    "deleteMemory", "Removes a record everywhere.",
                    responses: [200: [MediaType.json: Schema.named("Receipt")]]), handler: delete),
            Route(
                .get, "/v1/memories/{id}/history", access: .scope(.read),
                documentation: RouteDocumentation(
                    "getHistory", "What happened to a record, oldest first.",
                    responses: [200: [MediaType.json: Schema.named("ChangePage")]]), handler: history),
            Route(
                .post, "/v1/memories/{id}/move", access: .scope(.write), cost: 2,
                documentation: RouteDocumentation(
                    "moveMemory", "Moves a record to a layer: a promotion or demotion by hand.",
                    request: [
                        MediaType.json: Schema.object(["layer": Schema.choice(Layer.self)], required: ["layer"])
                    ], responses: [200: [MediaType.json: Schema.named("Record")]]), handler: move),
            Route(
                .put, "/v1/memories/{id}/pin", access: .scope(.write), cost: 2,
                documentation: RouteDocumentation(
                    "pinMemory", "Exempts a record from expiry and eviction.",
                    responses: [200: [MediaType.json: Schema.named("Record")]])
            ) { try await pin($0, true) },
            Route(
                .delete, "/v1/memories/{id}/pin", access: .scope(.write), cost: 2,
                documentation: RouteDocumentation(
                    "unpinMemory", "Ends the exemption.", responses: [200: [MediaType.json: Schema.named("Record")]])
            ) { try await pin($0, false) },
        ]
    }

    // MARK: Making

    private func create(_ request: ServerRequest) async throws -> Reply {
        var query = FieldReader(query: request)
        let onDuplicate = try query.choice("onDuplicate", DuplicatePolicy.self) ?? .skip
        try query.finish()
        if [MediaType.ndjson, "application/jsonl"].contains(request.mediaType) {
            let memories = try NewMemory.lines(request.body)
            return try await createMany(memories, request, onDuplicate, asLines: true)
        }
        let body = try request.json()
        if case .object(let members) = body, members["memories"] != nil {
            var fields = try FieldReader(body, "the body")
            let memories = try (fields.array("memories") ?? []).enumerated().map {
                try NewMemory(json: $1, "memories[\($0)]")
            }
            try fields.finish()
            return try await createMany(memories, request, onDuplicate, asLines: false)
        }
        let outcome = try await engine.remember(
            NewMemory(json: body, "the body"), in: request.namespace, onDuplicate: onDuplicate)
        var headers = Self.entityTag(of: outcome.record)
        headers[.location] = "/v1/memories/\(outcome.record.id)?namespace=\(PercentCoding.encode(request.namespace))"
        return try .json(encoding: outcome, outcome.status == .stored ? .created : .ok, headers: headers)
    }

    private func createMany(
        _ memories: [NewMemory], _ request: ServerRequest, _ onDuplicate: DuplicatePolicy, asLines: Bool
    ) async throws -> Reply {
        let results = try await engine.remember(memories, in: request.namespace, onDuplicate: onDuplicate)
        let answer = BatchAnswer(results)
        return asLines ? try answer.lines() : try .json(encoding: answer)
    }

    // MARK: Reading

    private func list(_ request: ServerRequest) async throws -> Reply {
        var query = FieldReader(query: request)
        let filter = try query.filterText("filter")
        let (cursor, limit) = (try query.string("cursor"), try query.integerText("limit"))
        try query.finish()
        return try .json(
            encoding:
                await engine.list(in: request.namespace, matching: filter, cursor: cursor, limit: limit ?? 50))
    }

    private func get(_ request: ServerRequest) async throws -> Reply {
        try FieldReader(query: request).finish()
        let id = try request.recordID()
        guard let record = try await engine.get(id, in: request.namespace) else { throw Self.notFound(id) }
        let headers = Self.entityTag(of: record)
        if let known = request.headers[.ifNoneMatch], known == "*" || known == headers[.eTag] {
            return Reply(.notModified, headers: headers)
        }
        return try .json(encoding: record, headers: headers)
    }

    private func history(_ request: ServerRequest) async throws -> Reply {
        try FieldReader(query: request).finish()
        let id = try request.recordID()
        let changes = try await engine.history(of: id, in: request.namespace)
        guard let last = changes.last else { throw Self.notFound(id) }
        return try .json(encoding: ChangePage(changes: changes, next: last.number))
    }

    // MARK: Changing

    private func update(_ request: ServerRequest) async throws -> Reply {
        try FieldReader(query: request).finish()
        let patch = try RecordPatch(json: request.json(), "the body")
        let id = try request.recordID()
        let expected = try Self.expectedChange(request)
        do {
            let record = try await engine.update(id, patch, in: request.namespace, ifChange: expected)
            return try .json(encoding: record, headers: Self.entityTag(of: record))
        } catch let error as StrataError where error.code == .conflict && expected != nil {
            throw StrataError(.preconditionFailed, "the record has changed since that version; read it again")
        }
    }

    private func move(_ request: ServerRequest) async throws -> Reply {
        try FieldReader(query: request).finish()
        var fields = try FieldReader(request.json(), "the body")
        let layer = try FieldReader.choice(fields.requiredString("layer"), "layer", in: "the body") as Layer
        try fields.finish()
        let record = try await engine.move(request.recordID(), to: layer, in: request.namespace)
        return try .json(encoding: record, headers: Self.entityTag(of: record))
    }

    private func pin(_ request: ServerRequest, _ isPinned: Bool) async throws -> Reply {
        try FieldReader(query: request).finish()
        let record = try await engine.pin(request.recordID(), isPinned, in: request.namespace)
        return try .json(encoding: record, headers: Self.entityTag(of: record))
    }

    // MARK: Forgetting

    private func delete(_ request: ServerRequest) async throws -> Reply {
        try FieldReader(query: request).finish()
        guard request.headers[.ifMatch] == nil else {
            throw StrataError(.invalidArgument, "a removal cannot depend on a version; leave If-Match out")
        }
        let id = try request.recordID()
        let receipt = try await engine.forget(.ids([id]), in: request.namespace)
        guard receipt.recordCount > 0 else { throw Self.notFound(id) }
        return try .json(encoding: receipt)
    }

    private func deleteMany(_ request: ServerRequest) async throws -> Reply {
        var query = FieldReader(query: request)
        let isDryRun = try query.boolText("dryRun") ?? false
        guard let filter = try query.filterText("filter") else {
            throw StrataError(
                .invalidArgument, "the query lacks a filter; DELETE /v1/namespaces/NAME removes everything")
        }
        try query.finish()
        return try await forget(.filter(filter), of: engine, in: request.namespace, isDryRun: isDryRun)
    }

    // MARK: Versions

    /// The record's change number, which changes with every change of the record.
    private static func entityTag(of record: MemoryRecord) -> HTTPFields { [.eTag: "\"\(record.change)\""] }

    private static func expectedChange(_ request: ServerRequest) throws -> Int64? {
        guard let tag = request.headers[.ifMatch], tag != "*" else { return nil }
        guard tag.hasPrefix("\""), tag.hasSuffix("\""), let change = Int64(tag.dropFirst().dropLast()) else {
            throw StrataError(.preconditionFailed, "If-Match holds no ETag that this server has given")
        }
        return change
    }

    private static func notFound(_ id: RecordID) -> StrataError {
        StrataError(.notFound, "there is no record \(id) in this namespace")
    }
}

/// Forgets, or counts what would be forgotten.
func forget(
    _ target: ForgetTarget, of engine: MemoryEngine, in namespace: String, isDryRun: Bool
) async throws -> Reply {
    guard isDryRun else { return try .json(encoding: await engine.forget(target, in: namespace)) }
    let count = try await engine.count(of: target, in: namespace)
    return .json(["dryRun": true, "recordCount": .integer(Int64(count))])
}

extension ServerRequest {
    /// The record that the path names.
    func recordID() throws -> RecordID {
        guard let id = parameters["id"].flatMap(RecordID.init) else {
            throw StrataError(.invalidArgument, "the id in the path is no UUID")
        }
        return id
    }
}
