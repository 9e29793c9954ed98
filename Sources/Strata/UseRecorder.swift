internal import StrataCore
internal import Synchronization

/// Collects the uses of records, so that a recall need not wait for a write.
///
/// At most ``countMax`` uses wait; a recall that finds so many has them written by the engine. Uses are counts, not
/// memories: a kill loses those that still wait.
final class UseRecorder: Sendable {
    /// How many uses may wait before they are written.
    static let countMax = 256

    private struct State {
        var recalls: [(namespace: String, ids: [RecordID])] = []
        var count = 0
    }

    private let state = Mutex(State())

    /// Notes one use of each record; true when enough wait to be written.
    func note(_ ids: [RecordID], in namespace: String) -> Bool {
        guard !ids.isEmpty else { return false }
        return state.withLock { state in
            state.recalls.append((namespace, ids))
            state.count += ids.count
            return state.count >= Self.countMax
        }
    }

    /// Hands over all that wait, as one mutation a recall.
    func take() -> [StoreMutation] {
        state.withLock { state in
            defer { state = State() }
            return state.recalls.map { .use($0.ids, namespace: $0.namespace) }
        }
    }
}
