import GRDB
public import StrataCore

extension SQLiteStore {
    /// Where every record of a namespace stands among the others, in no particular order.
    public func threadRows(in namespace: String) async throws -> [ThreadRow] {
        try await read { db in
            guard let number = try db.namespaceNumber(namespace) else { return [] }
            let rows = try db.rows(
                "SELECT key, session, speaker, coalesce(occurred_at, created_at) FROM record WHERE namespace = ?",
                [number])
            var found: [ThreadRow] = []
            while let row = try rows.next() {
                found.append(
                    ThreadRow(
                        key: row[0], session: row[1], speaker: row[2], time: Timestamp(milliseconds: row[3])))
            }
            return found
        }
    }
}
