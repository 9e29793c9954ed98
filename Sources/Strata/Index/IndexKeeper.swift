internal import StrataCore
internal import Synchronization
internal import VectorSearch

/// Keeps one vector index a namespace, loaded at first use and kept in step with commits.
///
/// The store is the truth: an index is read from its file and brought up to date from the change log, or, when there is
/// no file that will do, made from the stored vectors. Past ``VectorIndexOptions/exactCountMax`` the rows of an index get
/// their links, and then a file, from ``keepUp()``.
///
/// A commit reaches an index while it is loading through a buffer that is replayed in order when the load is done.
/// Events that the load has already seen are replayed too; the last event of a record decides, so that does no harm.
final class IndexKeeper: Sendable {
    /// An index and what its upkeep needs to know.
    struct Entry {
        enum Phase {
            case loading(Task<AdaptiveIndex, any Error>, buffer: [Event])
            case ready(AdaptiveIndex)
        }

        let namespace: String
        var phase: Phase
        /// When it was last asked for.
        var lastUsed: Timestamp
        /// The last change that the load has seen.
        var loadedChange: Int64 = 0
        /// How many rows came, went or got their links since the file was written; what writing it anew would save.
        var unsavedCount = 0
        /// A commit is being taken in: the index is between two changes of the store.
        var isChanging = false
        /// The file is being written: commits wait.
        var isSaving = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var lastSave: Timestamp?
        var saveFailed = false
        /// What the next recall is to be told.
        var notice: Degradation?
    }

    struct State {
        /// By the UTF-8 bytes of the name: two canonically equivalent names are one `String` key, but two tenants.
        var entries: [[UInt8]: Entry] = [:]
        /// The last change of the commits that the indexes have taken in.
        var lastChange: Int64 = 0
        var upkeep: Task<Void, Never>?
        var isClosing = false
    }

    let space: EmbeddingSpace
    let store: any MemoryStore
    let folder: IndexFolder?
    let options: VectorIndexOptions
    let now: @Sendable () -> Timestamp
    let state = Mutex(State())
    let thread = UpkeepThread()

    /// A keeper of the indexes of a store.
    ///
    /// - Parameter path: the folder of their files; nil keeps none.
    init(
        store: any MemoryStore, space: EmbeddingSpace, path: String?, options: VectorIndexOptions,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.space = space
        self.options = options
        self.now = now
        folder = path.map { IndexFolder(path: $0, space: space) }
    }

    var graphOptions: GraphOptions {
        var graph = GraphOptions()
        graph.recallTarget = options.recallTarget
        return graph
    }

    /// The index of a namespace, complete as of every commit that has been acknowledged.
    func index(of namespace: String) async throws -> AdaptiveIndex {
        let key = Array(namespace.utf8)
        let now = now()
        let pending = state.withLock { state -> Result<AdaptiveIndex, any Error>.Pending in
            state.entries[key]?.lastUsed = now
            switch state.entries[key]?.phase {
            case .ready(let index): return .done(index)
            case .loading(let task, _): return .task(task)
            case nil:
                let task = Task { try await self.load(namespace) }
                state.entries[key] = Entry(
                    namespace: namespace, phase: .loading(task, buffer: []), lastUsed: now)
                return .task(task)
            }
        }
        switch pending {
        case .done(let index): return index
        case .task(let task): return try await task.value
        }
    }

    /// What is to be told about the index of a namespace, once.
    func takeNotice(of namespace: String) -> Degradation? {
        state.withLock { state in
            defer { state.entries[Array(namespace.utf8)]?.notice = nil }
            return state.entries[Array(namespace.utf8)]?.notice
        }
    }

    // MARK: - Loading

    private func load(_ namespace: String) async throws -> AdaptiveIndex {
        let key = Array(namespace.utf8)
        do {
            var notice: Degradation?
            var loaded: (index: AdaptiveIndex, change: Int64, unsavedCount: Int)?
            if let folder, try await offPool({ folder.hasFile(of: namespace) }) {
                do {
                    loaded = try await read(namespace, folder)
                } catch {
                    notice = .indexRebuilt(error)
                    try await offPool { folder.remove(namespace) }
                }
            }
            let (index, change, unsavedCount) =
                if let loaded { loaded } else { try await build(namespace) }
            while !isReady(key, index, change: change, unsavedCount: unsavedCount, notice: notice) {}
            pokeUpkeep()
            return index
        } catch {
            // The next call tries again.
            state.withLock { $0.entries[key] = nil }
            throw error
        }
    }

    /// Replays what was committed meanwhile; true when there was nothing more, and the index is in its place.
    private func isReady(
        _ key: [UInt8], _ index: AdaptiveIndex, change: Int64, unsavedCount: Int, notice: Degradation?
    ) -> Bool {
        let waiting = state.withLock { state -> [Event] in
            guard var entry = state.entries[key], case .loading(let task, let buffer) = entry.phase else { return [] }
            entry.phase = .loading(task, buffer: [])
            if buffer.isEmpty {
                entry.phase = .ready(index)
                entry.loadedChange = change
                entry.notice = notice
            }
            entry.unsavedCount += buffer.isEmpty ? unsavedCount : buffer.count
            state.entries[key] = entry
            return buffer
        }
        Self.replay(waiting, into: index)
        return waiting.isEmpty
    }

    private func build(_ namespace: String) async throws -> (AdaptiveIndex, Int64, Int) {
        let snapshot = try await store.vectors(in: namespace, space: space)
        let (dimension, countMax, graph) = (space.dimension, options.exactCountMax, graphOptions)
        let index = try await offPool {
            try AdaptiveIndex(snapshot: snapshot, dimension: dimension, switchCount: countMax, options: graph)
        }
        return (index, snapshot.change, snapshot.keys.count)
    }

    private func read(_ namespace: String, _ folder: IndexFolder) async throws -> (AdaptiveIndex, Int64, Int) {
        let (countMax, graph) = (options.exactCountMax, graphOptions)
        let (index, label) = try await offPool {
            try folder.open(namespace, switchCount: countMax, options: graph)
        }
        // Past that many changes, taking them in costs more than building anew.
        let changes = try await store.vectorChanges(
            in: namespace, space: space, since: label.mark, limit: max(1000, label.vectorCount / 2))
        guard let changes else {
            throw StrataError(
                .corrupted, "an index file is of another history than the store, or too old; it is built anew")
        }
        try await offPool {
            try index.catchUp(with: changes)
            // What was forgotten is not to outlast its record in a file.
            if changes.hasRemovals { folder.remove(namespace) }
        }
        let changedCount = changes.changed.keys.count + changes.withoutVector.count
        return (index, changes.change, changes.hasRemovals ? index.count : changedCount)
    }

    // MARK: - Commits

    /// What a commit means for an index.
    enum Event: Sendable {
        case upsert(RecordKey, vector: [Float], tag: UInt8)
        case delete([RecordKey])
        case tag(RecordKey, UInt8)

        static func upsert(_ stored: StoredRecord, _ embedding: StoredEmbedding) -> Self {
            .upsert(stored.key, vector: embedding.vector, tag: stored.record.layer.tag)
        }
    }

    /// What a transaction means for one namespace.
    private struct Batch {
        let namespace: String
        var events: [Event] = []
        /// Whether a text was forgotten or replaced, whose vector a file may hold.
        var hasRemovals = false
    }

    /// Takes in what a transaction changed, in its order. What was forgotten is in no file when this returns.
    ///
    /// Called by one caller, one call after another.
    func apply(_ committed: [WriteQueue.Committed]) async {
        var batches: [[UInt8]: Batch] = [:]
        var change: Int64 = 0
        for unit in committed {
            for (mutation, outcome) in zip(unit.mutations, unit.outcomes) {
                change = max(change, outcome.lastChange)
                add(mutation, outcome, to: &batches)
            }
        }
        for (key, batch) in batches { await apply(batch, key) }
        state.withLock { $0.lastChange = max($0.lastChange, change) }
        for key in batches.keys { state.withLock { $0.entries[key]?.isChanging = false } }
        if !batches.isEmpty { pokeUpkeep() }
    }

    private func apply(_ batch: Batch, _ key: [UInt8]) async {
        while await isWaitingForSave(key) {}
        if batch.hasRemovals, let folder {
            // Not to be able to remove a file is found out again when it is opened, by the change log.
            try? await offPool { folder.remove(batch.namespace) }
        }
        let index = state.withLock { state -> AdaptiveIndex? in
            switch state.entries[key]?.phase {
            case .ready(let index):
                let count = batch.hasRemovals ? index.count : batch.events.count
                state.entries[key]?.unsavedCount += count
                return index
            case .loading(let task, let buffer):
                state.entries[key]?.phase = .loading(task, buffer: buffer + batch.events)
                return nil
            // A namespace whose index nobody has asked for is left alone: the store has it.
            case nil: return nil
            }
        }
        if let index { Self.replay(batch.events, into: index) }
    }

    /// Waits for the file that is being written; false when none is, and from then on none will be until the commit is
    /// taken in.
    private func isWaitingForSave(_ key: [UInt8]) async -> Bool {
        await withCheckedContinuation { continuation in
            let isSaving = state.withLock { state in
                guard state.entries[key]?.isSaving == true else {
                    state.entries[key]?.isChanging = true
                    return false
                }
                state.entries[key]?.waiting.append(continuation)
                return true
            }
            if !isSaving { continuation.resume() }
        }
        return state.withLock { $0.entries[key].map { !$0.isChanging } ?? false }
    }

    private func add(_ mutation: StoreMutation, _ outcome: StoreOutcome, to batches: inout [[UInt8]: Batch]) {
        func add(_ namespace: String, _ event: Event, removes: Bool = false) {
            let key = Array(namespace.utf8)
            batches[key, default: Batch(namespace: namespace)].events.append(event)
            if removes { batches[key]?.hasRemovals = true }
        }
        switch (mutation, outcome) {
        case (.insert(_, let content, _), .inserted(let stored)):
            guard let embedding = content.embedding, embedding.space == space else { return }
            add(stored.record.namespace, .upsert(stored, embedding))
        case (.restore(_, let content, _), .inserted(let stored)):
            guard let embedding = content.embedding, embedding.space == space else { return }
            add(stored.record.namespace, .upsert(stored, embedding))
        case (_, .duplicate(let stored)):
            add(stored.record.namespace, .tag(stored.key, stored.record.layer.tag))
        case (.update(_, _, _, let content, _), .updated(let stored, let contentChanged)):
            let namespace = stored.record.namespace
            if !contentChanged {
                add(namespace, .tag(stored.key, stored.record.layer.tag))
            } else if let embedding = content?.embedding, embedding.space == space {
                add(namespace, .upsert(stored, embedding), removes: true)
            } else {
                add(namespace, .delete([stored.key]), removes: true)
            }
        case (.embed(_, _, _, let embedding), .embedded(let stored?)):
            guard embedding.space == space else { return }
            add(stored.record.namespace, .upsert(stored, embedding))
        case (.move, .updated(let stored, _)):
            add(stored.record.namespace, .tag(stored.key, stored.record.layer.tag))
        case (.forget(_, let namespace), .forgotten(_, let keys, _)),
            (.discard(_, let namespace, _), .forgotten(_, let keys, _)):
            if !keys.isEmpty { add(namespace, .delete(keys), removes: true) }
        default: return
        }
    }

    private static func replay(_ events: [Event], into index: AdaptiveIndex) {
        for event in events {
            switch event {
            case .upsert(let key, let vector, let tag):
                do {
                    try index.upsert(key, vector, tag: tag)
                } catch {
                    preconditionFailure("a vector was checked before it was committed: \(error)")
                }
            case .delete(let keys): index.delete(keys)
            case .tag(let key, let tag): index.setTag(tag, of: key)
            }
        }
    }
}

extension StoreOutcome {
    /// The number of the last change that it is known to have made; 0 for none.
    fileprivate var lastChange: Int64 {
        switch self {
        case .inserted(let stored), .duplicate(let stored), .updated(let stored, _): stored.record.change
        case .embedded(let stored): stored?.record.change ?? 0
        case .forgotten(let receipt, _, _): receipt.change
        case .used, .saved: 0
        }
    }
}

extension Result {
    fileprivate enum Pending {
        case done(Success)
        case task(Task<Success, Failure>)
    }
}

extension Degradation {
    static func indexRebuilt(_ error: any Error) -> Self {
        let reason = (error as? StrataError)?.message ?? "an unexpected error"
        return Self(
            code: "index_rebuilt",
            message:
                "the vector index was not read from its file (\(reason)); searches are exact and slower until it is")
    }
}
