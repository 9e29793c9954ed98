import StrataCore
import Testing

@testable import TextModels

struct EmbeddingCacheTests {
    private static func key(_ number: Int) -> EmbeddingCacheKey {
        EmbeddingCacheKey(
            fingerprint: "model \(number % 3)", role: number % 2 == 0 ? .document : .query,
            digest: SHA256.digest(of: "text \(number / 6)"))
    }

    private static func embedding(_ number: Int, dimension: Int = 4) -> Embedding {
        Embedding(
            vector: (0..<dimension).map { Float(number + $0) }, tokenCount: number, isTruncated: number % 5 == 0,
            chunkCount: 1 + number % 3)
    }

    private let start = Timestamp(milliseconds: 1_000_000)

    /// The rule of the cache as an array, oldest first.
    private struct Model {
        struct Entry {
            let key: EmbeddingCacheKey
            let embedding: Embedding
            let madeAt: Timestamp
        }
        var entries: [Entry] = []
        let limits: EmbeddingCacheLimits
        var evictionCount = 0
        var expiryCount = 0
        var bytes: Int { entries.reduce(0) { $0 + EmbeddingCache.bytes(of: $1.embedding) } }

        mutating func find(_ key: EmbeddingCacheKey, at now: Timestamp) -> Embedding? {
            guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
            let entry = entries.remove(at: index)
            guard now - entry.madeAt <= limits.timeToLive else {
                expiryCount += 1
                return nil
            }
            entries.append(entry)
            return entry.embedding
        }

        mutating func insert(_ entry: EmbeddingCacheEntry, at now: Timestamp) {
            entries.removeAll { $0.key == entry.key }
            guard now - entry.madeAt <= limits.timeToLive,
                EmbeddingCache.bytes(of: entry.embedding) <= limits.residentBytesMax
            else { return }
            entries.append(Entry(key: entry.key, embedding: entry.embedding, madeAt: entry.madeAt))
            while bytes > limits.residentBytesMax || entries.count > limits.entryCountMax {
                entries.removeFirst()
                evictionCount += 1
            }
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func itAnswersAsAPlainListWould(seed: UInt64) {
        var random = SplitMix(state: seed)
        var limits = EmbeddingCacheLimits()
        limits.entryCountMax = 1 + random.next(below: 30)
        limits.residentBytesMax = 300 + random.next(below: 8000)
        limits.timeToLive = .seconds(5 + random.next(below: 60))
        var cache = EmbeddingCache(limits: limits)
        var model = Model(limits: limits)
        var (now, hitCount) = (start, 0)
        for _ in 0..<500 {
            let number = random.next(below: 50)
            switch random.next(below: 12) {
            case 0: now = now + .seconds(random.next(below: 10))
            case 1:
                let digest = Self.key(number).digest
                cache.remove(textOf: digest)
                model.entries.removeAll { $0.key.digest == digest }
            case 2..<7:
                let entry = EmbeddingCacheEntry(
                    key: Self.key(number), embedding: Self.embedding(number, dimension: 1 + random.next(below: 40)),
                    madeAt: now + .seconds(-random.next(below: 20)))
                cache.insert(entry, at: now)
                model.insert(entry, at: now)
            default:
                let found = cache.embedding(of: Self.key(number), at: now)
                #expect(found == model.find(Self.key(number), at: now))
                hitCount += found == nil ? 0 : 1
            }
            #expect(cache.count == model.entries.count && cache.residentBytes == model.bytes)
            #expect(cache.residentBytes <= limits.residentBytesMax && cache.count <= limits.entryCountMax)
            #expect(cache.evictionCount == model.evictionCount && cache.expiryCount == model.expiryCount)
        }
        #expect(hitCount > 0)
    }

    @Test func modelsAndRolesOfOneTextAreKeptApartAndLeaveTogether() {
        var cache = EmbeddingCache()
        for number in 0..<12 {
            cache.insert(
                EmbeddingCacheEntry(key: Self.key(number), embedding: Self.embedding(number), madeAt: start), at: start)
        }
        for number in 0..<12 {
            #expect(cache.embedding(of: Self.key(number), at: start) == Self.embedding(number))
        }
        cache.remove(textOf: Self.key(0).digest)
        for number in 0..<12 {
            #expect((cache.embedding(of: Self.key(number), at: start) == nil) == (number < 6))
        }
    }

    @Test func aCacheWithoutRoomKeepsNothing() {
        var limits = EmbeddingCacheLimits()
        limits.entryCountMax = 0
        var cache = EmbeddingCache(limits: limits)
        let entry = EmbeddingCacheEntry(key: Self.key(1), embedding: Self.embedding(1), madeAt: start)
        cache.insert(entry, at: start)
        #expect(cache.count == 0)
        limits = EmbeddingCacheLimits()
        limits.residentBytesMax = 10
        cache = EmbeddingCache(limits: limits)
        cache.insert(entry, at: start)
        #expect(cache.count == 0 && cache.residentBytes == 0)
    }

    @Test func anEntryLivesExactlyItsTime() {
        var cache = EmbeddingCache()
        cache.insert(
            EmbeddingCacheEntry(key: Self.key(1), embedding: Self.embedding(1), madeAt: start), at: start)
        let end = start + .seconds(7 * 86_400)
        #expect(cache.embedding(of: Self.key(1), at: end) != nil)
        #expect(cache.embedding(of: Self.key(1), at: end + .milliseconds(1)) == nil)
        #expect(cache.count == 0 && cache.expiryCount == 1)
    }
}
