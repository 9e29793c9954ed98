public import StrataCore

/// Embeddings in memory, the least recently used of which leave first.
///
/// A map from keys to places and a doubly linked list through the places: finding, touching and evicting take constant
/// time. Pure: the time is an argument.
public struct EmbeddingCache: Sendable {
    /// A key as it is stored: the text's hash in four words, and the number of a fingerprint and role.
    struct PackedKey: Hashable, Sendable {
        let words: (UInt64, UInt64, UInt64, UInt64)
        let kind: UInt32

        static func == (left: Self, right: Self) -> Bool { left.words == right.words && left.kind == right.kind }

        func hash(into hasher: inout Hasher) {
            // One word of a SHA-256 is as good a hash as any; the rest only tells equal ones apart.
            hasher.combine(words.0)
            hasher.combine(kind)
        }
    }

    private struct Place: Sendable {
        var key: PackedKey
        /// nil in a place that is free.
        var embedding: Embedding?
        var madeAt: Timestamp
        var older: Int32
        var newer: Int32
    }

    private static let none: Int32 = -1

    /// The bounds.
    public private(set) var limits: EmbeddingCacheLimits
    private(set) var evictionCount = 0
    private(set) var expiryCount = 0
    private var places: [Place] = []
    private var placeOf: [PackedKey: Int32] = [:]
    /// The first of two kinds of each fingerprint: documents, then queries.
    private var kinds: [String: UInt32] = [:]
    private var oldest = none
    private var newest = none
    private var free = none

    /// An empty cache.
    public init(limits: EmbeddingCacheLimits = EmbeddingCacheLimits()) { self.limits = limits }

    /// How many entries it holds.
    public var count: Int { placeOf.count }

    /// The bytes that the entries take: vectors with the headers of their arrays, places, and the map's slots.
    public private(set) var residentBytes = 0

    /// The bytes of one entry. A map of Swift's is filled to three quarters at most and grows by doubling, so that a slot
    /// and a half are counted; an array's storage has a header of 32 bytes, and the allocator rounds up to 16.
    static func bytes(of embedding: Embedding) -> Int {
        let vector = (32 + embedding.vector.count * MemoryLayout<Float>.stride + 8 + 15) / 16 * 16
        let slot = MemoryLayout<PackedKey>.stride + MemoryLayout<Int32>.stride
        return vector + MemoryLayout<Place>.stride * 3 / 2 + slot * 2
    }

    /// The embedding of a key, which then is the most recently used; nil when there is none or it is too old.
    public mutating func embedding(of key: EmbeddingCacheKey, at now: Timestamp) -> Embedding? {
        guard let packed = existingKey(key), let place = placeOf[packed] else { return nil }
        guard !isExpired(places[Int(place)].madeAt, at: now) else {
            remove(place)
            expiryCount += 1
            return nil
        }
        unlink(place)
        link(place)
        return places[Int(place)].embedding
    }

    /// Keeps an embedding as the most recently used, in place of one of the same key.
    ///
    /// One that is too old, or larger than the whole cache may be, is not kept.
    public mutating func insert(_ entry: EmbeddingCacheEntry, at now: Timestamp) {
        let packed = packedKey(entry.key)
        if let place = placeOf[packed] { remove(place) }
        let bytes = Self.bytes(of: entry.embedding)
        guard !isExpired(entry.madeAt, at: now), bytes <= limits.residentBytesMax, limits.entryCountMax > 0 else {
            return
        }
        while residentBytes + bytes > limits.residentBytesMax || count >= limits.entryCountMax {
            remove(oldest)
            evictionCount += 1
        }
        let new = Place(
            key: packed, embedding: entry.embedding, madeAt: entry.madeAt, older: Self.none, newer: Self.none)
        let place: Int32
        if free == Self.none {
            place = Int32(places.count)
            places.append(new)
        } else {
            place = free
            free = places[Int(place)].newer
            places[Int(place)] = new
        }
        placeOf[packed] = place
        residentBytes += bytes
        link(place)
    }

    /// Removes the embeddings of a text, of every fingerprint and role.
    public mutating func remove(textOf digest: SHA256.Digest) {
        let words = Self.words(of: digest)
        for first in kinds.values {
            for kind in first...first + 1 {
                if let place = placeOf[PackedKey(words: words, kind: kind)] { remove(place) }
            }
        }
    }

    /// Removes what is too old among `limit` places from `first` on, so that a large cache is not held up for long.
    ///
    /// - Returns: how many embeddings went, and where to go on; nil at the end.
    public mutating func removeExpired(at now: Timestamp, from first: Int, limit: Int) -> (count: Int, next: Int?) {
        let end = min(places.count, first + limit)
        var count = 0
        for place in min(first, end)..<end
        where places[place].embedding != nil && isExpired(places[place].madeAt, at: now) {
            remove(Int32(place))
            count += 1
        }
        expiryCount += count
        return (count, end < places.count ? end : nil)
    }

    /// Sets how many bytes the entries may take. When that is less than they do, the least recently used leave, and what
    /// they took is given back.
    public mutating func setResidentBytesMax(_ bytesMax: Int) {
        limits.residentBytesMax = max(0, bytesMax)
        guard residentBytes > limits.residentBytesMax else { return }
        while residentBytes > limits.residentBytesMax {
            remove(oldest)
            evictionCount += 1
        }
        compact()
    }

    /// Moves the entries into storage of their number, oldest first.
    private mutating func compact() {
        var kept: [Place] = []
        kept.reserveCapacity(count)
        var place = oldest
        while place != Self.none {
            kept.append(places[Int(place)])
            place = places[Int(place)].newer
        }
        (places, placeOf) = ([], [:])
        (oldest, newest, free) = (Self.none, Self.none, Self.none)
        for entry in kept {
            placeOf[entry.key] = Int32(places.count)
            places.append(entry)
            link(Int32(places.count - 1))
        }
    }

    private func isExpired(_ madeAt: Timestamp, at now: Timestamp) -> Bool { now - madeAt > limits.timeToLive }

    private func existingKey(_ key: EmbeddingCacheKey) -> PackedKey? {
        kinds[key.fingerprint].map {
            PackedKey(words: Self.words(of: key.digest), kind: $0 + (key.role == .query ? 1 : 0))
        }
    }

    private mutating func packedKey(_ key: EmbeddingCacheKey) -> PackedKey {
        if let known = existingKey(key) { return known }
        kinds[key.fingerprint] = UInt32(kinds.count * 2)
        return packedKey(key)
    }

    private static func words(of digest: SHA256.Digest) -> (UInt64, UInt64, UInt64, UInt64) {
        digest.bytes.withUnsafeBytes { bytes in
            (
                bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            )
        }
    }

    private mutating func remove(_ place: Int32) {
        unlink(place)
        placeOf[places[Int(place)].key] = nil
        if let embedding = places[Int(place)].embedding { residentBytes -= Self.bytes(of: embedding) }
        places[Int(place)].embedding = nil
        places[Int(place)].newer = free
        free = place
    }

    private mutating func unlink(_ place: Int32) {
        let (older, newer) = (places[Int(place)].older, places[Int(place)].newer)
        if older == Self.none { oldest = newer } else { places[Int(older)].newer = newer }
        if newer == Self.none { newest = older } else { places[Int(newer)].older = older }
    }

    /// Puts an unlinked place at the end of the most recently used.
    private mutating func link(_ place: Int32) {
        places[Int(place)].older = newest
        places[Int(place)].newer = Self.none
        if newest == Self.none { oldest = place } else { places[Int(newest)].newer = place }
        newest = place
    }
}
