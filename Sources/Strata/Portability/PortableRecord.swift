internal import Foundation
public import StrataCore

/// A record outside of any store: with its vector and history when they were asked for, without what only means
/// something inside one store (the change number).
///
/// It is written as one line of JSON with sorted keys, so that equal records give equal bytes:
/// ```
/// {"accessCount":0,"createdAt":"2026-05-04T17:12:00.000Z","id":"01a2…","importance":0.5,"kind":"general",…,
///  "type":"record","vector":{"components":"BASE64","dimension":384,"model":"…","revision":"…"}}
/// ```
/// `components` are little-endian 32-bit floats. A field that is nil or empty is left out.
public struct PortableRecord: Sendable, Hashable {
    /// The record; its `change` is 0.
    public var record: MemoryRecord
    /// Its vector in the space that it named.
    public var embedding: StoredEmbedding?
    /// What happened to it, oldest first; the numbers count from 1.
    public var history: [Change]

    /// A record with what belongs to it.
    public init(record: MemoryRecord, embedding: StoredEmbedding? = nil, history: [Change] = []) {
        self.record = record
        self.embedding = embedding
        self.history = history
        self.record.change = 0
        self.record.embeddingSpace = embedding?.space.identifier
    }

    /// The record as one line of JSON, without a line end.
    public var jsonLine: String { JSONValue.object(members).jsonText }

    private var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "type": "record", "id": .string(record.id.description), "namespace": .string(record.namespace),
            "text": .string(record.text), "layer": .string(record.layer.rawValue), "kind": .string(record.kind),
            "importance": .number(record.importance), "source": .string(record.source.rawValue),
            "createdAt": .string(record.createdAt.description), "updatedAt": .string(record.updatedAt.description),
            "accessCount": .integer(Int64(record.accessCount)),
        ]
        members["speaker"] = record.speaker.map(JSONValue.string)
        members["project"] = record.project.map(JSONValue.string)
        members["session"] = record.session.map(JSONValue.string)
        members["occurredAt"] = record.occurredAt.map { .string($0.description) }
        members["lastAccessedAt"] = record.lastAccessedAt.map { .string($0.description) }
        members["duplicateOf"] = record.duplicateOf.map { .string($0.description) }
        if record.pinned { members["pinned"] = true }
        if !record.tags.isEmpty { members["tags"] = .array(record.tags.map(JSONValue.string)) }
        if !record.metadata.isEmpty { members["metadata"] = .object(record.metadata) }
        if let embedding { members["vector"] = Self.json(embedding) }
        if !history.isEmpty { members["history"] = .array(history.map(Self.json)) }
        return members
    }

    private static func json(_ embedding: StoredEmbedding) -> JSONValue {
        let bytes = embedding.vector.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
        return [
            "model": .string(embedding.space.model), "revision": .string(embedding.space.revision),
            "dimension": .integer(Int64(embedding.space.dimension)),
            "components": .string(Data(bytes).base64EncodedString()),
        ]
    }

    private static func json(_ change: Change) -> JSONValue {
        var members: [String: JSONValue] = [
            "operation": .string(change.operation.rawValue), "at": .string(change.at.description),
        ]
        if !change.previous.isEmpty { members["previous"] = .object(change.previous) }
        return .object(members)
    }
}

extension PortableRecord {
    /// Reads what ``jsonLine`` writes; unknown fields are passed over, so that later versions may add some.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` naming the field that is missing or wrong, never its value.
    public init(jsonLine: String) throws {
        try self.init(json: JSONValue(jsonText: jsonLine))
    }

    init(json: JSONValue) throws(StrataError) {
        let fields = try PortableFields(json, of: "the record")
        let created: Timestamp = try fields.moment("createdAt")
        var record = MemoryRecord(
            id: try fields.id("id"), namespace: try fields.text("namespace"), text: try fields.text("text"),
            createdAt: created, updatedAt: try fields.optional("updatedAt", fields.moment) ?? created)
        record.speaker = try fields.optional("speaker", fields.text)
        record.layer = try fields.optional("layer", fields.choice) ?? record.layer
        record.kind = try fields.optional("kind", fields.text) ?? record.kind
        record.tags = try fields.optional("tags", fields.texts) ?? []
        record.project = try fields.optional("project", fields.text)
        record.session = try fields.optional("session", fields.text)
        record.metadata = try fields.optional("metadata", fields.object) ?? [:]
        record.importance = try fields.optional("importance", fields.number) ?? record.importance
        record.pinned = try fields.optional("pinned", fields.truth) ?? false
        record.source = try fields.optional("source", fields.choice) ?? .import
        record.occurredAt = try fields.optional("occurredAt", fields.moment)
        record.lastAccessedAt = try fields.optional("lastAccessedAt", fields.moment)
        record.accessCount = try fields.optional("accessCount", fields.count) ?? 0
        record.duplicateOf = try fields.optional("duplicateOf", fields.id)
        self.init(
            record: record,
            embedding: try fields.optional("vector") { name throws(StrataError) in
                try Self.embedding(PortableFields(fields.value(name), of: name))
            },
            history: try Self.history(fields, of: record))
    }

    private static func embedding(_ fields: PortableFields) throws(StrataError) -> StoredEmbedding {
        let space = EmbeddingSpace(
            model: try fields.text("model"), revision: try fields.text("revision"),
            dimension: try fields.count("dimension"))
        guard let bytes = Data(base64Encoded: try fields.text("components")), bytes.count == 4 * space.dimension,
            (1...4096).contains(space.dimension)
        else { throw fields.wrong("components", "base64 of \(space.dimension) little-endian 32-bit floats") }
        let vector = (0..<space.dimension).map { index in
            let pattern = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self) }
            return Float(bitPattern: UInt32(littleEndian: pattern))
        }
        return StoredEmbedding(space: space, vector: vector)
    }

    private static func history(_ fields: PortableFields, of record: MemoryRecord) throws(StrataError) -> [Change] {
        let entries = try fields.optional("history") { name throws(StrataError) in try fields.array(name) } ?? []
        var changes: [Change] = []
        for entry in entries {
            let entry = try PortableFields(entry, of: "history")
            changes.append(
                Change(
                    number: Int64(changes.count + 1), namespace: record.namespace, record: record.id,
                    operation: try entry.choice("operation"), at: try entry.moment("at"),
                    previous: try entry.optional("previous", entry.object) ?? [:]))
        }
        return changes
    }
}

/// The members of a JSON object, read one by one with an error that names the member.
struct PortableFields {
    private let members: [String: JSONValue]
    private let owner: String

    init(_ value: JSONValue?, of owner: String) throws(StrataError) {
        guard case .object(let members) = value else {
            throw StrataError(
                .invalidArgument, "\(owner) is a JSON \(value?.kindName ?? "nothing"), expected an object")
        }
        self.members = members
        self.owner = owner
    }

    func wrong(_ name: String, _ expected: String) -> StrataError {
        StrataError(.invalidArgument, "`\(name)` of \(owner) should be \(expected)")
    }

    func value(_ name: String) -> JSONValue? { members[name] == .null ? nil : members[name] }

    func optional<Value>(
        _ name: String, _ read: (String) throws(StrataError) -> Value
    ) throws(StrataError) -> Value? {
        value(name) == nil ? nil : try read(name)
    }

    func text(_ name: String) throws(StrataError) -> String {
        guard let text = value(name)?.stringValue else { throw wrong(name, "a string") }
        return text
    }

    func texts(_ name: String) throws(StrataError) -> [String] {
        let texts = try array(name).compactMap(\.stringValue)
        guard try texts.count == array(name).count else { throw wrong(name, "an array of strings") }
        return texts
    }

    func array(_ name: String) throws(StrataError) -> [JSONValue] {
        guard case .array(let elements) = value(name) else { throw wrong(name, "an array") }
        return elements
    }

    func object(_ name: String) throws(StrataError) -> [String: JSONValue] {
        guard case .object(let members) = value(name) else { throw wrong(name, "an object") }
        return members
    }

    func number(_ name: String) throws(StrataError) -> Double {
        guard let number = value(name)?.doubleValue else { throw wrong(name, "a number") }
        return number
    }

    func count(_ name: String) throws(StrataError) -> Int {
        guard case .integer(let number) = value(name), let count = Int(exactly: number), count >= 0 else {
            throw wrong(name, "a whole number of 0 or more")
        }
        return count
    }

    func truth(_ name: String) throws(StrataError) -> Bool {
        guard case .bool(let value) = value(name) else { throw wrong(name, "true or false") }
        return value
    }

    func moment(_ name: String) throws(StrataError) -> Timestamp {
        guard let moment = Timestamp(iso8601: try text(name)) else { throw wrong(name, "an ISO 8601 date and time") }
        return moment
    }

    func id(_ name: String) throws(StrataError) -> RecordID {
        guard let id = RecordID(try text(name)) else { throw wrong(name, "a UUID") }
        return id
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(StrataError) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: try text(name)) else {
            throw wrong(name, "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}
