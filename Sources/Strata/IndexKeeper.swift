internal import StrataCore
internal import Synchronization
internal import VectorSearch

/// Keeps one vector index a namespace, loaded from the store at first use and kept in step with commits.
///
/// A commit reaches an index while it is loading through a buffer that is replayed in order when the load is done.
/// Events that the load has already seen are replayed too; the last event of a record decides, so that does no harm.
final class IndexKeeper: Sendable {
    /// What a commit means for an index.
    enum Event: Sendable {
        case upsert(RecordKey, vector: [Float], tag: UInt8)
        case delete([RecordKey])
        case tag(RecordKey, UInt8)

        static func upsert(_ stored: StoredRecord, _ embedding: StoredEmbedding) -> Self {
            .upsert(stored.key, vector: embedding.vector, tag: stored.record.layer.tag)
        }
    }

    private enum State {
        case loading(Task<any VectorIndex, any Error>, buffer: [Event])
        case ready(any VectorIndex)
    }

    let space: EmbeddingSpace
    private let store: any MemoryStore
    private let states = Mutex<[String: State]>([:])

    init(store: any MemoryStore, space: EmbeddingSpace) {
        self.store = store
        self.space = space
    }

    /// The index of a namespace, complete as of every commit that has been acknowledged.
    func index(of namespace: String) async throws -> any VectorIndex {
        let task = states.withLock { states -> Result<any VectorIndex, any Error>.Pending in
            switch states[namespace] {
            case .ready(let index): return .done(index)
            case .loading(let task, _): return .task(task)
            case nil:
                let task = Task { try await self.load(namespace) }
                states[namespace] = .loading(task, buffer: [])
                return .task(task)
            }
        }
        switch task {
        case .done(let index): return index
        case .task(let task): return try await task.value
        }
    }

    /// A namespace whose index nobody has asked for is left alone: the store has it.
    private func apply(_ events: [Event], in namespace: String) {
        states.withLock { states in
            switch states[namespace] {
            case .ready(let index): Self.replay(events, into: index)
            case .loading(let task, let buffer): states[namespace] = .loading(task, buffer: buffer + events)
            case nil: break
            }
        }
    }

    /// Takes in what a transaction changed, in its order.
    func apply(_ committed: [WriteQueue.Committed]) {
        var events: [String: [Event]] = [:]
        for unit in committed {
            for (mutation, outcome) in zip(unit.mutations, unit.outcomes) {
                guard let (namespace, event) = event(of: mutation, outcome) else { continue }
                events[namespace, default: []].append(event)
            }
        }
        for (namespace, events) in events { apply(events, in: namespace) }
    }

    private func event(of mutation: StoreMutation, _ outcome: StoreOutcome) -> (String, Event)? {
        switch (mutation, outcome) {
        case (.insert(_, let content, _), .inserted(let stored)):
            guard let embedding = content.embedding, embedding.space == space else { return nil }
            return (stored.record.namespace, .upsert(stored, embedding))
        case (.restore(_, let content, _), .inserted(let stored)):
            guard let embedding = content.embedding, embedding.space == space else { return nil }
            return (stored.record.namespace, .upsert(stored, embedding))
        case (_, .duplicate(let stored)):
            return (stored.record.namespace, .tag(stored.key, stored.record.layer.tag))
        case (.update(_, _, _, let content, _), .updated(let stored, let contentChanged)):
            guard contentChanged else {
                return (stored.record.namespace, .tag(stored.key, stored.record.layer.tag))
            }
            guard let embedding = content?.embedding, embedding.space == space else {
                return (stored.record.namespace, .delete([stored.key]))
            }
            return (stored.record.namespace, .upsert(stored, embedding))
        case (.embed(_, _, _, let embedding), .embedded(let stored?)):
            guard embedding.space == space else { return nil }
            return (stored.record.namespace, .upsert(stored, embedding))
        case (.forget(_, let namespace), .forgotten(_, let keys, _)):
            return (namespace, .delete(keys))
        default:
            return nil
        }
    }

    /// The bytes of all loaded indexes.
    var residentBytes: Int {
        states.withLock { states in
            states.values.reduce(0) { sum, state in
                if case .ready(let index) = state { sum + index.residentBytes } else { sum }
            }
        }
    }

    private func load(_ namespace: String) async throws -> any VectorIndex {
        do {
            let snapshot = try await store.vectors(in: namespace, space: space)
            let index = try FlatIndex(snapshot: snapshot, dimension: space.dimension)
            states.withLock { states in
                if case .loading(_, let buffer) = states[namespace] { Self.replay(buffer, into: index) }
                states[namespace] = .ready(index)
            }
            return index
        } catch {
            // The next call tries again.
            states.withLock { $0[namespace] = nil }
            throw error
        }
    }

    private static func replay(_ events: [Event], into index: any VectorIndex) {
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

extension Result {
    fileprivate enum Pending {
        case done(Success)
        case task(Task<Success, Failure>)
    }
}
