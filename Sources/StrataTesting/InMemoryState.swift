import StrataCore

/// All that an ``InMemoryStore`` knows; a value, so that undoing a unit is keeping the old one.
struct InMemoryState {
    /// A record with what derives from its text.
    struct Entry {
        let key: RecordKey
        var record: MemoryRecord
        var digest: SHA256.Digest
        var terms: [String]
        var vectors: [EmbeddingSpace: [Float]]

        var stored: StoredRecord { StoredRecord(key: key, record: record) }
        func isIn(_ namespace: String) -> Bool { record.namespace.utf8.elementsEqual(namespace.utf8) }
    }

    private(set) var entries: [RecordKey: Entry] = [:]
    private(set) var changes: [Change] = []
    private(set) var savedTexts: [String: String] = [:]
    /// In the order of their times, then of the records' keys from the last to the first.
    var decisions: [DecisionRow] = []
    private var keyLast: RecordKey = 0

    private static func distinct(_ entries: [Entry]) -> [Entry] {
        var seen: Set<RecordKey> = []
        return entries.filter { seen.insert($0.key).inserted }.sorted { $0.key < $1.key }
    }

    func entries(in namespace: String, matching filter: Filter?) -> [Entry] {
        entries.values.filter { $0.isIn(namespace) && filter?.matches($0.record) ?? true }.sorted { $0.key < $1.key }
    }

    func entry(_ id: RecordID, in namespace: String) -> Entry? {
        entries.values.first { $0.record.id == id && $0.isIn(namespace) }
    }

    mutating func apply(_ mutation: StoreMutation, at time: Timestamp) throws -> StoreOutcome {
        switch mutation {
        case .insert(let record, let content, let policy):
            return try insert(record, content, onDuplicate: policy, at: time)
        case .restore(let record, let content, let history): return try restore(record, content, history, at: time)
        case .update(let id, let namespace, let patch, let content, let change):
            return try update(id, in: namespace, patch, content, ifChange: change, at: time)
        case .embed(let key, let namespace, let digest, let embedding):
            try embedding.checkStorable()
            guard var entry = entries[key], entry.isIn(namespace), entry.digest == digest else { return .embedded(nil) }
            entry.vectors[embedding.space] = embedding.vector
            entry.record.embeddingSpace = embedding.space.identifier
            entry.record.change = log(.embedded, entry.record, at: time)
            entries[key] = entry
            return .embedded(entry.stored)
        case .forget(let target, let namespace): return try forget(target, in: namespace, at: time)
        case .use(let ids, let namespace):
            let found = Set(ids).compactMap { entry($0, in: namespace) }
            for entry in found { countUse(of: entry.key, at: time) }
            return .used(found.count)
        case .feedback(let ids, let namespace, let feedback):
            let found = Set(ids).compactMap { entry($0, in: namespace) }
            for entry in found {
                entries[entry.key]?.record.count(feedback)
                if feedback == .useful { noteNeed(of: entry.record.id, at: time) }
            }
            return .used(found.count)
        case .move(let id, let namespace, let layer, let reason, let change):
            guard let entry = entry(id, in: namespace) else {
                throw StrataError(.notFound, "there is no record \(id)")
            }
            return .updated(
                try move(entry, to: layer, reason: reason, ifChange: change, at: time), contentChanged: false)
        case .discard(let versions, let namespace, let reason):
            let gone = versions.compactMap { version in
                entry(version.id, in: namespace).flatMap { version.matches($0.record) && !$0.record.pinned ? $0 : nil }
            }
            return remove(Self.distinct(gone), reason: reason, at: time)
        case .logDecisions(let rows, let namespace):
            logDecisions(rows, in: namespace)
            return .saved
        case .save(let text, let name):
            savedTexts[name] = text
            return .saved
        }
    }

    private mutating func insert(
        _ record: MemoryRecord, _ content: RecordContent, onDuplicate policy: DuplicatePolicy, at time: Timestamp
    ) throws -> StoreOutcome {
        try record.checkStorable()
        try content.checkStorable()
        if let holder = entries.values.first(where: { $0.record.id == record.id }) {
            guard holder.isIn(record.namespace), holder.digest == content.digest else {
                throw StrataError(.conflict, "the id \(record.id) is taken by other content; use another id")
            }
            return .duplicate(repeated(holder.key, by: record, at: time))
        }
        var record = record
        if let id = record.duplicateOf, entry(id, in: record.namespace) == nil { record.duplicateOf = nil }
        if let twin = entries(in: record.namespace, matching: nil).first(where: { $0.digest == content.digest }) {
            switch policy {
            case .skip: return .duplicate(repeated(twin.key, by: record, at: time))
            case .replace:
                let old = repeated(twin.key, by: record, at: time).record
                var new = old
                let previous = new.adopt(record)
                return .duplicate(write(new, over: old, key: twin.key, previous: previous, at: time))
            case .link: record.duplicateOf = twin.record.id
            case .keep: break
            }
        }
        record.change = log(.remembered, record, at: time)
        return .inserted(add(record, content))
    }

    private mutating func restore(
        _ record: MemoryRecord, _ content: RecordContent, _ history: [Change], at time: Timestamp
    ) throws -> StoreOutcome {
        try record.checkStorable()
        try content.checkStorable()
        if let holder = entries.values.first(where: { $0.record.id == record.id }) {
            guard holder.isIn(record.namespace), holder.digest == content.digest else {
                throw StrataError(.conflict, "the id \(record.id) is taken by other content; forget that record first")
            }
            return .duplicate(holder.stored)
        }
        var record = record
        if let id = record.duplicateOf, entry(id, in: record.namespace) == nil { record.duplicateOf = nil }
        if history.isEmpty { record.change = log(.remembered, record, at: time) }
        for entry in history {
            record.change = log(entry.operation, record, previous: entry.previous, at: entry.at)
        }
        return .inserted(add(record, content))
    }

    private mutating func add(_ record: MemoryRecord, _ content: RecordContent) -> StoredRecord {
        var record = record
        keyLast += 1
        record.embeddingSpace = content.embedding?.space.identifier
        let vectors = content.embedding.map { [$0.space: $0.vector] } ?? [:]
        let entry = Entry(
            key: keyLast, record: record, digest: content.digest, terms: content.terms, vectors: vectors)
        entries[keyLast] = entry
        return entry.stored
    }

    private mutating func update(
        _ id: RecordID, in namespace: String, _ patch: RecordPatch, _ content: RecordContent?, ifChange: Int64?,
        at time: Timestamp
    ) throws -> StoreOutcome {
        try patch.checkStorable()
        try content?.checkStorable()
        guard (patch.text == nil) == (content == nil) else {
            throw StrataError(.internal, "a patch has a text without content, or the reverse; give both or none")
        }
        guard var entry = entry(id, in: namespace) else { throw StrataError(.notFound, "there is no record \(id)") }
        let old = entry.record
        try Self.check(old, ifChange)
        var record = old
        let previous = record.apply(patch)
        var contentChanged = false
        if let content, content.digest != entry.digest {
            contentChanged = true
            entry.digest = content.digest
            entry.terms = content.terms
            entry.vectors = content.embedding.map { [$0.space: $0.vector] } ?? [:]
            record.embeddingSpace = content.embedding?.space.identifier
            entries[entry.key] = entry
        }
        return .updated(
            write(
                record, over: old, key: entry.key, previous: previous, isForced: contentChanged, at: time),
            contentChanged: contentChanged)
    }

    private mutating func move(
        _ entry: Entry, to layer: Layer, reason: String, ifChange: Int64?, at time: Timestamp
    ) throws -> StoredRecord {
        try Self.check(entry.record, ifChange)
        var record = entry.record
        let previous = record.apply(RecordPatch(layer: layer))
        return write(record, over: entry.record, key: entry.key, previous: previous, reason: reason, at: time)
    }

    private static func check(_ record: MemoryRecord, _ change: Int64?) throws {
        guard change == nil || change == record.change else {
            throw StrataError(.conflict, "record \(record.id) is at change \(record.change); read it again")
        }
    }

    private mutating func write(
        _ record: MemoryRecord, over old: MemoryRecord, key: RecordKey, previous: [String: JSONValue],
        isForced: Bool = false, reason: String? = nil, at time: Timestamp
    ) -> StoredRecord {
        guard !previous.isEmpty || isForced else { return StoredRecord(key: key, record: old) }
        var record = record
        record.updatedAt = time
        if record.layer != old.layer { record.enterLayer(at: time) }
        record.change = log(
            Change.Operation(from: old.layer, to: record.layer), record, previous: previous, reason: reason, at: time)
        entries[key]?.record = record
        return StoredRecord(key: key, record: record)
    }

    private mutating func forget(
        _ target: ForgetTarget, in namespace: String, at time: Timestamp
    ) throws -> StoreOutcome {
        let gone: [Entry]
        switch target {
        case .ids(let ids): gone = entries(in: namespace, matching: nil).filter { ids.contains($0.record.id) }
        case .filter(let filter):
            try filter.checkStorable()
            gone = entries(in: namespace, matching: filter)
        case .everything: gone = entries(in: namespace, matching: nil)
        }
        return remove(gone, reason: nil, at: time)
    }

    private mutating func remove(_ gone: [Entry], reason: String?, at time: Timestamp) -> StoreOutcome {
        var receipt = ForgetReceipt()
        for entry in gone {
            let id = entry.record.id
            entries[entry.key] = nil
            decisions.removeAll { $0.record == id }
            for key in entries.keys where entries[key]?.record.duplicateOf == id {
                entries[key]?.record.duplicateOf = nil
            }
            for (index, change) in changes.enumerated()
            where change.record == id && change.isIn(entry.record.namespace) && !change.previous.isEmpty {
                changes[index] = Change(
                    number: change.number, namespace: change.namespace, record: id, operation: change.operation,
                    at: change.at, previous: [:], reason: change.reason)
                receipt.historyCount += 1
            }
            receipt.ids.append(id)
            receipt.recordCount += 1
            receipt.vectorCount += entry.vectors.count
            receipt.keywordCount += entry.terms.isEmpty ? 0 : 1
            receipt.change = log(.forgotten, entry.record, reason: reason, at: time)
        }
        return .forgotten(receipt, keys: gone.map(\.key), contents: gone.map(\.digest))
    }

    /// Removes the oldest changes of before a moment, but for the last one of each namespace; says how many.
    mutating func trimHistory(before moment: Timestamp, limit: Int) -> Int {
        let kept = Set(
            Dictionary(grouping: changes, by: { Array($0.namespace.utf8) }).values.compactMap(\.last?.number))
        let gone = Set(
            changes.prefix(limit).filter { $0.at < moment && !kept.contains($0.number) }.map(\.number))
        changes.removeAll { gone.contains($0.number) }
        return gone.count
    }

    private mutating func repeated(_ key: RecordKey, by duplicate: MemoryRecord, at time: Timestamp) -> StoredRecord {
        // The key comes from an entry that was just found.
        duplicate.source.isEvidence ? countUse(of: key, at: time) : entries[key]!.stored
    }

    @discardableResult
    private mutating func countUse(of key: RecordKey, at time: Timestamp) -> StoredRecord {
        // The key comes from an entry that was just found.
        var entry = entries[key]!
        entry.record.accessCount += 1
        entry.record.layerUseCount += 1
        entry.record.lastAccessedAt = time
        entries[key] = entry
        noteNeed(of: entry.record.id, at: time)
        return entry.stored
    }

    private mutating func log(
        _ operation: Change.Operation, _ record: MemoryRecord, previous: [String: JSONValue] = [:],
        reason: String? = nil, at time: Timestamp
    ) -> Int64 {
        let number = (changes.last?.number ?? 0) + 1
        changes.append(
            Change(
                number: number, namespace: record.namespace, record: record.id, operation: operation, at: time,
                previous: previous, reason: reason))
        return number
    }
}

extension Change {
    /// Whether it is a change of that namespace, byte for byte.
    func isIn(_ other: String) -> Bool { namespace.utf8.elementsEqual(other.utf8) }
}
