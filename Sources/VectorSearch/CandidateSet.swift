internal import StrataCore

/// The `limit` highest of the numbers offered so far; only the lowest of them can be asked for.
struct HighestNumbers {
    private let limit: Int
    // A heap with the lowest number at the root.
    private var heap: [Float] = []

    /// - Parameter limit: at least 1.
    init(limit: Int) { self.limit = limit }

    /// The `limit`-th highest number, or −∞ while there are fewer.
    var threshold: Float { heap.count < limit ? -.infinity : heap[0] }

    mutating func offer(_ number: Float) {
        if heap.count < limit {
            heap.append(number)
            var child = heap.count - 1
            while child > 0, heap[(child - 1) / 2] > heap[child] {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        } else if number > heap[0] {
            heap[0] = number
            var parent = 0
            while true {
                var lowest = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[lowest] {
                    lowest = child
                }
                if lowest == parent { return }
                heap.swapAt(parent, lowest)
                parent = lowest
            }
        }
    }
}

/// The rows that may be among the `limit` best, as far as a scan over codes can tell.
///
/// Each row comes with an interval that holds its exact score. `limit` rows have a score of at least ``threshold``,
/// the `limit`-th highest lower end; a row whose upper end is below that cannot be among the best. What is kept is
/// therefore a superset of the exact answer, whatever the vectors are.
struct CandidateSet {
    struct Candidate {
        let location: Location
        let upper: Float
    }

    private var lowerEnds: HighestNumbers
    private var candidates: [Candidate] = []
    private var pruneCount = 4096

    init(limit: Int) { lowerEnds = HighestNumbers(limit: limit) }

    /// A row whose upper end is lower can be left out.
    var threshold: Float { lowerEnds.threshold }

    /// Takes a row whose score is within `error` of `score`.
    mutating func offer(_ location: Location, score: Float, error: Float) {
        guard score + error >= threshold else { return }
        lowerEnds.offer(score - error)
        candidates.append(Candidate(location: location, upper: score + error))
        if candidates.count >= pruneCount {
            let lowest = threshold
            candidates.removeAll { $0.upper < lowest }
            pruneCount = max(4096, 2 * candidates.count)
        }
    }

    /// The rows that are left, the most promising first.
    func ranked() -> [Candidate] {
        let lowest = threshold
        return candidates.filter { $0.upper >= lowest }.sorted { $0.upper > $1.upper }
    }
}
