internal import StrataCore

/// Where a row lies.
struct Location: Sendable, Hashable {
    var segment: UInt32
    var row: UInt32
}

/// From keys to rows, in shards, so that a writer copies one shard and not the map when a reader holds the old one. A small
/// map has one shard: a table of 256 would be most of what a namespace of a few memories costs.
struct KeyMap: Sendable {
    private static let shardBits = 8
    private static let smallMax = 512
    private var shards: [[RecordKey: Location]] = [[:]]

    /// The place of a key in the order of samples: SplitMix64's finaliser, which sends no two keys to one place.
    private static func hash(_ key: RecordKey) -> UInt64 {
        var z = UInt64(bitPattern: key) &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The leading bits choose the shard, so that the shards lie in the order of the hashes.
    private func shard(_ key: RecordKey) -> Int {
        shards.count == 1 ? 0 : Int(Self.hash(key) >> (64 - UInt64(Self.shardBits)))
    }

    private mutating func split() {
        let all = shards[0]
        shards = Array(repeating: [:], count: 1 << Self.shardBits)
        for (key, location) in all { shards[shard(key)][key] = location }
    }

    /// Makes room for so many keys in all.
    mutating func reserveCapacity(_ count: Int) {
        if count > Self.smallMax && shards.count == 1 { split() }
        // Shards differ in size by chance; an eighth more covers nearly all of them.
        let perShard = count / shards.count
        for index in shards.indices { shards[index].reserveCapacity(perShard + perShard / 8) }
    }

    subscript(key: RecordKey) -> Location? {
        get { shards[shard(key)][key] }
        set {
            shards[shard(key)][key] = newValue
            if shards.count == 1 && shards[0].count > Self.smallMax { split() }
        }
    }

    /// The rows of the `limit` keys whose hashes are lowest, in the order of the hashes: a sample that depends on the
    /// set of keys alone, and as good as random because the hash is.
    func sample(_ limit: Int) -> [Location] {
        var found: [(hash: UInt64, location: Location)] = []
        for shard in shards {
            for (key, location) in shard { found.append((Self.hash(key), location)) }
            if found.count >= limit { break }
        }
        found.sort { $0.hash < $1.hash }
        return found.prefix(max(limit, 0)).map(\.location)
    }

    /// Every key with its row, in no order.
    func all() -> [(key: RecordKey, location: Location)] {
        shards.flatMap { shard in shard.map { (key: $0.key, location: $0.value) } }
    }

    /// About how many bytes the map takes.
    var byteCount: Int {
        let entryBytes = MemoryLayout<RecordKey>.stride + MemoryLayout<Location>.stride
        // A Swift dictionary keeps a quarter of its buckets free.
        return shards.reduce(0) { $0 + $1.capacity * 4 / 3 * entryBytes + MemoryLayout<Int>.stride }
    }
}
