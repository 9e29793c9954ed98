internal import StrataCore

/// Finds the least valuable of many records in one pass, keeping only as many as are wanted.
///
/// A binary heap with the most valuable of those kept on top: n records cost O(n log k) for k wanted.
struct EvictionChoice {
    /// A record and what it is worth.
    struct Entry {
        let value: Double
        let facts: LifecycleFacts

        /// Whether this one goes before the other: the less valuable, of equals the older.
        func goesBefore(_ other: Entry) -> Bool {
            (value, facts.createdAt, facts.key) < (other.value, other.facts.createdAt, other.facts.key)
        }
    }

    private let wantedCount: Int
    private var heap: [Entry] = []

    init(wantedCount: Int) { self.wantedCount = wantedCount }

    /// The chosen ones, those to go first in front.
    var chosen: [Entry] { heap.sorted { $0.goesBefore($1) } }

    mutating func consider(_ facts: LifecycleFacts, value: Double) {
        let entry = Entry(value: value, facts: facts)
        if heap.count < wantedCount {
            heap.append(entry)
            siftUp()
        } else if let top = heap.first, entry.goesBefore(top) {
            heap[0] = entry
            siftDown()
        }
    }

    private mutating func siftUp() {
        var child = heap.count - 1
        while child > 0, heap[(child - 1) / 2].goesBefore(heap[child]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var last = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[last].goesBefore(heap[child]) { last = child }
            if last == parent { return }
            heap.swapAt(parent, last)
            parent = last
        }
    }
}
