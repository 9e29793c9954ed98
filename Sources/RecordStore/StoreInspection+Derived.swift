import Foundation
import GRDB
import StrataCore

extension StoreInspection {
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
}
