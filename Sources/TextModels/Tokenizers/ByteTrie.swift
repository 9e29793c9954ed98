/// A dictionary from byte strings to numbers that also finds every key that a text starts with.
///
/// A double array: the child of a node by a byte is at `base + byte` if that slot names the node as its parent, so a
/// step costs one memory access. After Aoe, "An efficient digital search algorithm by using a double-array structure",
/// IEEE Transactions on Software Engineering 15 (1989).
struct ByteTrie: Sendable {
    static let root: Int32 = 0

    private struct Node {
        var base: Int32 = 0
        var parent: Int32 = free
        var value: Int32 = -1
        static let free: Int32 = -1
    }

    private var nodes: [Node]

    /// A trie of the keys, sorted here; values are 0 or more.
    ///
    /// - Throws: `DuplicateKey` when two keys are the same bytes.
    init(_ entries: [(key: [UInt8], value: Int32)]) throws(DuplicateKey) {
        let sorted = entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (first, second) in zip(sorted, sorted.dropFirst()) where first.key == second.key {
            throw DuplicateKey(key: first.key)
        }
        nodes = [Node(base: 0, parent: Self.root, value: -1)]
        nodes.reserveCapacity(sorted.count * 4)
        var searchStart = 1
        var open: [(node: Int32, depth: Int, range: Range<Int>)] = [(Self.root, 0, 0..<sorted.count)]
        while let (node, depth, range) = open.popLast() {
            var start = range.lowerBound
            if start < range.upperBound, sorted[start].key.count == depth {
                nodes[Int(node)].value = sorted[start].value
                start += 1
            }
            var children: [(byte: UInt8, range: Range<Int>)] = []
            while start < range.upperBound {
                let byte = sorted[start].key[depth]
                var end = start + 1
                while end < range.upperBound, sorted[end].key[depth] == byte { end += 1 }
                children.append((byte, start..<end))
                start = end
            }
            if children.isEmpty { continue }
            let base = placeFor(children.map(\.byte), searchStart: &searchStart)
            nodes[Int(node)].base = Int32(base)
            for child in children {
                let slot = base + Int(child.byte)
                nodes[slot].parent = node
                open.append((Int32(slot), depth + 1, child.range))
            }
        }
        // A step may look at any byte after any base.
        let highest = nodes.map(\.base).max() ?? 0
        grow(to: Int(highest) + 256)
    }

    /// Two keys were the same.
    struct DuplicateKey: Error {
        var key: [UInt8]
    }

    /// The node one byte further, or nil when no key goes on like that.
    @inline(__always)
    func child(of node: Int32, by byte: UInt8) -> Int32? {
        let slot = nodes[Int(node)].base &+ Int32(byte)
        return nodes[Int(slot)].parent == node && slot != Self.root ? slot : nil
    }

    /// The value of the key that ends at the node; negative when none does.
    @inline(__always)
    func value(at node: Int32) -> Int32 { nodes[Int(node)].value }

    /// The node that the bytes lead to.
    func node(for bytes: some Sequence<UInt8>, from start: Int32 = root) -> Int32? {
        var node = start
        for byte in bytes {
            guard let next = child(of: node, by: byte) else { return nil }
            node = next
        }
        return node
    }

    /// The value of exactly that key.
    subscript(key: some Sequence<UInt8>) -> Int32? {
        guard let node = node(for: key) else { return nil }
        let value = value(at: node)
        return value < 0 ? nil : value
    }

    private mutating func grow(to count: Int) {
        if nodes.count < count { nodes.append(contentsOf: repeatElement(Node(), count: count - nodes.count)) }
    }

    /// A base where the slots of all those bytes are free.
    ///
    /// The search leaves a stretch behind as soon as it is nearly full; the few slots lost cost less than looking at
    /// them for every node to come.
    private mutating func placeFor(_ bytes: [UInt8], searchStart: inout Int) -> Int {
        var slot = max(searchStart, Int(bytes[0]) + 1)
        let first = slot
        var takenCount = 0
        while true {
            let base = slot - Int(bytes[0])
            grow(to: base + 256)
            if nodes[slot].parent != Node.free {
                takenCount += 1
            } else if bytes.allSatisfy({ nodes[base + Int($0)].parent == Node.free }) {
                if takenCount * 20 >= (slot - first) * 19 { searchStart = max(searchStart, slot) }
                return base
            }
            slot += 1
        }
    }
}
