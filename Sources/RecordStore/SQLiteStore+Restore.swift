import Foundation
import GRDB
public import StrataCore

/// That a record was forgotten: an entry of the change log, without any of its words.
public struct ForgottenRecord: Sendable, Hashable {
    /// The number of the change.
    public let change: Int64
    /// The record.
    public let id: RecordID
    /// The namespace that it was in.
    public let namespace: String
    /// When.
    public let at: Timestamp
}

/// What makes a database that came from a backup fit for use.
extension SQLiteStore {
    /// The records that were forgotten after a change, ascending.
    public func forgotten(after change: Int64) async throws -> [ForgottenRecord] {
        try await read { db in
            let rows = try db.rows(
                """
                SELECT c.number, c.record, (SELECT name FROM namespace WHERE id = c.namespace), c.at FROM change c \
                WHERE c.number > ? AND c.operation = 'forgotten' ORDER BY c.number
                """, [change])
            var records: [ForgottenRecord] = []
            while let row = try rows.next() {
                guard let id = RecordID(row[1] as Data) else { continue }
                records.append(
                    ForgottenRecord(
                        change: row[0], id: id, namespace: row[2], at: Timestamp(milliseconds: row[3])))
            }
            return records
        }
    }

    /// The number of the oldest entry of the change log; 0 when it is empty.
    public func oldestChange() async throws -> Int64 {
        try await read { try $0.number("SELECT min(number) FROM change") ?? 0 }
    }

    /// Takes back all changes after a number: later records go, changed fields get their old values, texts that come
    /// back lose their vectors. What was forgotten since stays forgotten, for its words are nowhere.
    ///
    /// - Parameters:
    ///   - terms: the analysed terms of a searchable text.
    /// - Returns: how many records went or changed.
    public func rewind(to change: Int64, terms: @escaping @Sendable (String) -> [String]) async throws -> Int {
        try await write { db in
            let ids = try Data.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT c.record FROM change c JOIN record r ON r.id = c.record WHERE c.number > ?
                    """, arguments: [change])
            var run = CommitRun(db: db, time: Timestamp(milliseconds: 0))
            for id in ids { try Self.rewind(id, to: change, &run, terms: terms) }
            try run.writeCounters()
            try db.run("DELETE FROM change WHERE number > ?", [change])
            for id in ids {
                try db.run(
                    """
                    UPDATE record SET change = coalesce((SELECT max(number) FROM change WHERE record = ?1), ?2), \
                    updated_at = coalesce((SELECT max(at) FROM change WHERE record = ?1 \
                    AND operation IN ('remembered', 'updated', 'promoted', 'demoted')), updated_at) WHERE id = ?1
                    """, [id, change])
                // Moved back by the rewinding, it would seem to have entered its layer at the epoch, and expire.
                try db.run(
                    """
                    UPDATE record SET entered_at = coalesce((SELECT max(at) FROM change WHERE record = ?1 \
                    AND operation IN ('remembered', 'promoted', 'demoted')), created_at) WHERE id = ?1 AND entered_at = 0
                    """, [id])
            }
            return ids.count
        }
    }

    private static func rewind(
        _ id: Data, to change: Int64, _ run: inout CommitRun, terms: (String) -> [String]
    ) throws {
        guard let old = try run.stored(where: "r.id = ?", [id])?.record else { return }
        let rows = try Row.fetchAll(
            run.db, sql: "SELECT operation, previous FROM change WHERE record = ? AND number > ? ORDER BY number DESC",
            arguments: [id, change])
        if rows.contains(where: { $0[0] == Change.Operation.remembered.rawValue }) {
            _ = try run.apply([.forget(.ids([old.id]), namespace: old.namespace)]).get()
            return
        }
        var fields: [String: JSONValue] = [:]
        for row in rows {
            guard let text = row[1] as String?, case .object(let previous)? = try? JSONValue(jsonText: text) else {
                continue
            }
            // The oldest change after the number is read last, and its old values are the ones of that time.
            fields.merge(previous) { $1 }
        }
        let patch = RecordPatch(previous: fields)
        var content: RecordContent?
        if let text = patch.text {
            var record = old
            record.text = text
            let searchable = record.searchableText
            content = RecordContent(
                digest: SHA256.digest(of: searchable), terms: terms(searchable), embedding: nil)
        }
        _ = try run.apply([.update(old.id, namespace: old.namespace, patch, content: content, ifChange: nil)]).get()
        for (name, column) in [("createdAt", "created_at"), ("occurredAt", "occurred_at")] {
            guard let value = fields[name] else { continue }
            let moment = value.stringValue.flatMap(Timestamp.init(iso8601:))
            try run.db.run("UPDATE record SET \(column) = ? WHERE id = ?", [moment?.milliseconds, id])
        }
    }

    /// Removes records that were forgotten after the moment of this database, and keeps the entries that say so, under
    /// their own numbers; later changes get greater numbers than `lastChange`.
    ///
    /// - Returns: how many records went.
    public func apply(_ forgotten: [ForgottenRecord], numbersAfter lastChange: Int64) async throws -> Int {
        try await write { db in
            // A later entry of the same database must not take a number that was already told to somebody.
            try db.run(
                """
                INSERT INTO sqlite_sequence(name, seq) SELECT 'change', 0 \
                WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'change')
                """)
            try db.run("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'change'", [lastChange])
            var count = 0
            guard let last = forgotten.last else { return count }
            var run = CommitRun(db: db, time: last.at)
            for entry in forgotten {
                let outcome = try run.apply([.forget(.ids([entry.id]), namespace: entry.namespace)]).get().first
                if case .forgotten(let receipt, _, _)? = outcome { count += receipt.recordCount }
                try db.run(
                    "INSERT OR IGNORE INTO change(number, namespace, record, operation, at) VALUES (?, ?, ?, ?, ?)",
                    [
                        entry.change, try run.namespace(entry.namespace), entry.id.data,
                        Change.Operation.forgotten.rawValue, entry.at.milliseconds,
                    ])
            }
            try run.writeCounters()
            return count
        }
    }

    /// Puts the records of a namespace of another store in place of what a namespace of this one holds, in one
    /// transaction.
    ///
    /// Ids stay as they are; one that another namespace of this store has taken becomes one that follows from both.
    /// Histories stay behind: the records arrive as new changes.
    ///
    /// - Returns: how many records came.
    public func replaceNamespace(
        _ name: String, with source: SQLiteStore, namespace sourceName: String, at time: Timestamp
    ) async throws -> Int {
        try await write { db in
            var run = CommitRun(db: db, time: time)
            _ = try run.apply([.forget(.everything, namespace: name)]).get()
            let count = try source.pool.read { origin in
                guard let number = try origin.namespaceNumber(sourceName) else { return 0 }
                var transfer = NamespaceTransfer(origin: origin, number: number, target: name)
                return try transfer.copy(&run)
            }
            try run.writeCounters()
            return count
        }
    }
}

extension RecordPatch {
    /// The patch that brings old values back, as ``Change/previous`` holds them.
    fileprivate init(previous fields: [String: JSONValue]) {
        self.init(text: fields["text"]?.stringValue, kind: fields["kind"]?.stringValue)
        layer = fields["layer"]?.stringValue.flatMap(Layer.init(rawValue:))
        if case .array(let tags)? = fields["tags"] { self.tags = tags.compactMap(\.stringValue) }
        if case .object(let metadata)? = fields["metadata"] { self.metadata = metadata }
        switch fields["importance"] {
        case .number(let value)?: importance = value
        case .integer(let value)?: importance = Double(value)
        default: break
        }
        if case .bool(let isPinned)? = fields["pinned"] { pinned = isPinned }
    }
}
