/// Which pairs of tokens a byte-pair encoding merges, how early, and into what.
struct MergeTable: Sendable {
    struct Merge: Sendable {
        /// Lower ranks are merged first; `none` for a pair that stays apart.
        var rank: UInt32
        var result: Int32

        static let none = Merge(rank: .max, result: -1)
    }

    private struct Slot {
        var left: Int32
        var right: Int32
        var merge: Merge
    }

    /// Open addressing, at most half full; a free slot has no merge.
    private var slots: [Slot]
    private let shift: UInt64

    init(pairCount: Int) {
        var bitCount: UInt64 = 4
        while 1 << bitCount < pairCount * 2 { bitCount += 1 }
        shift = 64 - bitCount
        slots = Array(repeating: Slot(left: -1, right: -1, merge: .none), count: 1 << bitCount)
    }

    /// The last one of equal pairs counts, as in the reference.
    mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
        slots[place(of: left, right)] = Slot(left: left, right: right, merge: merge)
    }

    @inline(__always)
    subscript(left: Int32, right: Int32) -> Merge { slots[place(of: left, right)].merge }

    @inline(__always)
    private func place(of left: Int32, _ right: Int32) -> Int {
        let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
        while true {
            let slot = slots[place]
            if slot.left == left && slot.right == right || slot.merge.rank == .max { return place }
            place = (place &+ 1) & (slots.count &- 1)
        }
    }

    /// Merges the tokens until no pair is left to merge, the lowest rank first and of equal ones the leftmost.
    ///
    /// - Returns: how many tokens remain, at the beginning of the buffer.
    func apply(to tokens: UnsafeMutableBufferPointer<Int32>) -> Int {
        guard tokens.count > 1 else { return tokens.count }
        return tokens.count <= Self.scanCountMax ? scan(tokens) : queue(tokens)
    }

    /// Up to here looking at every pair each time costs less than keeping them in order.
    private static let scanCountMax = 48

    private func scan(_ tokens: UnsafeMutableBufferPointer<Int32>) -> Int {
        withUnsafeTemporaryAllocation(of: Merge.self, capacity: tokens.count) { merges in
            var count = tokens.count
            for index in 0..<count - 1 {
                merges.initializeElement(at: index, to: self[tokens[index], tokens[index + 1]])
            }
            merges.initializeElement(at: count - 1, to: .none)
            while true {
                var best = 0
                var bestRank = merges[0].rank
                for index in 1..<count where merges[index].rank < bestRank {
                    bestRank = merges[index].rank
                    best = index
                }
                if bestRank == .max { return count }
                tokens[best] = merges[best].result
                count -= 1
                for index in best + 1..<max(count, best + 1) {
                    tokens[index] = tokens[index + 1]
                    merges[index] = merges[index + 1]
                }
                if count == 1 { return count }
                merges[best] = best + 1 < count ? self[tokens[best], tokens[best + 1]] : .none
                if best > 0 { merges[best - 1] = self[tokens[best - 1], tokens[best]] }
            }
        }
    }

    /// The same for long words, whose pairs wait in a heap; those that are no more when their turn comes are passed over.
    private func queue(_ tokens: UnsafeMutableBufferPointer<Int32>) -> Int {
        let count = tokens.count
        var previous = Array(-1..<count - 1)
        var next = Array(1...count)
        var heap = MinHeap(capacity: count * 2)
        func push(_ left: Int) {
            let rank = self[tokens[left], tokens[next[left]]].rank
            if rank != .max { heap.push(UInt64(rank) << 32 | UInt64(left)) }
        }
        for left in 0..<count - 1 { push(left) }
        while let entry = heap.pop() {
            let left = Int(entry & 0xFFFF_FFFF)
            let right = next[left]
            guard right < count, tokens[left] >= 0 else { continue }
            let merge = self[tokens[left], tokens[right]]
            guard merge.rank == UInt32(entry >> 32), merge.rank != .max else { continue }
            tokens[left] = merge.result
            // A token that went into another one; ids are never negative.
            tokens[right] = -1
            next[left] = next[right]
            if next[left] < count {
                previous[next[left]] = left
                push(left)
            }
            if previous[left] >= 0 { push(previous[left]) }
        }
        var written = 0
        for index in 0..<count where tokens[index] >= 0 {
            tokens[written] = tokens[index]
            written += 1
        }
        return written
    }
}

/// Numbers of which the smallest comes out first.
private struct MinHeap {
    private var values: [UInt64] = []

    init(capacity: Int) { values.reserveCapacity(capacity) }

    mutating func push(_ value: UInt64) {
        values.append(value)
        var child = values.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if values[parent] <= value { break }
            values[child] = values[parent]
            child = parent
        }
        values[child] = value
    }

    mutating func pop() -> UInt64? {
        guard let first = values.first, let last = values.popLast() else { return nil }
        guard !values.isEmpty else { return first }
        var hole = 0
        while true {
            var child = 2 * hole + 1
            if child >= values.count { break }
            if child + 1 < values.count, values[child + 1] < values[child] { child += 1 }
            if values[child] >= last { break }
            values[hole] = values[child]
            hole = child
        }
        values[hole] = last
        return first
    }
}
