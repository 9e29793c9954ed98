internal import StrataCore

/// Gathers records into batches. Pure: it starts no task, reads no clock and writes nothing; the caller carries out the
/// returned action.
struct BatchQueue {
    /// A record on its way, and where its outcome goes.
    struct Entry: Sendable {
        let memory: NewMemory
        let namespace: String
        let onDuplicate: DuplicatePolicy
        let submittedAt: Timestamp
        let ticket: BatchTicket
        let position: Int
    }

    enum Action: Equatable { case none, startTimer, flush }

    /// What can be written by one call; records of one layer lie side by side in the indexes.
    private struct Group: Hashable {
        let namespace: [UInt8]
        let layer: Layer
        let onDuplicate: DuplicatePolicy
    }

    private let countMax: Int
    private var waiting: [Entry] = []

    init(countMax: Int) { self.countMax = countMax }

    /// How many records wait.
    var count: Int { waiting.count }

    /// Takes records in: enough of them are written at once, the first starts the time.
    mutating func add(_ entries: [Entry]) -> Action {
        let wasEmpty = waiting.isEmpty
        waiting += entries
        if waiting.count >= countMax { return .flush }
        return wasEmpty && !waiting.isEmpty ? .startTimer : .none
    }

    /// Hands over everything, grouped by namespace, layer and policy, in batches of at most the limit. Within a group
    /// the order of submission is kept.
    mutating func takeBatches() -> [[Entry]] {
        var places: [Group: Int] = [:]
        var groups: [[Entry]] = []
        for entry in waiting {
            let group = Group(
                namespace: Array(entry.namespace.utf8), layer: entry.memory.layer, onDuplicate: entry.onDuplicate)
            let place = places[group, default: groups.count]
            if place == groups.count { groups.append([]) }
            places[group] = place
            groups[place].append(entry)
        }
        waiting = []
        return groups.flatMap { group in
            stride(from: 0, to: group.count, by: countMax).map { Array(group[$0..<min(group.count, $0 + countMax)]) }
        }
    }
}
