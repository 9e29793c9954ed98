import Foundation
import GRDB
import StrataCore

extension StoreInspection {
    /// Keyword rows against the texts, and FTS5's index against its own rows.
    mutating func checkKeywords() throws {
        var missing: [Int64] = []
        var stale: [Int64] = []
        let rows = try db.rows("SELECT \(RecordRow.columns), r.namespace AS number FROM record r", [])
        while let row = try rows.next() {
            guard row[1] != nil, let stored = try? RecordRow.stored(row) else { continue }
            let wanted = expectedRow(stored.record, namespace: row["number"])
            let found = try KeywordTerms.text(of: stored.key, in: db)
            guard wanted != found else { continue }
            if found == nil { missing.append(stored.key) } else { stale.append(stored.key) }
        }
        let (db, terms) = (db, terms)
        func rewrite(_ keys: [Int64]) throws {
            for key in keys {
                try db.run("DELETE FROM keyword WHERE rowid = ?", [key])
                guard
                    let row = try db.row(
                        "SELECT \(RecordRow.columns), r.namespace AS number FROM record r WHERE r.key = ?", [key])
                else { continue }
                let found = terms(try RecordRow.stored(row).record.searchableText)
                guard !found.isEmpty else { continue }
                try db.run(
                    "INSERT INTO keyword(rowid, terms) VALUES (?, ?)",
                    [key, KeywordTerms.text(of: found, namespace: row["number"])])
            }
        }
        let orphans = try list("SELECT id FROM keyword_content WHERE id NOT IN (SELECT key FROM record)")
        let isSound = try isKeywordIndexSound()
        try note("keyword_missing", missing.map(String.init), "records without their keyword row") {
            try rewrite(missing)
        }
        try note("keyword_stale", stale.map(String.init), "keyword rows that are not those of the text") {
            try rewrite(stale)
        }
        try note("keyword_orphan", orphans, "keyword rows without a record") {
            try db.run("DELETE FROM keyword WHERE rowid NOT IN (SELECT key FROM record)")
        }
        // After the rows, whose own changes to a bad index it makes anew as well.
        try note("keyword_index", isSound ? [] : ["keyword"], "the full-text index does not agree with its rows") {
            try db.execute(sql: "INSERT INTO keyword(keyword) VALUES ('rebuild')")
        }
    }

    private func expectedRow(_ record: MemoryRecord, namespace: Int64) -> String? {
        let found = terms(record.searchableText)
        return found.isEmpty ? nil : KeywordTerms.text(of: found, namespace: namespace)
    }

    private func isKeywordIndexSound() throws -> Bool {
        do {
            try db.execute(sql: "INSERT INTO keyword(keyword) VALUES ('integrity-check')")
            return true
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return false
        }
    }

    /// Vectors against shelves, records and spaces.
    mutating func checkVectors() throws {
        let db = db
        let (bits, mask) = (Schema.recordBits, Int64(1) << Schema.recordBits - 1)
        let home = "SELECT 1 FROM shelf h JOIN record r ON r.namespace = h.namespace"
        let orphan = "NOT EXISTS (\(home) WHERE h.id = vector.key >> \(bits) AND r.key = (vector.key & \(mask)))"
        try note(
            "vector_orphan", try list("SELECT key & \(mask) FROM vector WHERE \(orphan)"), "vectors without a record"
        ) { try db.run("DELETE FROM vector WHERE \(orphan)") }

        var damaged: [Int64] = []
        let rows = try db.rows(
            """
            SELECT v.key, v.components, s.dimension FROM vector v JOIN shelf h ON h.id = v.key >> \(bits) \
            JOIN space s ON s.id = h.space
            """, [])
        while let row = try rows.next() {
            let (data, dimension): (Data, Int) = (row[1], row[2])
            let isSound = data.count == 4 * dimension && Self.isFinite(data)
            if !isSound { damaged.append(row[0]) }
        }
        try note("vector_damaged", damaged.map { String($0 & mask) }, "vectors of a wrong length, or not finite") {
            for key in damaged { try db.run("DELETE FROM vector WHERE key = ?", [key]) }
        }
        let bare = """
            r.space IS NOT NULL AND NOT EXISTS (SELECT 1 FROM shelf h JOIN vector v ON v.key = (h.id << \(bits) | r.key) \
            WHERE h.namespace = r.namespace AND h.space = r.space)
            """
        try note(
            "vector_missing", try list("SELECT r.key FROM record r WHERE \(bare)"),
            "records whose vector is missing; `strata doctor --embed-missing` gives them one"
        ) { try db.run("UPDATE record AS r SET space = NULL WHERE \(bare)") }
    }

    private static func isFinite(_ data: Data) -> Bool {
        data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count - 3, by: 4).allSatisfy {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
                    .isFinite
            }
        }
    }

    /// The counts that every commit keeps, against what there is to count.
    mutating func checkCounters() throws {
        let db = db
        try checkTerms()
        let counted = """
            SELECT n.id, count(r.key) AS records, coalesce(sum(r.layer = 0), 0) AS interact, \
            coalesce(sum(r.layer = 1), 0) AS insights, coalesce(sum(r.layer = 2), 0) AS assets, \
            coalesce(sum(r.pinned), 0) AS pinned, coalesce(sum(length(CAST(r.text AS BLOB))), 0) AS bytes \
            FROM namespace n LEFT JOIN record r ON r.namespace = n.id GROUP BY n.id
            """
        let wrong = try list(
            """
            SELECT n.id FROM namespace n JOIN (\(counted)) c ON c.id = n.id WHERE (n.record_count, n.interact_count, \
            n.insights_count, n.assets_count, n.pinned_count, n.text_bytes) <> \
            (c.records, c.interact, c.insights, c.assets, c.pinned, c.bytes)
            """)
        try note("namespace_count", wrong, "namespaces with wrong counts") {
            try db.run(
                """
                UPDATE namespace AS n SET record_count = c.records, interact_count = c.interact, \
                insights_count = c.insights, assets_count = c.assets, pinned_count = c.pinned, text_bytes = c.bytes \
                FROM (\(counted)) c WHERE c.id = n.id
                """)
        }
        let vectors = "(SELECT count(*) FROM vector v WHERE v.key >> \(Schema.recordBits) = h.id)"
        try note(
            "shelf_count", try list("SELECT h.id FROM shelf h WHERE h.vector_count <> \(vectors)"),
            "shelves with a wrong number of vectors"
        ) { try db.run("UPDATE shelf AS h SET vector_count = \(vectors)") }
    }

    private mutating func checkTerms() throws {
        var wanted: [Int64: [String: Int]] = [:]
        var lengths: [Int64: Int] = [:]
        let rows = try db.rows(
            "SELECT r.namespace, k.c0 FROM keyword_content k JOIN record r ON r.key = k.id", [])
        while let row = try rows.next() {
            let number: Int64 = row[0]
            let found = KeywordTerms.terms(in: row[1], namespace: number)
            lengths[number, default: 0] += found.count
            for term in Set(found) { wanted[number, default: [:]][term, default: 0] += 1 }
        }
        var wrong: [(Int64, String, Int)] = []
        let stored = try db.rows("SELECT namespace, name, record_count FROM term", [])
        while let row = try stored.next() {
            let (number, name, count): (Int64, String, Int) = (row[0], row[1], row[2])
            let expected = wanted[number]?.removeValue(forKey: name) ?? 0
            if expected != count { wrong.append((number, name, expected)) }
        }
        for (number, rest) in wanted { for (name, count) in rest { wrong.append((number, name, count)) } }
        wrong.sort { ($0.0, $0.1) < ($1.0, $1.1) }
        let (db, repairable) = (db, wrong)
        // A term is a word of somebody's memory, so only its namespace is named.
        try note("term_count", wrong.map { "namespace \($0.0)" }, "terms with a wrong number of records") {
            for (number, name, count) in repairable {
                try db.run("DELETE FROM term WHERE namespace = ? AND name = ?", [number, name])
                guard count > 0 else { continue }
                try db.run("INSERT INTO term(namespace, name, record_count) VALUES (?, ?, ?)", [number, name, count])
            }
        }
        var wrongLengths: [String] = []
        let namespaces = try db.rows("SELECT id, term_count FROM namespace", [])
        while let row = try namespaces.next() {
            let (number, count): (Int64, Int) = (row[0], row[1])
            if count != lengths[number, default: 0] { wrongLengths.append(String(number)) }
        }
        let lengthsByNumber = lengths
        try note("length_count", wrongLengths, "namespaces with a wrong number of terms") {
            for name in wrongLengths {
                let number = Int64(name) ?? 0
                try db.run(
                    "UPDATE namespace SET term_count = ? WHERE id = ?", [lengthsByNumber[number, default: 0], number])
            }
        }
    }
}
