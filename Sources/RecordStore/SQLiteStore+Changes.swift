import Foundation
import GRDB
public import StrataCore

extension SQLiteStore {
    private static let changeColumns = """
        c.number, (SELECT name FROM namespace WHERE id = c.namespace), c.record, c.operation, c.at, c.previous, \
        c.reason
        """

    /// Changes with a greater number, ascending.
    public func changes(since change: Int64, in namespace: String?, limit: Int) async throws -> [Change] {
        try await read { db in
            guard limit > 0 else { return [] }
            guard let namespace else {
                return try Self.changes(
                    db, "SELECT \(Self.changeColumns) FROM change c WHERE c.number > ? ORDER BY c.number LIMIT ?",
                    [change, limit])
            }
            guard let number = try db.namespaceNumber(namespace) else { return [] }
            return try Self.changes(
                db,
                """
                SELECT \(Self.changeColumns) FROM change c WHERE c.namespace = ? AND c.number > ? \
                ORDER BY c.number LIMIT ?
                """, [number, change, limit])
        }
    }

    /// The changes of one record, oldest first.
    public func history(of id: RecordID, in namespace: String) async throws -> [Change] {
        try await read { db in
            guard let number = try db.namespaceNumber(namespace) else { return [] }
            // The plus sign keeps the planner to the index on the record, which is far more selective.
            return try Self.changes(
                db,
                """
                SELECT \(Self.changeColumns) FROM change c WHERE c.record = ? AND +c.namespace = ? ORDER BY c.number
                """, [id.data, number])
        }
    }

    private static func changes(
        _ db: Database, _ sql: String, _ arguments: [(any DatabaseValueConvertible)?]
    ) throws -> [Change] {
        let rows = try db.rows(sql, arguments)
        var changes: [Change] = []
        while let row = try rows.next() {
            let number: Int64 = row[0]
            let previous = (row[5] as String?).map { try? JSONValue(jsonText: $0) } ?? .object([:])
            guard let id = RecordID(row[2] as Data), let operation = Change.Operation(rawValue: row[3]),
                case .object(let fields)? = previous
            else {
                throw StrataError(
                    .corrupted, "change number \(number) is damaged; restore the database from a backup")
            }
            changes.append(
                Change(
                    number: number, namespace: row[1], record: id, operation: operation,
                    at: Timestamp(milliseconds: row[4]), previous: fields, reason: row[6]))
        }
        return changes
    }

    /// Counts, sizes and the last change; of one namespace or of all.
    public func statistics(in namespace: String?, space: EmbeddingSpace?) async throws -> StoreStatistics {
        let fileBytes = fileBytes()
        return try await read { db in
            // No namespace has the number 0, so an unknown name gives sums over nothing.
            let number = try namespace.map { try db.namespaceNumber($0) ?? 0 }
            let sums = try db.row(
                """
                SELECT coalesce(sum(interact_count), 0), coalesce(sum(insights_count), 0), \
                coalesce(sum(assets_count), 0), coalesce(sum(pinned_count), 0), coalesce(sum(text_bytes), 0), \
                coalesce(sum(record_count > 0), 0) FROM namespace WHERE ?1 IS NULL OR id = ?1
                """, [number]
            )
            let (interact, insights, assets): (Int, Int, Int) = (sums?[0] ?? 0, sums?[1] ?? 0, sums?[2] ?? 0)
            var statistics = StoreStatistics(
                recordCounts: [.interact: interact, .insights: insights, .assets: assets],
                pinnedCount: sums?[3] ?? 0, vectorCount: 0, vectorCountBySpace: [:], textBytes: sums?[4] ?? 0,
                namespaceCount: sums?[5] ?? 0, change: 0, fileBytes: fileBytes)
            let shelves = try db.rows(
                """
                SELECT s.model || '@' || s.revision || '/' || s.dimension, sum(h.vector_count) FROM shelf h \
                JOIN space s ON s.id = h.space WHERE ?1 IS NULL OR h.namespace = ?1 GROUP BY s.id \
                HAVING sum(h.vector_count) > 0
                """, [number])
            while let row = try shelves.next() { statistics.vectorCountBySpace[row[0]] = row[1] }
            statistics.vectorCount = space.flatMap { statistics.vectorCountBySpace[$0.identifier] } ?? 0
            statistics.change =
                if let number {
                    try db.number("SELECT max(number) FROM change WHERE namespace = ?", [number]) ?? 0
                } else {
                    try db.number("SELECT max(number) FROM change") ?? 0
                }
            return statistics
        }
    }
}
