import GRDB
import StrataCore

extension CommitRun {
    mutating func log(_ rows: [DecisionRow], in name: String) throws -> StoreOutcome {
        guard let namespace = try existingNamespace(name) else { return .saved }
        for row in rows {
            try db.run(
                """
                INSERT OR IGNORE INTO decision(record, week, at, confidence, promotes, is_shadow, features) \
                SELECT key, ?, ?, ?, ?, ?, ? FROM record WHERE id = ? AND namespace = ?
                """,
                [
                    row.week, row.decidedAt.milliseconds, row.confidence, row.promotes, row.isShadow, row.features,
                    row.record.data, namespace,
                ])
        }
        return .saved
    }

    /// Fills in when a record was first needed after each decision about it.
    func noteNeed(of key: RecordKey) throws {
        try db.run(
            "UPDATE decision SET needed_at = ? WHERE record = ? AND needed_at IS NULL AND at < ?",
            [time.milliseconds, key, time.milliseconds])
    }

    func removeDecisions(about key: RecordKey) throws {
        try db.run("DELETE FROM decision WHERE record = ?", [key])
    }
}
