import Foundation
import GRDB
public import StrataCore

extension SQLiteStore {
    /// The record of that id, or nil.
    public func record(_ id: RecordID, in namespace: String) async throws -> StoredRecord? {
        try await read { db in
            guard let number = try db.namespaceNumber(namespace) else { return nil }
            return try db.row(
                "SELECT \(RecordRow.columns) FROM record r WHERE r.id = ? AND r.namespace = ?", [id.data, number]
            ).map(RecordRow.stored)
        }
    }

    /// The records of those keys in one namespace, in their order.
    public func records(_ keys: [RecordKey], in namespace: String) async throws -> [StoredRecord] {
        try await read { db in
            guard let number = try db.namespaceNumber(namespace) else { return [] }
            // One statement: its rows are decoded in place, without a copy of each.
            let rows = try db.rows(
                """
                SELECT \(RecordRow.columns) FROM json_each(?) k CROSS JOIN record r ON r.key = k.value \
                WHERE r.namespace = ?
                """, ["[" + keys.map(String.init).joined(separator: ",") + "]", number])
            var records: [StoredRecord] = []
            records.reserveCapacity(keys.count)
            while let row = try rows.next() { records.append(try RecordRow.stored(row)) }
            return records
        }
    }

    /// The records that pass, ascending by key.
    public func list(
        in namespace: String, matching filter: Filter?, after key: RecordKey?, limit: Int
    ) async throws -> [StoredRecord] {
        try filter?.checkStorable()
        return try await read { db in
            guard let number = try db.namespaceNumber(namespace), limit > 0 else { return [] }
            let condition = try FilterSQL(filter ?? .all([]), namespace: number, tagLookup: .driving)
            let sql = """
                SELECT \(RecordRow.columns) FROM record r \
                WHERE r.namespace = ? AND r.key > ? AND \(condition.sql) ORDER BY r.key LIMIT ?
                """
            let arguments: [(any DatabaseValueConvertible)?] = [number, key ?? 0] + condition.arguments + [limit]
            let rows = try Row.fetchCursor(db, sql: sql, arguments: StatementArguments(arguments))
            var records: [StoredRecord] = []
            while let row = try rows.next() { records.append(try RecordRow.stored(row)) }
            return records
        }
    }

    /// The keys of all records that pass, ascending.
    public func keys(in namespace: String, matching filter: Filter) async throws -> [RecordKey] {
        try filter.checkStorable()
        return try await read { db in
            guard let number = try db.namespaceNumber(namespace) else { return [] }
            return try db.keys(namespace: number, matching: filter)
        }
    }

    /// For each digest, the record that was stored first with it.
    public func records(withContent digests: [SHA256.Digest], in namespace: String) async throws -> [RecordID?] {
        try await read { db in
            guard let number = try db.namespaceNumber(namespace) else { return digests.map { _ in nil } }
            return try digests.map { digest in
                try Data.fetchOne(
                    db.cachedStatement(
                        sql: "SELECT id FROM record WHERE namespace = ? AND digest = ? ORDER BY key LIMIT 1"),
                    arguments: [number, Data(digest.bytes)]
                ).flatMap(RecordID.init)
            }
        }
    }

    /// The namespaces that hold records, in order of their names' UTF-8 bytes.
    public func namespaces() async throws -> [String] {
        try await read { db in
            try String.fetchAll(db, sql: "SELECT name FROM namespace WHERE record_count > 0 ORDER BY name")
        }
    }
}

extension Database {
    /// The keys of the records that pass, ascending.
    func keys(namespace: Int64, matching filter: Filter) throws -> [RecordKey] {
        let condition = try FilterSQL(filter, namespace: namespace, tagLookup: .driving)
        return try Int64.fetchAll(
            self, sql: "SELECT r.key FROM record r WHERE r.namespace = ? AND \(condition.sql) ORDER BY r.key",
            arguments: StatementArguments([namespace] + condition.arguments))
    }
}
