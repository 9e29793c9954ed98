import Foundation
import GRDB
import StrataCore

/// One kind of disagreement within a store.
public struct StoreFinding: Sendable, Hashable, Codable {
    /// A stable word for it, in snake case.
    public let code: String
    /// How many rows are concerned.
    public let count: Int
    /// What it is, with ids and counts only.
    public let message: String
    /// Whether it has been mended.
    public let isRepaired: Bool
}

/// Holds the parts of a store against one another and, on demand, mends what follows from something sound.
///
/// The record rows are the truth. Tags, keyword rows, term counts, counters and links follow from them and are made
/// anew; vectors cannot be computed here, so a bad one is removed, and its record counts as one without a vector.
struct StoreInspection {
    let db: Database
    let repairs: Bool
    /// The analysed terms of a searchable text.
    let terms: (String) -> [String]
    private(set) var findings: [StoreFinding] = []
    /// How many examples a message names.
    private static let exampleCount = 3

    init(db: Database, repairs: Bool, terms: @escaping (String) -> [String]) {
        self.db = db
        self.repairs = repairs
        self.terms = terms
    }

    mutating func run() throws {
        try checkFile()
        try checkRecords()
        try checkTags()
        try checkLinks()
        try checkKeywords()
        try checkVectors()
        try checkChanges()
        // Last, because mending the others moves the counts.
        try checkCounters()
    }

    /// Notes rows of one kind, unless there are none, and mends them.
    mutating func note(
        _ code: String, _ rows: [String], _ what: String, repair: (() throws -> Void)? = nil
    ) throws {
        guard !rows.isEmpty else { return }
        if repairs { try repair?() }
        let examples = rows.prefix(Self.exampleCount).joined(separator: ", ")
        let more = rows.count > Self.exampleCount ? ", …" : ""
        findings.append(
            StoreFinding(
                code: code, count: rows.count, message: "\(what): \(examples)\(more)",
                isRepaired: repairs && repair != nil))
    }

    /// The first column of all rows as text.
    func list(_ sql: String) throws -> [String] {
        try Row.fetchAll(db, sql: sql).map { ($0[0] as DatabaseValue).description }
    }

    private mutating func checkFile() throws {
        let report = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)")
        if report != ["ok"] { try note("file", report, "the database file is damaged") }
        let broken = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { ($0[0] as String) }
        try note("foreign_key", broken, "rows name a namespace or space that is not there, in")
    }

    private mutating func checkRecords() throws {
        var unreadable: [String] = []
        var altered: [String] = []
        let rows = try db.rows("SELECT \(RecordRow.columns), r.digest FROM record r", [])
        while let row = try rows.next() {
            let key: Int64 = row[0]
            guard row[1] != nil, let record = try? RecordRow.stored(row).record else {
                unreadable.append("number \(key)")
                continue
            }
            if Data(SHA256.digest(of: record.searchableText).bytes) != row["digest"] {
                altered.append(record.id.description)
            }
        }
        try note("record", unreadable, "record rows cannot be read; restore them from a backup")
        try note("digest", altered, "records whose text is not the one that was stored; restore them from a backup")
    }

    private mutating func checkTags() throws {
        let db = db
        // `tags` is a JSON array, which SQLite takes apart itself.
        let wanted = """
            SELECT r.namespace, t.value, r.key FROM record r, json_each(CASE WHEN json_valid(r.tags) THEN r.tags \
            ELSE '[]' END) t
            """
        let missing = try list("SELECT key FROM (\(wanted) EXCEPT SELECT namespace, name, record FROM tag)")
        try note("tag_missing", missing, "records that their tags do not lead to") {
            try db.run("INSERT OR IGNORE INTO tag(namespace, name, record) \(wanted)")
        }
        let extra = try list("SELECT record FROM (SELECT namespace, name, record FROM tag EXCEPT \(wanted))")
        try note("tag_orphan", extra, "tags of records that do not have them") {
            try db.run("DELETE FROM tag WHERE (namespace, name, record) NOT IN (\(wanted))")
        }
    }

    private mutating func checkLinks() throws {
        let db = db
        let condition = "duplicate_of IS NOT NULL AND duplicate_of NOT IN (SELECT id FROM record)"
        try note(
            "duplicate_link", try list("SELECT key FROM record WHERE \(condition)"),
            "records that repeat one that is not there"
        ) { try db.run("UPDATE record SET duplicate_of = NULL WHERE \(condition)") }
    }

    private mutating func checkChanges() throws {
        try note(
            "change_ahead",
            try list("SELECT key FROM record WHERE change > (SELECT coalesce(max(number), 0) FROM change)"),
            "records with a later change than the log has")
        try note(
            "change_of_other",
            try list(
                """
                SELECT r.key FROM record r JOIN change c ON c.number = r.change \
                WHERE c.record <> r.id OR c.namespace <> r.namespace
                """), "records whose last change is another's")
        try note(
            "change_forgotten",
            try list(
                """
                SELECT r.key FROM record r JOIN change c ON c.record = r.id \
                WHERE c.operation = 'forgotten' AND c.number > r.change
                """), "records that the log calls forgotten; forget them again")
        let db = db
        let damaged = "previous IS NOT NULL AND json_valid(previous) = 0"
        try note(
            "change_damaged", try list("SELECT number FROM change WHERE \(damaged)"),
            "changes with unreadable old values"
        ) { try db.run("UPDATE change SET previous = NULL WHERE \(damaged)") }
        let kept = "previous IS NOT NULL AND record NOT IN (SELECT id FROM record)"
        try note(
            "history_orphan", try list("SELECT number FROM change WHERE \(kept)"), "old values of forgotten records"
        ) { try db.run("UPDATE change SET previous = NULL WHERE \(kept)") }
    }
}
