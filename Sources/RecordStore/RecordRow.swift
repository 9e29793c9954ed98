import Foundation
import GRDB
import StrataCore

/// How a record lies in its row.
enum RecordRow {
    /// What ``stored(_:)`` reads, from `record r`.
    static let columns = """
        r.key, (SELECT name FROM namespace WHERE id = r.namespace), r.id, r.layer, r.pinned, r.importance, \
        r.created_at, r.updated_at, r.occurred_at, r.accessed_at, r.access_count, r.change, \
        (SELECT model || '@' || revision || '/' || dimension FROM space WHERE id = r.space), \
        r.duplicate_of, r.kind, r.source, r.project, r.session, r.speaker, r.tags, r.metadata, r.text, \
        r.entered_at, r.layer_use_count, r.useful_count, r.not_useful_count
        """

    /// The record of a row of ``columns``.
    static func stored(_ row: Row) throws -> StoredRecord {
        let key: Int64 = row[0]
        let layerTag: Int64 = row[3]
        let sourceName: String = row[15]
        guard let id = RecordID(row[2] as Data), let layer = UInt8(exactly: layerTag).flatMap(Layer.init(tag:)),
            let source = MemoryRecord.Source(rawValue: sourceName)
        else { throw damaged(key) }
        return StoredRecord(
            key: key,
            record: MemoryRecord(
                id: id, namespace: row[1], text: row[21], speaker: row[18], layer: layer, kind: row[14],
                tags: try tags(row[19], key: key), project: row[16], session: row[17],
                metadata: try metadata(row[20], key: key), importance: row[5], pinned: row[4], source: source,
                createdAt: Timestamp(milliseconds: row[6]), updatedAt: Timestamp(milliseconds: row[7]),
                occurredAt: (row[8] as Int64?).map(Timestamp.init(milliseconds:)),
                lastAccessedAt: (row[9] as Int64?).map(Timestamp.init(milliseconds:)), accessCount: row[10],
                duplicateOf: (row[13] as Data?).flatMap(RecordID.init), embeddingSpace: row[12], change: row[11],
                enteredLayerAt: Timestamp(milliseconds: row[22]), layerUseCount: row[23], usefulCount: row[24],
                notUsefulCount: row[25]))
    }

    /// The tags as they are stored.
    static func text(of tags: [String]) -> String {
        tags.isEmpty ? "[]" : JSONValue.array(tags.map(JSONValue.string)).jsonText
    }

    /// The metadata as it is stored.
    static func text(of metadata: [String: JSONValue]) -> String {
        metadata.isEmpty ? "{}" : JSONValue.object(metadata).jsonText
    }

    private static func tags(_ text: String, key: Int64) throws -> [String] {
        if text == "[]" { return [] }
        guard case .array(let elements)? = try? JSONValue(jsonText: text) else { throw damaged(key) }
        return elements.compactMap(\.stringValue)
    }

    private static func metadata(_ text: String, key: Int64) throws -> [String: JSONValue] {
        if text == "{}" { return [:] }
        guard case .object(let members)? = try? JSONValue(jsonText: text) else { throw damaged(key) }
        return members
    }

    private static func damaged(_ key: Int64) -> StrataError {
        StrataError(.corrupted, "the row of record number \(key) is damaged; restore the database from a backup")
    }
}

extension RecordID {
    /// The 16 bytes in order.
    var data: Data {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Data($0) }
    }

    /// The id of 16 bytes; nil for another number.
    init?(_ data: Data) {
        guard data.count == 16 else { return nil }
        let (high, low) = data.withUnsafeBytes {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
    }
}

extension Database {
    /// Runs a statement that is prepared once a connection.
    func run(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws {
        try cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
    }

    /// The rows of a statement that is prepared once a connection.
    func rows(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?]) throws -> RowCursor {
        try Row.fetchCursor(cachedStatement(sql: sql), arguments: StatementArguments(arguments))
    }

    /// The first row of such a statement, or nil when there is none; a copy, which outlives the statement's next step.
    func row(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?]) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: StatementArguments(arguments))
    }

    /// The whole number in the first column of the first row, or nil when there is none.
    func number(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws -> Int64? {
        try Int64.fetchOne(cachedStatement(sql: sql), arguments: StatementArguments(arguments))
    }

    /// The number of a namespace, or nil when none of that name was ever written.
    func namespaceNumber(_ name: String) throws -> Int64? {
        // A name is bound as a C string, which would end at U+0000 and then name another tenant.
        guard !name.utf8.contains(0) else { return nil }
        return try number("SELECT id FROM namespace WHERE name = ?", [name])
    }

    /// The number of a space, or nil when it was never written.
    func spaceNumber(_ space: EmbeddingSpace) throws -> Int64? {
        guard !space.model.utf8.contains(0), !space.revision.utf8.contains(0) else { return nil }
        return try number(
            "SELECT id FROM space WHERE model = ? AND revision = ? AND dimension = ?",
            [space.model, space.revision, space.dimension])
    }
}
