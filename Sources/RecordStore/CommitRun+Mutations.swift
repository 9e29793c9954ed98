import Foundation
import GRDB
import StrataCore

extension CommitRun {
    mutating func insert(
        _ record: MemoryRecord, _ content: RecordContent, onDuplicate policy: DuplicatePolicy
    ) throws -> StoreOutcome {
        try record.checkStorable()
        try content.checkStorable()
        let namespace = try namespace(record.namespace)
        let holder = try db.row("SELECT key, namespace, digest FROM record WHERE id = ?", [record.id.data])
        if let holder {
            guard holder[1] == namespace, holder[2] == Data(content.digest.bytes) else {
                throw StrataError(
                    .conflict, "the id \(record.id) is taken by other content; use another id or update the record")
            }
            return .duplicate(try repeated(holder[0], by: record))
        }
        let twin = policy == .keep ? nil : try firstRecord(with: content.digest, namespace: namespace)
        if let twin, policy == .skip { return .duplicate(try repeated(twin, by: record)) }
        if let twin, policy == .replace { return .duplicate(try replace(twin, with: record, namespace: namespace)) }
        return .inserted(try add(record, content, linkedTo: twin, namespace: namespace))
    }

    mutating func restore(
        _ record: MemoryRecord, _ content: RecordContent, _ history: [Change]
    ) throws -> StoreOutcome {
        try record.checkStorable()
        try content.checkStorable()
        let namespace = try namespace(record.namespace)
        if let holder = try db.row("SELECT key, namespace, digest FROM record WHERE id = ?", [record.id.data]) {
            guard holder[1] == namespace, holder[2] == Data(content.digest.bytes) else {
                throw StrataError(.conflict, "the id \(record.id) is taken by other content; forget that record first")
            }
            return .duplicate(try existing(holder[0]))
        }
        return .inserted(try add(record, content, linkedTo: nil, history: history, namespace: namespace))
    }

    private func firstRecord(with digest: SHA256.Digest, namespace: Int64) throws -> RecordKey? {
        try db.number(
            "SELECT key FROM record WHERE namespace = ? AND digest = ? ORDER BY key LIMIT 1",
            [namespace, Data(digest.bytes)])
    }

    private mutating func add(
        _ record: MemoryRecord, _ content: RecordContent, linkedTo twin: RecordKey?, history: [Change] = [],
        namespace: Int64
    ) throws -> StoredRecord {
        var record = record
        if let twin {
            record.duplicateOf = try existing(twin).record.id
        } else if let id = record.duplicateOf, try key(of: id, namespace: namespace) == nil {
            record.duplicateOf = nil
        }
        if history.isEmpty { record.change = try log(.remembered, record.id, namespace: namespace) }
        for entry in history {
            record.change = try log(
                entry.operation, record.id, namespace: namespace, previous: entry.previous, at: entry.at)
        }
        record.embeddingSpace = nil
        try db.run(
            """
            INSERT INTO record(namespace, id, layer, pinned, importance, created_at, updated_at, occurred_at, \
            accessed_at, access_count, entered_at, layer_use_count, useful_count, not_useful_count, change, duplicate_of, \
            digest, kind, source, project, session, speaker, tags, metadata, text) \
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                namespace, record.id.data, Int64(record.layer.tag), record.pinned, record.importance,
                record.createdAt.milliseconds, record.updatedAt.milliseconds, record.occurredAt?.milliseconds,
                record.lastAccessedAt?.milliseconds, record.accessCount, record.enteredLayerAt.milliseconds,
                record.layerUseCount, record.usefulCount, record.notUsefulCount, record.change,
                record.duplicateOf?.data,
                Data(content.digest.bytes), record.kind, record.source.rawValue, record.project, record.session,
                record.speaker, RecordRow.text(of: record.tags), RecordRow.text(of: record.metadata), record.text,
            ])
        let key = db.lastInsertedRowID
        try addTags(record.tags, of: key, namespace: namespace)
        try addTerms(content.terms, of: key, namespace: namespace)
        unit.count(record, namespace: namespace, sign: 1)
        if let embedding = content.embedding {
            try setSpace(try putVector(embedding, of: key, namespace: namespace), of: key)
            record.embeddingSpace = embedding.space.identifier
        }
        return StoredRecord(key: key, record: record)
    }

    private mutating func replace(
        _ key: RecordKey, with duplicate: MemoryRecord, namespace: Int64
    ) throws -> StoredRecord {
        let old = try repeated(key, by: duplicate)
        var record = old.record
        let previous = record.adopt(duplicate)
        return try write(record, over: old, previous: previous, digest: nil, namespace: namespace)
    }

    mutating func update(
        _ id: RecordID, in name: String, _ patch: RecordPatch, _ content: RecordContent?, ifChange: Int64?
    ) throws -> StoreOutcome {
        try patch.checkStorable()
        try content?.checkStorable()
        guard (patch.text == nil) == (content == nil) else {
            throw StrataError(.internal, "an update has a new text without its content, or the reverse; report this")
        }
        guard let namespace = try existingNamespace(name),
            let old = try stored(where: "r.id = ? AND r.namespace = ?", [id.data, namespace])
        else { throw StrataError(.notFound, "there is no record \(id) in this namespace") }
        guard ifChange == nil || ifChange == old.record.change else {
            throw StrataError(
                .conflict,
                """
                record \(id) is at change \(old.record.change), the update expects \(ifChange ?? 0); \
                read it again and retry
                """)
        }
        var record = old.record
        let previous = record.apply(patch)
        guard let content, try digest(of: old.key) != Data(content.digest.bytes) else {
            let updated = try write(record, over: old, previous: previous, digest: nil, namespace: namespace)
            return .updated(updated, contentChanged: false)
        }
        _ = try removeTerms(of: old.key, namespace: namespace)
        try addTerms(content.terms, of: old.key, namespace: namespace)
        _ = try removeVectors(of: old.key, namespace: namespace)
        record.embeddingSpace = content.embedding?.space.identifier
        try setSpace(
            try content.embedding.map { try putVector($0, of: old.key, namespace: namespace) }, of: old.key)
        let updated = try write(record, over: old, previous: previous, digest: content.digest, namespace: namespace)
        return .updated(updated, contentChanged: true)
    }

    mutating func embed(
        _ key: RecordKey, in name: String, digest expected: SHA256.Digest, _ embedding: StoredEmbedding
    ) throws -> StoreOutcome {
        try embedding.checkStorable()
        guard let namespace = try existingNamespace(name),
            let old = try stored(where: "r.key = ? AND r.namespace = ?", [key, namespace]),
            try digest(of: key) == Data(expected.bytes)
        else { return .embedded(nil) }
        var record = old.record
        record.change = try log(.embedded, record.id, namespace: namespace)
        record.embeddingSpace = embedding.space.identifier
        let space = try putVector(embedding, of: key, namespace: namespace)
        try db.run("UPDATE record SET space = ?, change = ? WHERE key = ?", [space, record.change, key])
        return .embedded(StoredRecord(key: key, record: record))
    }

    mutating func forget(_ target: ForgetTarget, in name: String) throws -> StoreOutcome {
        if case .filter(let filter) = target { try filter.checkStorable() }
        guard let namespace = try existingNamespace(name) else {
            return .forgotten(ForgetReceipt(), keys: [], contents: [])
        }
        let keys: [RecordKey]
        switch target {
        case .ids(let ids): keys = try Set(ids).compactMap { try key(of: $0, namespace: namespace) }.sorted()
        case .filter(let filter): keys = try db.keys(namespace: namespace, matching: filter)
        case .everything: keys = try db.keys(namespace: namespace, matching: .all([]))
        }
        var receipt = ForgetReceipt()
        var contents: [SHA256.Digest] = []
        for key in keys {
            if let bytes = try digest(of: key), let digest = SHA256.Digest(bytes: [UInt8](bytes)) {
                contents.append(digest)
            }
            try forget(key, namespace: namespace, reason: nil, &receipt)
        }
        return .forgotten(receipt, keys: keys, contents: contents)
    }

    mutating func forget(
        _ key: RecordKey, namespace: Int64, reason: String?, _ receipt: inout ForgetReceipt
    ) throws {
        let record = try existing(key).record
        receipt.vectorCount += try removeVectors(of: key, namespace: namespace)
        receipt.keywordCount += try removeTerms(of: key, namespace: namespace) ? 1 : 0
        try removeTags(record.tags, of: key, namespace: namespace)
        try removeDecisions(about: key)
        try db.run("UPDATE record SET duplicate_of = NULL WHERE duplicate_of = ?", [record.id.data])
        try db.run("DELETE FROM record WHERE key = ?", [key])
        unit.count(record, namespace: namespace, sign: -1)
        try db.run(
            "UPDATE change SET previous = NULL WHERE record = ? AND namespace = ? AND previous IS NOT NULL",
            [record.id.data, namespace])
        receipt.historyCount += db.changesCount
        receipt.recordCount += 1
        receipt.ids.append(record.id)
        receipt.change = try log(.forgotten, record.id, namespace: namespace, reason: reason)
    }

    mutating func use(_ ids: [RecordID], in name: String) throws -> StoreOutcome {
        guard let namespace = try existingNamespace(name) else { return .used(0) }
        var count = 0
        for id in Set(ids) {
            guard let key = try key(of: id, namespace: namespace) else { continue }
            try addUse(of: key)
            count += 1
        }
        return .used(count)
    }
}

extension CommitRun {
    /// Writes the fields that an update or a replacement may change, with a change entry; nothing when none did.
    mutating func write(
        _ record: MemoryRecord, over old: StoredRecord, previous: [String: JSONValue], digest: SHA256.Digest?,
        namespace: Int64, reason: String? = nil
    ) throws -> StoredRecord {
        guard !previous.isEmpty || digest != nil else { return old }
        var record = record
        let operation = Change.Operation(from: old.record.layer, to: record.layer)
        record.change = try log(operation, record.id, namespace: namespace, previous: previous, reason: reason)
        record.updatedAt = time
        if record.layer != old.record.layer { record.enterLayer(at: time) }
        try db.run(
            """
            UPDATE record SET layer = ?, pinned = ?, importance = ?, created_at = ?, updated_at = ?, occurred_at = ?, \
            entered_at = ?, layer_use_count = ?, change = ?, digest = coalesce(?, digest), kind = ?, tags = ?, \
            metadata = ?, text = ? WHERE key = ?
            """,
            [
                Int64(record.layer.tag), record.pinned, record.importance, record.createdAt.milliseconds,
                record.updatedAt.milliseconds, record.occurredAt?.milliseconds,
                record.enteredLayerAt.milliseconds, record.layerUseCount, record.change,
                digest.map { Data($0.bytes) }, record.kind, RecordRow.text(of: record.tags),
                RecordRow.text(of: record.metadata), record.text, old.key,
            ])
        if previous["tags"] != nil {
            try removeTags(old.record.tags, of: old.key, namespace: namespace)
            try addTags(record.tags, of: old.key, namespace: namespace)
        }
        unit.count(old.record, namespace: namespace, sign: -1)
        unit.count(record, namespace: namespace, sign: 1)
        return StoredRecord(key: old.key, record: record)
    }

    private func repeated(_ key: RecordKey, by duplicate: MemoryRecord) throws -> StoredRecord {
        duplicate.source.isEvidence ? try countUse(of: key) : try existing(key)
    }

    private func countUse(of key: RecordKey) throws -> StoredRecord {
        try addUse(of: key)
        return try existing(key)
    }

    private func addUse(of key: RecordKey) throws {
        try db.run(
            """
            UPDATE record SET access_count = access_count + 1, layer_use_count = layer_use_count + 1, \
            accessed_at = ? WHERE key = ?
            """, [time.milliseconds, key])
        try noteNeed(of: key)
    }

    func existing(_ key: RecordKey) throws -> StoredRecord {
        guard let stored = try stored(where: "r.key = ?", [key]) else {
            throw StrataError(
                .corrupted, "record number \(key) is in an index but not in its table; restore from a backup")
        }
        return stored
    }

    func key(of id: RecordID, namespace: Int64) throws -> RecordKey? {
        try db.number("SELECT key FROM record WHERE id = ? AND namespace = ?", [id.data, namespace])
    }

    func digest(of key: RecordKey) throws -> Data? {
        try Data.fetchOne(db.cachedStatement(sql: "SELECT digest FROM record WHERE key = ?"), arguments: [key])
    }

    private func setSpace(_ space: Int64?, of key: RecordKey) throws {
        try db.run("UPDATE record SET space = ? WHERE key = ?", [space, key])
    }

    private func addTags(_ tags: [String], of key: RecordKey, namespace: Int64) throws {
        for tag in tags {
            try db.run("INSERT OR IGNORE INTO tag(namespace, name, record) VALUES (?, ?, ?)", [namespace, tag, key])
        }
    }

    private func removeTags(_ tags: [String], of key: RecordKey, namespace: Int64) throws {
        for tag in tags {
            try db.run("DELETE FROM tag WHERE namespace = ? AND name = ? AND record = ?", [namespace, tag, key])
        }
    }
}
