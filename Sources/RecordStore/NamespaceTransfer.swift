import Foundation
import GRDB
import StrataCore

/// Copies the records of one namespace from another database into a commit.
struct NamespaceTransfer {
    let origin: Database
    let number: Int64
    let target: String
    private var ids: [RecordID: RecordID] = [:]

    init(origin: Database, number: Int64, target: String) {
        self.origin = origin
        self.number = number
        self.target = target
    }

    /// Inserts every record, in the order in which they were stored, with its terms and vectors.
    mutating func copy(_ run: inout CommitRun) throws -> Int {
        let rows = try origin.rows(
            "SELECT \(RecordRow.columns) FROM record r WHERE r.namespace = ? ORDER BY r.key", [number])
        var count = 0
        while let row = try rows.next() {
            let stored = try RecordRow.stored(row)
            var record = stored.record
            let id = try freeID(for: record.id, run)
            ids[record.id] = id
            record.id = id
            record.namespace = target
            record.duplicateOf = record.duplicateOf.flatMap { ids[$0] }
            let terms = try KeywordTerms.terms(of: stored.key, in: origin)
            let vectors = try vectors(of: stored)
            let content = RecordContent(
                digest: SHA256.digest(of: record.searchableText), terms: terms, embedding: vectors.first)
            let outcome = try run.apply([.insert(record, content, onDuplicate: .keep)]).get().first
            guard case .inserted(let inserted)? = outcome else {
                throw StrataError(.internal, "a record that was restored was taken for a duplicate; report this")
            }
            for embedding in vectors.dropFirst() {
                _ = try run.apply(
                    [.embed(inserted.key, namespace: target, digest: content.digest, embedding)]
                ).get()
            }
            count += 1
        }
        return count
    }

    private func freeID(for id: RecordID, _ run: CommitRun) throws -> RecordID {
        let isTaken = try run.db.number("SELECT 1 FROM record WHERE id = ?", [id.data]) != nil
        return isTaken ? RecordID(naming: id.description, in: ["restored", target]) : id
    }

    /// The vectors of a record; that of the space it is said to be in comes last and so stays the current one.
    private func vectors(of stored: StoredRecord) throws -> [StoredEmbedding] {
        let shelves = try origin.rows(
            """
            SELECT h.id, s.model, s.revision, s.dimension FROM shelf h JOIN space s ON s.id = h.space \
            WHERE h.namespace = ? ORDER BY h.id
            """, [number])
        var found: [StoredEmbedding] = []
        while let row = try shelves.next() {
            let space = EmbeddingSpace(model: row[1], revision: row[2], dimension: row[3])
            let key = try VectorKey.number(shelf: row[0], record: stored.key)
            let data = try Data.fetchOne(
                origin.cachedStatement(sql: "SELECT components FROM vector WHERE key = ?"), arguments: [key])
            guard let data, data.count == 4 * space.dimension else { continue }
            let vector = [Float](unsafeUninitializedCapacity: space.dimension) { buffer, count in
                if let base = buffer.baseAddress { VectorBlob.copy(data, to: base) }
                count = space.dimension
            }
            found.append(StoredEmbedding(space: space, vector: vector))
        }
        let current = found.filter { $0.space.identifier == stored.record.embeddingSpace }
        return found.filter { $0.space.identifier != stored.record.embeddingSpace } + current
    }
}
