public import StrataCore

/// Applies random operations to a store and to an ``InMemoryStore`` and compares everything that can be read.
///
/// Keys and change numbers must be the same, so the store has to count both from 1 and to use none for failed units.
public struct MemoryStoreModelRun: Sendable {
    private var random: RandomFilters
    private let model = InMemoryStore()
    private var stepCount = 0
    /// How many mutations of each kind took place and how many units failed, to show that the run did something.
    public private(set) var counts: [String: Int] = [:]

    private static let namespaces = ["a", "b", "c'; --"]
    private static let texts = [
        "red", "red blue", "blue blue green", "red red red", "ünïcode red", "green", "blue green grey grey", "",
    ]
    private static let words = ["red", "blue", "green", "grey", "ünïcode", "nowhere"]

    /// A run that follows from the seed.
    public init(seed: UInt64) { random = RandomFilters(seed: seed) }

    /// Commits a few random units to both and compares the results.
    public mutating func step(_ store: any MemoryStore) async throws {
        stepCount += 1
        let units = await units()
        let time = StoreSample.time(Int64(stepCount))
        let found = try await store.commit(units, at: time).map(Answer.init)
        let expected = try await model.commit(units, at: time).map(Answer.init)
        try expectEqual(found, expected, "the result of step \(stepCount)")
        counts["failed", default: 0] += expected.count { if case .refused = $0 { true } else { false } }
    }

    /// Compares every read.
    public mutating func compare(_ store: any MemoryStore) async throws {
        try await compare(store, "the namespaces") { try await $0.namespaces() }
        try await compare(store, "all changes") { try await $0.changes(since: 0, in: nil, limit: .max) }
        let since = Int64(random.below(stepCount + 1))
        for space in [StoreSample.space, StoreSample.otherSpace] {
            try await compare(store, "the records without a vector") {
                try await $0.recordsWithoutVector(space: space, after: since, limit: 5)
            }
            try await compare(store, "the statistics of all") { try await Self.statistics($0, nil, space) }
        }
        for namespace in Self.namespaces { try await compare(store, namespace, since: since) }
    }

    private mutating func compare(_ store: any MemoryStore, _ namespace: String, since: Int64) async throws {
        try await compare(store, "the records") {
            try await $0.list(in: namespace, matching: nil, after: nil, limit: .max)
        }
        for _ in 0..<6 {
            let filter = random.filter()
            let limit = random.below(8)
            try await compare(store, "the keys that match \(filter)") {
                try await $0.keys(in: namespace, matching: filter)
            }
            try await compare(store, "the records that match \(filter)") {
                try await $0.list(in: namespace, matching: filter, after: since, limit: limit)
            }
            try await compareSearch(store, namespace, filter: random.below(2) == 0 ? filter : nil)
        }
        try await compare(store, "the changes of \(namespace)") {
            try await $0.changes(since: since, in: namespace, limit: 7)
        }
        for layer in Layer.allCases {
            let moment = StoreSample.time(since)
            let position = random.below(2) == 0 ? nil : LifecyclePosition(enteredLayerAt: moment, key: since)
            try await compare(store, "what decides about \(layer)") { store in
                try await store.lifecycleFacts(
                    in: namespace, layer: layer, enteredBy: moment, after: nil, limit: 5)
            }
            try await compare(store, "what decides about \(layer) later") { store in
                try await store.lifecycleFacts(
                    in: namespace, layer: layer, enteredBy: .latest, after: position, limit: 5)
            }
        }
        let id = StoreSample.id(random.below(20))
        try await compare(store, "a history") { try await $0.history(of: id, in: namespace) }
        try await compare(store, "a record") { try await $0.record(id, in: namespace) }
        let digests = Self.texts.map(SHA256.digest(of:))
        try await compare(store, "the contents") { try await $0.records(withContent: digests, in: namespace) }
        try await compare(store, "the term statistics") { try await $0.termStatistics(Self.words, in: namespace) }
        try await compare(store, "the statistics") { try await Self.statistics($0, namespace, StoreSample.space) }
        try await compare(store, "the thread rows") { store in
            try await store.threadRows(in: namespace).sorted { $0.key < $1.key }
        }
        for space in [StoreSample.space, StoreSample.otherSpace] {
            try await compare(store, "the vectors") { store in
                try await store.vectors(in: namespace, space: space)
            }
        }
    }

    private mutating func compareSearch(_ store: any MemoryStore, _ namespace: String, filter: Filter?) async throws {
        let terms = Self.words.filter { _ in random.below(2) == 0 }.map { word in
            WeightedTerm(term: word, weight: random.pick([0, 0.25, 1, 2.5]))
        }
        let keys = random.below(2) == 0 ? nil : (0..<20).map { _ in Int64(random.below(60)) }
        let limit = random.below(9)
        let parameters = BM25Parameters(k1: random.pick([0, 0.9, 1.2]), b: random.pick([0, 0.4, 1]))
        var answers: [[KeywordHit]] = []
        for store in [store, model] as [any MemoryStore] {
            answers.append(
                try await store.keywordSearch(
                    terms, lengthMean: 2.5, parameters: parameters, in: namespace, matching: filter, keys: keys,
                    limit: limit))
        }
        try expectEqual(answers[0].map(\.key), answers[1].map(\.key), "the keyword hits at step \(stepCount)")
        for (found, expected) in zip(answers[0], answers[1]) {
            try expect(abs(found.score - expected.score) < 1e-9, "the score is \(expected.score), not \(found.score)")
        }
    }

    private func compare<Value: Equatable>(
        _ store: any MemoryStore, _ what: String, _ read: (any MemoryStore) async throws -> Value
    ) async throws {
        try expectEqual(try await read(store), try await read(model), "\(what) at step \(stepCount)")
    }

    private static func statistics(
        _ store: any MemoryStore, _ namespace: String?, _ space: EmbeddingSpace
    ) async throws -> StoreStatistics {
        var statistics = try await store.statistics(in: namespace, space: space)
        statistics.fileBytes = 0
        return statistics
    }

    /// A result by its outcomes or the code of its error.
    private enum Answer: Equatable {
        case done([StoreOutcome])
        case refused(String)

        init(_ result: Result<[StoreOutcome], StrataError>) {
            switch result {
            case .success(let outcomes): self = .done(outcomes)
            case .failure(let error): self = .refused("\(error.code)")
            }
        }
    }

    private mutating func units() async -> [[StoreMutation]] {
        let stored = await model.allRecords()
        return (0..<(1 + random.below(3))).map { _ in
            (0..<(1 + random.below(3))).map { _ in mutation(stored) }
        }
    }

    private mutating func mutation(_ stored: [StoredRecord]) -> StoreMutation {
        let namespace = random.pick(Self.namespaces)
        let id = StoreSample.id(random.below(20))
        let text = random.pick(Self.texts)
        let kind = random.below(20)
        switch kind {
        case 0..<8:
            counts["insert", default: 0] += 1
            var record = random.record(random.below(20), text: text, in: namespace)
            if random.below(4) == 0 { record.duplicateOf = id }
            return .insert(record, content(record.searchableText), onDuplicate: random.pick(DuplicatePolicy.allCases))
        case 8..<12:
            counts["update", default: 0] += 1
            var patch = random.patch()
            if random.below(3) == 0 { patch.text = text }
            let change: Int64? = random.below(4) == 0 ? Int64(random.below(stepCount + 1)) : nil
            return .update(id, namespace: namespace, patch, content: patch.text.map { content($0) }, ifChange: change)
        case 12..<15:
            counts["embed", default: 0] += 1
            let target = stored.isEmpty ? nil : random.pick(stored)
            let isStale = random.below(4) == 0
            let digest = SHA256.digest(of: isStale ? text : target?.record.searchableText ?? text)
            let space = random.pick([StoreSample.space, StoreSample.otherSpace])
            let vector = (0..<(random.below(9) == 0 ? 2 : space.dimension)).map { _ in Float(random.below(100)) }
            return .embed(
                target?.key ?? 1, namespace: namespace, digest: digest, StoredEmbedding(space: space, vector: vector))
        case 15:
            counts["feedback", default: 0] += 1
            return .feedback(
                [id, StoreSample.id(random.below(20))], namespace: namespace, random.pick(Feedback.allCases))
        case 16 where !stored.isEmpty:
            return lifecycleMutation(of: random.pick(stored).record, in: namespace)
        case 16..<18:
            counts["use", default: 0] += 1
            return .use((0..<random.below(4)).map { _ in StoreSample.id(random.below(20)) }, namespace: namespace)
        default:
            counts["forget", default: 0] += 1
            switch random.below(12) {
            case 0: return .forget(.everything, namespace: namespace)
            case 1..<3: return .forget(.filter(.all([random.filter(), random.filter()])), namespace: namespace)
            default: return .forget(.ids([id, StoreSample.id(random.below(20))]), namespace: namespace)
            }
        }
    }

    /// A move or a removal that is based on what is stored, or on what is not any more.
    private mutating func lifecycleMutation(of record: MemoryRecord, in other: String) -> StoreMutation {
        let namespace = random.below(5) == 0 ? other : record.namespace
        var version = LifecycleFacts(StoredRecord(key: 1, record: record)).version
        if random.below(3) == 0 {
            counts["discard", default: 0] += 1
            if random.below(4) == 0 { version = RecordVersion(id: record.id, change: record.change, useCount: 99) }
            return .discard([version, version], namespace: namespace, reason: "expired: step \(stepCount)")
        }
        counts["move", default: 0] += 1
        let change: Int64? = random.below(3) == 0 ? Int64(random.below(stepCount + 1)) : nil
        return .move(
            record.id, namespace: namespace, to: random.pick(Layer.allCases), reason: "step \(stepCount)",
            ifChange: change)
    }

    private mutating func content(_ text: String) -> RecordContent {
        StoreSample.content(text, space: random.pick([nil, StoreSample.space, StoreSample.otherSpace]))
    }
}

extension InMemoryStore {
    /// Every record, ascending by key.
    func allRecords() -> [StoredRecord] { state.allRecords }
}

extension InMemoryState {
    /// Every record, ascending by key.
    var allRecords: [StoredRecord] { entries.values.map(\.stored).sorted { $0.key < $1.key } }
}
