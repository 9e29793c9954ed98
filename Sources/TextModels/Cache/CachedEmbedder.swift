public import StrataCore
import Synchronization

/// An embedder that remembers what it has embedded: in memory, and on disk for the next start.
///
/// A text that was embedded before gives the same bits again, without the model. What a cache cannot do is never an
/// error of ``embed(_:as:)``.
public final class CachedEmbedder: Embedder {
    private struct State {
        var cache: EmbeddingCache
        var hitCount = 0
        var diskHitCount = 0
        var missCount = 0
        /// Grows with every removal: what was looked up or embedded before one is not kept after it.
        var removalCount = 0
        /// The last thing to be done on disk; each waits for the one before.
        var lastDiskWork: Task<Void, Never>?
        var unwrittenCount = 0
    }

    /// Entries that may wait to be written; further ones are kept in memory only.
    static let unwrittenCountMax = 16_384

    /// The space of the embedder behind.
    public var space: EmbeddingSpace { base.space }
    /// Whether there is a disk tier.
    public var isOnDisk: Bool { store != nil }
    /// The fingerprint of the embedder behind.
    public let fingerprint: String

    /// The embedder behind, which remembers nothing.
    public let base: any Embedder
    private let store: (any EmbeddingCacheStore)?
    private let limits: EmbeddingCacheLimits
    private let now: @Sendable () -> Timestamp
    private let state: Mutex<State>

    /// A cache before an embedder.
    ///
    /// - Parameters:
    ///   - base: makes the vectors that are not there yet.
    ///   - limits: the bounds of the memory tier, and the age that no entry outlives.
    ///   - store: the disk tier; nil for none. Call ``close()`` at the end.
    ///   - now: the wall clock, for the age of entries.
    public init(
        _ base: any Embedder, limits: EmbeddingCacheLimits = EmbeddingCacheLimits(),
        store: (any EmbeddingCacheStore)? = nil, now: @escaping @Sendable () -> Timestamp
    ) {
        self.base = base
        self.store = store
        self.limits = limits
        self.now = now
        fingerprint = base.fingerprint
        state = Mutex(State(cache: EmbeddingCache(limits: limits)))
    }

    /// Embeds texts, in their order: those that are not in the cache with one call of the embedder behind.
    public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        let keys = texts.map {
            EmbeddingCacheKey(fingerprint: fingerprint, role: role, digest: SHA256.digest(of: $0))
        }
        let time = now()
        var (found, removalCount) = state.withLock { state -> ([Embedding?], Int) in
            let found = keys.map { state.cache.embedding(of: $0, at: time) }
            state.hitCount += found.count { $0 != nil }
            return (found, state.removalCount)
        }
        guard found.contains(where: { $0 == nil }) else { return found.compactMap { $0 } }
        /// The first place of each text that was not found.
        var missing: [EmbeddingCacheKey: Int] = [:]
        for index in keys.indices where found[index] == nil && missing[keys[index]] == nil {
            missing[keys[index]] = index
        }
        var made: [EmbeddingCacheKey: Embedding] = [:]
        for entry in await entriesOnDisk(of: Array(missing.keys), role, at: time, unlessAfter: removalCount) {
            made[entry.key] = entry.embedding
            missing[entry.key] = nil
        }
        let places = missing.values.sorted()
        if !places.isEmpty {
            let embeddings = try await base.embed(places.map { texts[$0] }, as: role)
            let entries = zip(places, embeddings).map {
                EmbeddingCacheEntry(key: keys[$0], embedding: $1, madeAt: time)
            }
            keep(entries, role, at: time, unlessAfter: removalCount)
            for entry in entries { made[entry.key] = entry.embedding }
        }
        for index in found.indices where found[index] == nil { found[index] = made[keys[index]] }
        let results = found.compactMap { $0 }
        guard results.count == texts.count else {
            throw StrataError(.internal, "the embedder gave \(results.count) embeddings for \(texts.count) texts")
        }
        return results
    }

    private func entriesOnDisk(
        of keys: [EmbeddingCacheKey], _ role: EmbeddingRole, at time: Timestamp, unlessAfter removalCount: Int
    ) async -> [EmbeddingCacheEntry] {
        guard let store, limits.rolesOnDisk.contains(role) else { return [] }
        let dimension = space.dimension
        let entries = await store.entries(of: keys).filter {
            time - $0.madeAt <= limits.timeToLive && $0.embedding.vector.count == dimension
        }
        state.withLock { state in
            state.diskHitCount += entries.count
            guard state.removalCount == removalCount else { return }
            for entry in entries { state.cache.insert(entry, at: time) }
        }
        return entries
    }

    private func keep(
        _ entries: [EmbeddingCacheEntry], _ role: EmbeddingRole, at time: Timestamp, unlessAfter removalCount: Int
    ) {
        state.withLock { state in
            state.missCount += entries.count
            guard state.removalCount == removalCount else { return }
            for entry in entries { state.cache.insert(entry, at: time) }
            guard let store, limits.rolesOnDisk.contains(role),
                state.unwrittenCount + entries.count <= Self.unwrittenCountMax
            else { return }
            state.unwrittenCount += entries.count
            _ = enqueue(&state) { [self] in
                await store.keep(entries)
                self.state.withLock { $0.unwrittenCount -= entries.count }
            }
        }
    }

    /// Has some work done on disk after all that was asked for before.
    private func enqueue(_ state: inout State, _ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        let previous = state.lastDiskWork
        let task = Task {
            await previous?.value
            await work()
        }
        state.lastDiskWork = task
        return task
    }

    /// Removes what derives from texts, in memory and on disk, along with the removal of the texts themselves.
    ///
    /// - Parameter removal: removes texts and says which: their SHA-256. A crash in its midst empties the disk tier.
    /// - Returns: what `removal` returns, once nothing of its texts is left.
    /// - Throws: what `removal` throws; ``StrataError/Code/storageFailure`` when the disk tier cannot be written.
    public func forgetting<Result: Sendable>(
        _ removal: () async throws -> (Result, textsOf: [SHA256.Digest])
    ) async throws -> Result {
        try await onDisk { try await $0.prepareRemoval() }
        let removed: (Result, textsOf: [SHA256.Digest])
        do {
            removed = try await removal()
        } catch {
            try await remove([])
            throw error
        }
        try await remove(removed.textsOf)
        return removed.0
    }

    private func remove(_ digests: [SHA256.Digest]) async throws {
        removeFromMemory(digests)
        try await onDisk { try await $0.remove(textsOf: digests) }
        // A call that looked in between may have found them on disk and brought them back.
        removeFromMemory(digests)
    }

    private func removeFromMemory(_ digests: [SHA256.Digest]) {
        guard !digests.isEmpty else { return }
        state.withLock { state in
            state.removalCount += 1
            for digest in digests { state.cache.remove(textOf: digest) }
        }
    }

    private func onDisk(_ work: @escaping @Sendable (any EmbeddingCacheStore) async throws -> Void) async throws {
        guard let store else { return }
        let outcome = Mutex<Result<Void, any Error>>(.success(()))
        let task = state.withLock { state in
            enqueue(&state) {
                do { try await work(store) } catch { outcome.withLock { $0 = .failure(error) } }
            }
        }
        await task.value
        try outcome.withLock { try $0.get() }
    }

    /// Drops from memory what is too old to be used; says how many embeddings went.
    public func removeExpired() -> Int {
        let time = now()
        var (count, place): (Int, Int?) = (0, 0)
        while let first = place {
            let step = state.withLock { $0.cache.removeExpired(at: time, from: first, limit: Self.stepPlaceCount) }
            count += step.count
            place = step.next
        }
        return count
    }

    /// Places that are looked at while others wait: well under a millisecond.
    private static let stepPlaceCount = 4096

    /// Sets how many bytes the memory tier may take; the least recently used leave at once when that is less.
    public func setResidentBytesMax(_ bytesMax: Int) {
        state.withLock { $0.cache.setResidentBytesMax(bytesMax) }
    }

    /// How the cache does.
    public func statistics() async -> EmbeddingCacheStatistics {
        var statistics = state.withLock { state in
            var statistics = EmbeddingCacheStatistics()
            statistics.entryCount = state.cache.count
            statistics.residentBytes = state.cache.residentBytes
            statistics.hitCount = state.hitCount
            statistics.diskHitCount = state.diskHitCount
            statistics.missCount = state.missCount
            statistics.evictionCount = state.cache.evictionCount
            statistics.expiryCount = state.cache.expiryCount
            return statistics
        }
        statistics.disk = await store?.statistics()
        return statistics
    }

    /// Writes down what still waits and closes the disk tier.
    public func close() async {
        await state.withLock { $0.lastDiskWork }?.value
        await store?.close()
    }
}
