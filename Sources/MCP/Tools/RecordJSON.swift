internal import StrataCore

/// Records as tools give them to a model: what says something, and no more, because every field costs tokens.
enum RecordJSON {
    /// How many characters of a text a list shows: a hundred memories of a megabyte each would fill no model's context
    /// with anything of use.
    static let briefCharacterMax = 4000

    /// What a list shows of a record.
    static func brief(_ record: MemoryRecord) -> [String: JSONValue] {
        var json = fields(record)
        let text = brief(record.text)
        json["text"] = .string(text)
        if text.utf8.count < record.text.utf8.count { json["isCut"] = true }
        return json
    }

    /// The beginning of a text.
    static func brief(_ text: String) -> String { String(text.prefix(briefCharacterMax)) }

    private static func fields(_ record: MemoryRecord) -> [String: JSONValue] {
        var json: [String: JSONValue] = [
            "id": .string(record.id.description), "text": .string(record.text),
            "layer": .string(record.layer.rawValue), "createdAt": .string(record.createdAt.description),
        ]
        json["speaker"] = record.speaker.map(JSONValue.string)
        json["project"] = record.project.map(JSONValue.string)
        json["session"] = record.session.map(JSONValue.string)
        json["occurredAt"] = record.occurredAt.map { .string($0.description) }
        if record.kind != "general" { json["kind"] = .string(record.kind) }
        if !record.tags.isEmpty { json["tags"] = .array(record.tags.map(JSONValue.string)) }
        if record.pinned { json["pinned"] = true }
        return json
    }

    /// All of a record.
    static func full(_ record: MemoryRecord) -> JSONValue {
        var json = fields(record)
        json["kind"] = .string(record.kind)
        json["tags"] = .array(record.tags.map(JSONValue.string))
        json["pinned"] = .bool(record.pinned)
        json["importance"] = .number(record.importance)
        json["metadata"] = .object(record.metadata)
        json["source"] = .string(record.source.rawValue)
        json["updatedAt"] = .string(record.updatedAt.description)
        json["useCount"] = .integer(Int64(record.accessCount))
        json["lastUsedAt"] = record.lastAccessedAt.map { .string($0.description) }
        json["nearlyRepeats"] = record.duplicateOf.map { .string($0.description) }
        json["change"] = .integer(record.change)
        return .object(json)
    }

    private static let briefProperties: [String: JSONValue] = [
        "id": ["type": "string"], "text": ["type": "string"], "layer": ["type": "string"],
        "createdAt": ["type": "string"], "speaker": ["type": "string"], "project": ["type": "string"],
        "session": ["type": "string"], "occurredAt": ["type": "string"], "kind": ["type": "string"],
        "tags": ["type": "array", "items": ["type": "string"]], "pinned": ["type": "boolean"],
        "isCut": ["type": "boolean"],
    ]
    private static let briefRequired: [JSONValue] = ["id", "text", "layer", "createdAt"]

    /// The schema of ``brief(_:)``, with more members when given; these are always there.
    static func briefSchema(with more: [String: JSONValue] = [:]) -> JSONValue {
        [
            "type": "object", "properties": .object(briefProperties.merging(more) { $1 }),
            "required": .array(briefRequired + more.keys.sorted().map(JSONValue.string)),
        ]
    }

    /// The schema of ``full(_:)``.
    static let fullSchema: JSONValue = [
        "type": "object",
        "properties": .object(
            briefProperties.merging([
                "importance": ["type": "number"], "metadata": ["type": "object"], "source": ["type": "string"],
                "updatedAt": ["type": "string"], "useCount": ["type": "integer"], "lastUsedAt": ["type": "string"],
                "nearlyRepeats": ["type": "string"], "change": ["type": "integer"],
            ]) { $1 }),
        "required": .array(
            briefRequired + [
                "kind", "tags", "pinned", "importance", "metadata", "source", "updatedAt", "useCount", "change",
            ]),
    ]

    /// The schema of an object of exactly these members, all of them always there but the optional ones.
    static func schema(_ properties: [String: JSONValue], optional: Set<String> = []) -> JSONValue {
        [
            "type": "object", "properties": .object(properties),
            "required": .array(properties.keys.filter { !optional.contains($0) }.sorted().map(JSONValue.string)),
        ]
    }

    /// The schema of what was done with less than the usual means, one sentence each.
    static let notesSchema: JSONValue = ["type": "array", "items": ["type": "string"]]
}
