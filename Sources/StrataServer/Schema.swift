internal import Strata
internal import StrataCore

/// JSON Schemas of what the routes take and give, as the OpenAPI document refers to them.
enum Schema {
    static let string: JSONValue = ["type": "string"]
    static let integer: JSONValue = ["type": "integer"]
    static let number: JSONValue = ["type": "number"]
    static let boolean: JSONValue = ["type": "boolean"]
    static let moment: JSONValue = ["type": "string", "format": "date-time"]
    static let uuid: JSONValue = ["type": "string", "format": "uuid"]
    static let anyObject: JSONValue = ["type": "object"]

    /// A reference to a schema of ``components``.
    static func named(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    static func array(_ element: JSONValue) -> JSONValue { ["type": "array", "items": element] }

    static func choice<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type) -> JSONValue
    where Choice.RawValue == String {
        ["type": "string", "enum": .array(Choice.allCases.map { .string($0.rawValue) })]
    }

    /// An object that takes no other members.
    static func object(_ properties: [String: JSONValue], required: [String] = []) -> JSONValue {
        var schema: [String: JSONValue] = [
            "type": "object", "properties": .object(properties), "additionalProperties": false,
        ]
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
        return .object(schema)
    }

    /// An object of an answer, which may grow in later versions.
    static func answer(_ properties: [String: JSONValue], required: [String]) -> JSONValue {
        [
            "type": "object", "properties": .object(properties),
            "required": .array(required.map { .string($0) }),
        ]
    }

    private static let memoryFields: [String: JSONValue] = [
        "text": string, "speaker": string, "layer": choice(Layer.self), "kind": string, "tags": array(string),
        "project": string, "session": string, "metadata": anyObject, "importance": number, "pinned": boolean,
        "source": choice(MemoryRecord.Source.self), "occurredAt": moment,
    ]

    /// The schemas that routes refer to by name.
    static var components: [String: JSONValue] {
        let record = memoryFields.merging([
            "id": uuid, "namespace": string, "createdAt": moment, "updatedAt": moment, "lastAccessedAt": moment,
            "accessCount": integer, "duplicateOf": uuid, "embeddingSpace": string, "change": integer,
        ]) { $1 }
        let degradation = answer(["code": string, "message": string], required: ["code", "message"])
        let change = answer(
            [
                "number": integer, "namespace": string, "record": uuid, "operation": choice(Change.Operation.self),
                "at": moment, "previous": anyObject,
            ], required: ["number", "namespace", "record", "operation", "at", "previous"])
        let hit = answer(
            ["record": named("Record"), "score": number, "parts": array(anyObject)], required: ["record", "score"])
        return [
            "Record": answer(record, required: ["id", "namespace", "text", "layer", "change"]),
            "Memory": object(
                memoryFields.merging(["id": uuid, "vector": array(number)]) { $1 }, required: ["text"]),
            "MemoryBatch": object(["memories": array(named("Memory"))], required: ["memories"]),
            "Patch": object(memoryFields.filter { !["speaker", "project", "session", "source"].contains($0.key) }),
            "Outcome": answer(
                [
                    "status": ["type": "string", "enum": ["stored", "duplicate", "replaced", "refused"]],
                    "record": named("Record"), "isTruncated": boolean, "chunkCount": integer,
                    "degradations": array(degradation),
                    "error": answer(["code": string, "message": string], required: ["code", "message"]),
                ], required: ["status"]),
            "BatchOutcome": answer(
                [
                    "results": array(named("Outcome")), "storedCount": integer, "duplicateCount": integer,
                    "refusedCount": integer,
                ], required: ["results", "storedCount", "duplicateCount", "refusedCount"]),
            "RecordPage": answer(["records": array(named("Record")), "nextCursor": string], required: ["records"]),
            "Receipt": answer(
                [
                    "ids": array(uuid), "recordCount": integer, "vectorCount": integer, "keywordCount": integer,
                    "historyCount": integer, "change": integer, "dryRun": boolean,
                ], required: ["recordCount"]),
            "Recall": object(
                [
                    "query": string, "limit": integer, "layers": array(choice(Layer.self)), "filter": anyObject,
                    "scoreMin": number, "signals": choice(RecallOptions.Signals.self), "candidateCount": integer,
                    "countsUse": boolean, "timeZone": string, "session": string, "explain": boolean,
                    "deadlineMs": integer,
                ], required: ["query"]),
            "RecallAnswer": answer(
                [
                    "hits": array(hit), "stages": array(anyObject), "degradations": array(degradation),
                    "cutWords": array(string), "embeddingSpace": string, "milliseconds": number,
                ], required: ["hits", "degradations", "milliseconds"]),
            "Change": change,
            "ChangePage": answer(
                ["changes": array(change), "next": integer], required: ["changes", "next"]),
            "Statistics": answer(
                [
                    "namespace": string, "recordCount": integer, "recordCounts": anyObject, "pinnedCount": integer,
                    "vectorCount": integer, "vectorMissingCount": integer, "textBytes": integer,
                ], required: ["recordCount"]),
            "Health": answer(
                ["status": string, "version": string, "components": anyObject], required: ["status"]),
            "Problem": answer(
                [
                    "type": string, "title": string, "status": integer, "detail": string, "code": string,
                    "requestId": string, "retryable": boolean,
                ], required: ["type", "title", "status", "detail", "code", "requestId"]),
            "OpenAIError": answer(["error": anyObject], required: ["error"]),
        ]
    }
}

/// The media types that the routes speak.
enum MediaType {
    static let json = "application/json"
    static let ndjson = "application/x-ndjson"
    static let events = "text/event-stream"
}
