import Foundation
import GRDB
public import StrataCore

extension SQLiteStore {
    /// Every vector of a namespace in a space, ascending by key.
    public func vectors(in namespace: String, space: EmbeddingSpace) async throws -> VectorSnapshot {
        try await read { db in
            let change = try db.number("SELECT max(number) FROM change") ?? 0
            guard let number = try db.namespaceNumber(namespace), let spaceNumber = try db.spaceNumber(space),
                let shelf = try db.row(
                    "SELECT id, vector_count FROM shelf WHERE namespace = ? AND space = ?", [number, spaceNumber]
                )
            else { return VectorSnapshot(change: change, keys: [], tags: [], components: []) }
            let (id, count): (Int64, Int) = (shelf[0], shelf[1])
            let layers = try Self.layers(db, namespace: number, count: count)
            let range = VectorKey.range(shelf: id)
            let rows = try db.rows(
                "SELECT key, components FROM vector WHERE key BETWEEN ? AND ? ORDER BY key",
                [range.lowerBound, range.upperBound])
            var keys: [RecordKey] = []
            var tags: [UInt8] = []
            keys.reserveCapacity(count)
            tags.reserveCapacity(count)
            let components = try [Float](unsafeUninitializedCapacity: count * space.dimension) { target, length in
                while let row = try rows.next() {
                    let key = (row[0] as Int64) & (1 << Schema.recordBits - 1)
                    try row.withUnsafeData(atIndex: 1) { data in
                        guard let data, data.count == 4 * space.dimension, keys.count < count,
                            let tag = layers[key], let base = target.baseAddress
                        else { throw Self.damagedVector(key) }
                        VectorBlob.copy(data, to: base + keys.count * space.dimension)
                        tags.append(tag)
                        keys.append(key)
                    }
                    length += space.dimension
                }
            }
            guard keys.count == count else { throw Self.damagedVector(keys.last ?? 0) }
            return VectorSnapshot(change: change, keys: keys, tags: tags, components: components)
        }
    }

    /// The vectors of some records, by key.
    public func vectors(
        of keys: [RecordKey], in namespace: String, space: EmbeddingSpace
    ) async throws -> [RecordKey: [Float]] {
        try await read { db in
            guard !keys.isEmpty, let number = try db.namespaceNumber(namespace),
                let spaceNumber = try db.spaceNumber(space),
                let shelf = try db.number(
                    "SELECT id FROM shelf WHERE namespace = ? AND space = ?", [number, spaceNumber])
            else { return [:] }
            var vectors: [RecordKey: [Float]] = [:]
            for key in Set(keys) {
                // No record has such a key, and its bits would name another shelf.
                guard key > 0, key >> Schema.recordBits == 0 else { continue }
                let data = try Data.fetchOne(
                    db.cachedStatement(sql: "SELECT components FROM vector WHERE key = ?"),
                    arguments: [try VectorKey.number(shelf: shelf, record: key)])
                guard let data else { continue }
                guard data.count == 4 * space.dimension else { throw Self.damagedVector(key) }
                vectors[key] = [Float](unsafeUninitializedCapacity: space.dimension) { target, count in
                    // An embedding space has at least one component.
                    VectorBlob.copy(data, to: target.baseAddress!)
                    count = space.dimension
                }
            }
            return vectors
        }
    }

    /// What became of those vectors since a mark, from the change log.
    public func vectorChanges(
        in namespace: String, space: EmbeddingSpace, since mark: ChangeMark, limit: Int
    ) async throws -> VectorChanges? {
        try await read { db in
            let entry = try db.number(
                "SELECT number FROM change WHERE number = ? AND record = ? AND at = ?",
                [mark.number, mark.record.data, mark.at.milliseconds])
            guard entry != nil, let number = try db.namespaceNumber(namespace) else { return nil }
            let last = try db.number("SELECT max(number) FROM change") ?? 0
            let entries = try db.rows(
                """
                SELECT record, operation = 'forgotten' OR ifnull(instr(previous, '"text"'), 0) > 0 \
                FROM change WHERE namespace = ? AND number > ?
                """, [number, mark.number])
            var ids: Set<Data> = []
            var hasRemovals = false
            while let entry = try entries.next() {
                ids.insert(entry[0])
                hasRemovals = hasRemovals || entry[1]
                guard ids.count <= limit else { return nil }
            }
            let spaceNumber = try db.spaceNumber(space) ?? 0
            let shelf = try db.row(
                "SELECT id, vector_count FROM shelf WHERE namespace = ? AND space = ?", [number, spaceNumber])
            let tags = try Self.layers(db, namespace: number, count: 0)
            let keys = try ids.compactMap {
                try db.number("SELECT key FROM record WHERE id = ? AND namespace = ?", [$0, number])
            }.sorted()
            var (held, without, components): ([RecordKey], [RecordKey], [Float]) = ([], [], [])
            for key in keys {
                let vectorKey = try VectorKey.number(shelf: shelf?[0] ?? 0, record: key)
                let data = try Data.fetchOne(
                    db.cachedStatement(sql: "SELECT components FROM vector WHERE key = ?"), arguments: [vectorKey])
                guard let data else {
                    without.append(key)
                    continue
                }
                guard data.count == 4 * space.dimension else { throw Self.damagedVector(key) }
                components += [Float](unsafeUninitializedCapacity: space.dimension) { target, count in
                    // An embedding space has at least one component.
                    VectorBlob.copy(data, to: target.baseAddress!)
                    count = space.dimension
                }
                held.append(key)
            }
            return VectorChanges(
                change: last, tags: tags,
                changed: VectorSnapshot(
                    change: last, keys: held, tags: held.map { tags[$0] ?? 0 }, components: components),
                withoutVector: without, hasRemovals: hasRemovals, count: shelf?[1] ?? 0)
        }
    }

    /// The layer tag of every record of a namespace; from an index alone, without the rows.
    private static func layers(_ db: Database, namespace: Int64, count: Int) throws -> [RecordKey: UInt8] {
        let rows = try db.rows(
            "SELECT key, layer FROM record INDEXED BY record_layer WHERE namespace = ?", [namespace])
        var layers: [RecordKey: UInt8] = [:]
        layers.reserveCapacity(count)
        while let row = try rows.next() { layers[row[0]] = UInt8(clamping: row[1] as Int64) }
        return layers
    }

    private static func damagedVector(_ key: RecordKey) -> StrataError {
        StrataError(
            .corrupted,
            "the vectors at record number \(key) do not agree with their space or count; embed the namespace again")
    }

    /// For each key, the vector of its record in the space that the record names.
    public func embeddings(of keys: [RecordKey], in namespace: String) async throws -> [StoredEmbedding?] {
        try await read { db in
            guard let number = try db.namespaceNumber(namespace) else { return keys.map { _ in nil } }
            return try keys.map { key in
                guard
                    let row = try db.row(
                        """
                        SELECT s.model, s.revision, s.dimension, v.components FROM record r \
                        JOIN space s ON s.id = r.space JOIN shelf h ON h.namespace = r.namespace AND h.space = s.id \
                        JOIN vector v ON v.key = (h.id << \(Schema.recordBits) | r.key) \
                        WHERE r.key = ? AND r.namespace = ?
                        """, [key, number])
                else { return nil }
                let space = EmbeddingSpace(model: row[0], revision: row[1], dimension: row[2])
                let data: Data = row[3]
                guard data.count == 4 * space.dimension else { throw Self.damagedVector(key) }
                return StoredEmbedding(
                    space: space,
                    vector: [Float](unsafeUninitializedCapacity: space.dimension) { target, length in
                        if let base = target.baseAddress { VectorBlob.copy(data, to: base) }
                        length = space.dimension
                    })
            }
        }
    }

    /// Records that have no vector in the space, ascending by key.
    public func recordsWithoutVector(
        space: EmbeddingSpace, after key: RecordKey?, limit: Int
    ) async throws -> [StoredRecord] {
        try await read { db in
            guard limit > 0 else { return [] }
            let number = try db.spaceNumber(space) ?? 0
            let recordCount = try db.number("SELECT coalesce(sum(record_count), 0) FROM namespace")
            let vectorCount = try db.number(
                "SELECT coalesce(sum(vector_count), 0) FROM shelf WHERE space = ?", [number])
            guard recordCount != vectorCount else { return [] }
            let rows = try db.rows(
                """
                SELECT \(RecordRow.columns) FROM record r \
                LEFT JOIN shelf h ON h.namespace = r.namespace AND h.space = ? \
                WHERE r.key > ? AND NOT EXISTS \
                (SELECT 1 FROM vector WHERE key = (h.id << \(Schema.recordBits) | r.key)) \
                ORDER BY r.key LIMIT ?
                """, [number, key ?? 0, limit])
            var records: [StoredRecord] = []
            while let row = try rows.next() { records.append(try RecordRow.stored(row)) }
            return records
        }
    }
}
