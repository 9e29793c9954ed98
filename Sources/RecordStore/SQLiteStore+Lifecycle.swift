import Foundation
import GRDB
public import StrataCore

extension SQLiteStore {
    /// What decides about the unpinned records of a layer, in the order in which they came into it.
    public func lifecycleFacts(
        in namespace: String, layer: Layer, enteredBy moment: Timestamp, after position: LifecyclePosition?, limit: Int
    ) async throws -> [LifecycleFacts] {
        try await read { db in
            guard limit > 0, let number = try db.namespaceNumber(namespace) else { return [] }
            // The index on namespace, layer and time of entry ends in the key, so that it gives the whole order.
            let rows = try db.rows(
                """
                SELECT key, id, importance, source, created_at, entered_at, accessed_at, access_count, \
                layer_use_count, useful_count, not_useful_count, change FROM record INDEXED BY record_layer \
                WHERE namespace = ? AND layer = ? AND entered_at <= ? AND (entered_at, key) > (?, ?) AND pinned = 0 \
                ORDER BY entered_at, key LIMIT ?
                """,
                [
                    number, Int64(layer.tag), moment.milliseconds, position?.enteredLayerAt.milliseconds ?? Int64.min,
                    position?.key ?? 0, limit,
                ])
            var facts: [LifecycleFacts] = []
            while let row = try rows.next() {
                guard let id = RecordID(row[1] as Data), let source = MemoryRecord.Source(rawValue: row[3]) else {
                    throw StrataError(
                        .corrupted,
                        "the row of record number \(row[0] as Int64) is damaged; restore the database from a backup")
                }
                facts.append(
                    LifecycleFacts(
                        key: row[0], id: id, layer: layer, importance: row[2], source: source,
                        createdAt: Timestamp(milliseconds: row[4]), enteredLayerAt: Timestamp(milliseconds: row[5]),
                        lastAccessedAt: (row[6] as Int64?).map(Timestamp.init(milliseconds:)), accessCount: row[7],
                        layerUseCount: row[8], usefulCount: row[9], notUsefulCount: row[10], change: row[11]))
            }
            return facts
        }
    }

    /// The text that was last saved under a name.
    public func savedText(named name: String) async throws -> String? {
        try await read { db in try String.fetchOne(db, sql: "SELECT text FROM saved WHERE name = ?", arguments: [name])
        }
    }

    /// Does one step of upkeep.
    public func upkeep(_ task: StoreUpkeep, limit: Int) async throws -> UpkeepOutcome {
        try checkOpen()
        guard limit > 0 else { return UpkeepOutcome(doneCount: 0, next: nil) }
        do {
            switch task {
            case .orphans(let row): return try await pool.write { try Self.removeOrphans($0, after: row, limit) }
            case .history(let moment): return try await pool.write { try Self.trimHistory($0, before: moment, limit) }
            case .decisions(let moment, let countMax):
                return try await pool.write { try Self.trimDecisions($0, before: moment, countMax, limit) }
            case .freePages: return try await pool.writeWithoutTransaction { try Self.vacuum($0, limit) }
            case .checkpoint:
                return try await pool.writeWithoutTransaction { db in
                    UpkeepOutcome(doneCount: try db.checkpoint(.passive).checkpointedFrameCount, next: nil)
                }
            }
        } catch {
            throw StorageErrors.mapped(error)
        }
    }

    /// Looks at `limit` rows of each kind behind a record's key; the step ends where the shortest look ended.
    private static func removeOrphans(_ db: Database, after key: Int64, _ limit: Int) throws -> UpkeepOutcome {
        let span = key + Int64(limit)
        var count = 0
        let mask = (Int64(1) << Schema.recordBits) - 1
        for shelf in try Int64.fetchAll(db, sql: "SELECT id FROM shelf") {
            let lower = shelf << Schema.recordBits
            try db.run(
                """
                DELETE FROM vector WHERE key > ? AND key <= ? \
                AND NOT EXISTS (SELECT 1 FROM record WHERE record.key = vector.key & ?)
                """, [lower + key, lower + span, mask])
            if db.changesCount > 0 {
                count += db.changesCount
                try db.run(
                    "UPDATE shelf SET vector_count = vector_count - ? WHERE id = ?", [db.changesCount, shelf])
            }
        }
        let last = try Int64.fetchOne(db, sql: "SELECT max(key) FROM record")
        guard span < last ?? 0 else {
            // Tags are keyed by name, so they are looked at once a round, when the last step comes.
            try db.run("DELETE FROM tag WHERE NOT EXISTS (SELECT 1 FROM record WHERE record.key = tag.record)")
            return UpkeepOutcome(doneCount: count + db.changesCount, next: nil)
        }
        return UpkeepOutcome(doneCount: count, next: span)
    }

    /// Numbers and times rise together, so the entries to go are the first ones.
    private static func trimHistory(_ db: Database, before moment: Timestamp, _ limit: Int) throws -> UpkeepOutcome {
        let numbers = try Int64.fetchAll(
            db,
            sql: """
                SELECT number FROM (SELECT number, at, namespace FROM change ORDER BY number LIMIT ?) c WHERE at < ? \
                AND number < (SELECT max(number) FROM change WHERE namespace = c.namespace)
                """, arguments: [limit, moment.milliseconds])
        for number in numbers { try db.run("DELETE FROM change WHERE number = ?", [number]) }
        return UpkeepOutcome(doneCount: numbers.count, next: numbers.isEmpty ? nil : 0)
    }

    private static func trimDecisions(
        _ db: Database, before moment: Timestamp, _ countMax: Int, _ limit: Int
    ) throws -> UpkeepOutcome {
        let rowCount = try db.number("SELECT count(*) FROM decision") ?? 0
        let excess = rowCount - Int64(max(0, countMax))
        try db.run(
            """
            DELETE FROM decision WHERE (record, week) IN (SELECT record, week FROM \
            (SELECT record, week, at, row_number() OVER (ORDER BY at, record DESC) AS place FROM decision \
            ORDER BY at, record DESC LIMIT ?) WHERE at < ? OR place <= ?)
            """, [limit, moment.milliseconds, excess])
        let count = db.changesCount
        return UpkeepOutcome(doneCount: count, next: count == 0 ? nil : 0)
    }

    /// The latest rows of the log of promotion decisions, newest first.
    public func decisions(limit: Int) async throws -> [DecisionRow] {
        try await read { db in
            guard limit > 0 else { return [] }
            let rows = try db.rows(
                """
                SELECT r.id, d.at, d.confidence, d.promotes, d.is_shadow, d.features, d.needed_at FROM decision d \
                JOIN record r ON r.key = d.record ORDER BY d.at DESC, d.record LIMIT ?
                """, [limit])
            var decisions: [DecisionRow] = []
            while let row = try rows.next() {
                guard let id = RecordID(row[0] as Data) else {
                    throw StrataError(.corrupted, "the log of decisions is damaged; restore the database from a backup")
                }
                decisions.append(
                    DecisionRow(
                        record: id, decidedAt: Timestamp(milliseconds: row[1]), confidence: row[2], promotes: row[3],
                        isShadow: row[4], features: row[5],
                        firstNeededAt: (row[6] as Int64?).map(Timestamp.init(milliseconds:))))
            }
            return decisions
        }
    }

    private static func vacuum(_ db: Database, _ limit: Int) throws -> UpkeepOutcome {
        let before = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
        guard before > 0 else { return UpkeepOutcome(doneCount: 0, next: nil) }
        // The pragma gives back one page a step of its statement, so that all its steps must be taken.
        _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(limit))")
        let after = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
        return UpkeepOutcome(doneCount: before - after, next: after > 0 && after < before ? 0 : nil)
    }
}
