internal import StrataCore
internal import Synchronization

/// Keeps one ``ThreadTable`` a namespace, loaded from the store at first use and kept in step with commits.
///
/// A commit reaches a table while it is loading through a buffer that is replayed in order when the load is done. What the
/// load has already seen is replayed too; the last event of a record decides, so that does no harm.
final class ThreadKeeper: Sendable {
    private enum Event: Sendable {
        case upsert(ThreadRow)
        case remove([RecordKey])
    }

    /// A table that many may read.
    private final class Box: Sendable {
        let table: Mutex<ThreadTable>
        init(_ table: ThreadTable) { self.table = Mutex(table) }

        func apply(_ events: [Event]) {
            table.withLock { table in
                for event in events {
                    switch event {
                    case .upsert(let row): table.upsert(row)
                    case .remove(let keys): for key in keys { table.remove(key) }
                    }
                }
            }
        }
    }

    private enum State {
        case loading(Task<Box, any Error>, buffer: [Event])
        case ready(Box)
    }

    private let store: any MemoryStore
    private let terms: @Sendable (String) -> [String]
    /// By the UTF-8 bytes of the name: two canonically equivalent names are one `String` key, but two tenants.
    private let states = Mutex<[[UInt8]: State]>([:])

    /// A keeper of the tables of a store.
    ///
    /// - Parameter terms: how a speaker's name is analysed.
    init(store: any MemoryStore, terms: @escaping @Sendable (String) -> [String]) {
        self.store = store
        self.terms = terms
    }

    /// Reads the table of a namespace, complete as of every commit that has been acknowledged.
    ///
    /// Commits wait while `body` runs: it is to look up and return, no more.
    func read<Result>(_ namespace: String, _ body: (borrowing ThreadTable) -> Result) async throws -> Result {
        let box = try await box(of: namespace)
        return box.table.withLock { body($0) }
    }

    /// Takes in what a transaction changed, in its order.
    func apply(_ committed: [WriteQueue.Committed]) {
        var events: [[UInt8]: [Event]] = [:]
        for unit in committed {
            for (mutation, outcome) in zip(unit.mutations, unit.outcomes) {
                switch (mutation, outcome) {
                case (_, .inserted(let stored)), (_, .duplicate(let stored)), (_, .updated(let stored, _)):
                    events[Array(stored.record.namespace.utf8), default: []].append(.upsert(ThreadRow(stored)))
                case (.forget(_, let namespace), .forgotten(_, let keys, _)),
                    (.discard(_, let namespace, _), .forgotten(_, let keys, _)):
                    events[Array(namespace.utf8), default: []].append(.remove(keys))
                default: break
                }
            }
        }
        for (namespace, events) in events { apply(events, in: namespace) }
    }

    /// A namespace whose table nobody has asked for is left alone: the store has it.
    private func apply(_ events: [Event], in namespace: [UInt8]) {
        states.withLock { states in
            switch states[namespace] {
            case .ready(let box): box.apply(events)
            case .loading(let task, let buffer): states[namespace] = .loading(task, buffer: buffer + events)
            case nil: break
            }
        }
    }

    private func box(of namespace: String) async throws -> Box {
        enum Found {
            case ready(Box)
            case loading(Task<Box, any Error>)
        }
        let name = Array(namespace.utf8)
        let found = states.withLock { states -> Found in
            switch states[name] {
            case .ready(let box): return .ready(box)
            case .loading(let task, _): return .loading(task)
            case nil:
                let task = Task { try await self.load(namespace) }
                states[name] = .loading(task, buffer: [])
                return .loading(task)
            }
        }
        switch found {
        case .ready(let box): return box
        case .loading(let task): return try await task.value
        }
    }

    private func load(_ namespace: String) async throws -> Box {
        let name = Array(namespace.utf8)
        do {
            let box = Box(ThreadTable(try await store.threadRows(in: namespace), terms: terms))
            states.withLock { states in
                if case .loading(_, let buffer) = states[name] { box.apply(buffer) }
                states[name] = .ready(box)
            }
            return box
        } catch {
            // The next call tries again.
            states.withLock { $0[name] = nil }
            throw error
        }
    }
}
