public import StrataCore

/// The plainest possible ``MemoryStore``: dictionaries and loops. What it does is what every store must do.
public actor InMemoryStore: MemoryStore {
    private(set) var state = InMemoryState()
    private var isClosed = false

    /// An empty store.
    public init() {}

    /// Applies units one after another; a unit that fails leaves the state as it was before it.
    public func commit(
        _ units: [[StoreMutation]], at time: Timestamp
    ) async throws -> [Result<[StoreOutcome], StrataError>] {
        try checkOpen()
        return try units.map { unit in
            var next = state
            do {
                let outcomes = try unit.map { try next.apply($0, at: time) }
                state = next
                return .success(outcomes)
            } catch let error as StrataError {
                return .failure(error)
            }
        }
    }

    /// The record of that id, or nil.
    public func record(_ id: RecordID, in namespace: String) async throws -> StoredRecord? {
        try checkOpen()
        return state.entry(id, in: namespace)?.stored
    }

    /// The records of those keys in one namespace, in their order.
    public func records(_ keys: [RecordKey], in namespace: String) async throws -> [StoredRecord] {
        try checkOpen()
        return keys.compactMap { state.entries[$0] }.filter { $0.isIn(namespace) }.map(\.stored)
    }

    /// The records that pass, ascending by key.
    public func list(
        in namespace: String, matching filter: Filter?, after key: RecordKey?, limit: Int
    ) async throws -> [StoredRecord] {
        try checkOpen()
        try filter?.checkStorable()
        let found = state.entries(in: namespace, matching: filter).filter { $0.key > key ?? 0 }
        return found.prefix(max(0, limit)).map(\.stored)
    }

    /// The keys of all records that pass, ascending.
    public func keys(in namespace: String, matching filter: Filter) async throws -> [RecordKey] {
        try checkOpen()
        try filter.checkStorable()
        return state.entries(in: namespace, matching: filter).map(\.key)
    }

    /// For each digest, the record that was stored first with it.
    public func records(withContent digests: [SHA256.Digest], in namespace: String) async throws -> [RecordID?] {
        try checkOpen()
        return digests.map { digest in
            state.entries(in: namespace, matching: nil).first { $0.digest == digest }?.record.id
        }
    }

    /// How often terms occur in a namespace.
    public func termStatistics(_ terms: [String], in namespace: String) async throws -> TermStatistics {
        try checkOpen()
        try Self.check(terms)
        let entries = state.entries(in: namespace, matching: nil)
        let termCount = entries.reduce(0) { $0 + $1.terms.count }
        var counts: [String: Int] = [:]
        for term in terms { counts[term] = entries.count { $0.terms.contains(term) } }
        return TermStatistics(
            recordCount: entries.count, lengthMean: entries.isEmpty ? 0 : Double(termCount) / Double(entries.count),
            recordCounts: counts)
    }

    /// The records that match at least one term, best BM25 score first, ties by key.
    public func keywordSearch(
        _ terms: [WeightedTerm], lengthMean: Double, parameters: BM25Parameters, in namespace: String,
        matching filter: Filter?, keys: [RecordKey]?, limit: Int
    ) async throws -> [KeywordHit] {
        try checkOpen()
        try Self.check(terms.map(\.term))
        try filter?.checkStorable()
        let wanted = keys.map { Set($0) }
        var hits: [KeywordHit] = []
        for entry in state.entries(in: namespace, matching: filter) where wanted?.contains(entry.key) ?? true {
            let score = Self.score(entry.terms, terms, lengthMean: lengthMean, parameters)
            if score > 0 { hits.append(KeywordHit(key: entry.key, score: score)) }
        }
        hits.sort { $0.score == $1.score ? $0.key < $1.key : $0.score > $1.score }
        return Array(hits.prefix(max(0, limit)))
    }

    /// Where every record of a namespace stands among the others.
    public func threadRows(in namespace: String) async throws -> [ThreadRow] {
        try checkOpen()
        return state.entries(in: namespace, matching: nil).map { ThreadRow($0.stored) }
    }

    /// Every vector of a namespace in a space, ascending by key.
    public func vectors(in namespace: String, space: EmbeddingSpace) async throws -> VectorSnapshot {
        try checkOpen()
        let entries = state.entries(in: namespace, matching: nil).filter { $0.vectors[space] != nil }
        return VectorSnapshot(
            change: state.changes.last?.number ?? 0, keys: entries.map(\.key), tags: entries.map(\.record.layer.tag),
            components: entries.flatMap { $0.vectors[space] ?? [] })
    }

    /// The vectors of some records, by key.
    public func vectors(
        of keys: [RecordKey], in namespace: String, space: EmbeddingSpace
    ) async throws -> [RecordKey: [Float]] {
        try checkOpen()
        let held = Set(keys).compactMap { state.entries[$0] }.filter { $0.isIn(namespace) }
        return Dictionary(
            uniqueKeysWithValues: held.compactMap { entry in entry.vectors[space].map { (entry.key, $0) } })
    }

    /// What became of the vectors since a mark.
    public func vectorChanges(
        in namespace: String, space: EmbeddingSpace, since mark: ChangeMark, limit: Int
    ) async throws -> VectorChanges? {
        try checkOpen()
        guard state.changes.contains(where: { ChangeMark($0) == mark }) else { return nil }
        let later = state.changes.filter { $0.number > mark.number && $0.isIn(namespace) }
        let ids = Set(later.map(\.record))
        guard ids.count <= limit else { return nil }
        let entries = state.entries(in: namespace, matching: nil)
        let changed = entries.filter { ids.contains($0.record.id) }
        let held = changed.filter { $0.vectors[space] != nil }
        let last = state.changes.last?.number ?? 0
        return VectorChanges(
            change: last, tags: Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.record.layer.tag) }),
            changed: VectorSnapshot(
                change: last, keys: held.map(\.key), tags: held.map(\.record.layer.tag),
                components: held.flatMap { $0.vectors[space] ?? [] }),
            withoutVector: changed.filter { $0.vectors[space] == nil }.map(\.key),
            hasRemovals: later.contains(where: \.isRemoval),
            count: entries.count { $0.vectors[space] != nil })
    }

    /// For each key, the vector of its record in the space that the record names.
    public func embeddings(of keys: [RecordKey], in namespace: String) async throws -> [StoredEmbedding?] {
        try checkOpen()
        return keys.map { key in
            guard let entry = state.entries[key], entry.isIn(namespace),
                let (space, vector) = entry.vectors.first(where: { $0.key.identifier == entry.record.embeddingSpace })
            else { return nil }
            return StoredEmbedding(space: space, vector: vector)
        }
    }

    /// Records that have no vector in the space, ascending by key.
    public func recordsWithoutVector(
        space: EmbeddingSpace, after key: RecordKey?, limit: Int
    ) async throws -> [StoredRecord] {
        try checkOpen()
        let found = state.entries.values.filter { $0.vectors[space] == nil && $0.key > key ?? 0 }
        return found.sorted { $0.key < $1.key }.prefix(max(0, limit)).map(\.stored)
    }

    /// Changes with a greater number, ascending.
    public func changes(since change: Int64, in namespace: String?, limit: Int) async throws -> [Change] {
        try checkOpen()
        let found = state.changes.filter { $0.number > change && (namespace.map($0.isIn) ?? true) }
        return Array(found.prefix(max(0, limit)))
    }

    /// The changes of one record, oldest first.
    public func history(of id: RecordID, in namespace: String) async throws -> [Change] {
        try checkOpen()
        return state.changes.filter { $0.record == id && $0.isIn(namespace) }
    }

    /// Counts, sizes and the last change; nothing is on disk.
    public func statistics(in namespace: String?, space: EmbeddingSpace?) async throws -> StoreStatistics {
        try checkOpen()
        let entries = state.entries.values.filter { entry in namespace.map(entry.isIn) ?? true }
        var statistics = StoreStatistics(
            recordCounts: [:], pinnedCount: entries.count { $0.record.pinned },
            vectorCount: entries.count { entry in space.map { entry.vectors[$0] != nil } ?? false },
            vectorCountBySpace: [:], textBytes: entries.reduce(0) { $0 + $1.record.text.utf8.count },
            namespaceCount: Set(entries.map { Array($0.record.namespace.utf8) }).count,
            change: state.changes.last { change in namespace.map(change.isIn) ?? true }?.number ?? 0, fileBytes: 0)
        for layer in Layer.allCases { statistics.recordCounts[layer] = entries.count { $0.record.layer == layer } }
        for space in entries.flatMap(\.vectors.keys) {
            statistics.vectorCountBySpace[space.identifier, default: 0] += 1
        }
        return statistics
    }

    /// The namespaces that hold records, in order of their names' UTF-8 bytes.
    public func namespaces() async throws -> [String] {
        try checkOpen()
        let names = Set(state.entries.values.map { Array($0.record.namespace.utf8) })
        return names.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
    }

    /// What decides about the unpinned records of a layer, in the order in which they came into it.
    public func lifecycleFacts(
        in namespace: String, layer: Layer, enteredBy moment: Timestamp, after position: LifecyclePosition?, limit: Int
    ) async throws -> [LifecycleFacts] {
        try checkOpen()
        let facts = state.entries(in: namespace, matching: .all([.layers([layer]), .pinned(false)]))
            .map { LifecycleFacts($0.stored) }
            .filter { $0.enteredLayerAt <= moment }
            .sorted { ($0.enteredLayerAt, $0.key) < ($1.enteredLayerAt, $1.key) }
        let rest = facts.filter { facts in
            position.map { ($0.enteredLayerAt, $0.key) < (facts.enteredLayerAt, facts.key) } ?? true
        }
        return Array(rest.prefix(max(0, limit)))
    }

    /// The text that was last saved under a name.
    public func savedText(named name: String) async throws -> String? {
        try checkOpen()
        return state.savedTexts[name]
    }

    /// The latest rows of the log of promotion decisions, newest first.
    public func decisions(limit: Int) async throws -> [DecisionRow] {
        try checkOpen()
        return Array(state.decisions.reversed().prefix(max(0, limit)))
    }

    /// Trims both logs; everything else that upkeep is for cannot arise here.
    public func upkeep(_ task: StoreUpkeep, limit: Int) async throws -> UpkeepOutcome {
        try checkOpen()
        let count: Int
        switch task {
        case .history(let moment) where limit > 0: count = state.trimHistory(before: moment, limit: limit)
        case .decisions(let moment, let countMax) where limit > 0:
            count = state.trimDecisions(before: moment, countMax: countMax, limit: limit)
        default: return UpkeepOutcome(doneCount: 0, next: nil)
        }
        return UpkeepOutcome(doneCount: count, next: count > 0 ? 0 : nil)
    }

    /// Ends the store; calling it again does nothing.
    public func close() async throws { isClosed = true }

    private func checkOpen() throws {
        guard !isClosed else { throw StrataError(.closed, "the store is closed; open it again") }
    }

    private static func check(_ terms: [String]) throws {
        try RecordContent(digest: SHA256.digest(of: ""), terms: terms, embedding: nil).checkStorable()
    }

    private static func score(
        _ found: [String], _ wanted: [WeightedTerm], lengthMean: Double, _ parameters: BM25Parameters
    ) -> Double {
        let (k1, b) = (parameters.k1, parameters.b)
        return wanted.reduce(0) { sum, term in
            let frequency = Double(found.count { $0 == term.term })
            guard term.weight > 0, frequency > 0 else { return sum }
            let norm = k1 * (1 - b + b * Double(found.count) / lengthMean)
            return sum + term.weight * (frequency * (k1 + 1) / (frequency + norm))
        }
    }
}
