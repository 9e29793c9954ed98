public import StrataCore

/// An embedding cache's outer tier in a dictionary; it remembers nothing after its process.
///
/// For tests of what stands before such a tier. ``pause()`` holds back all answers, so that a test can let something
/// happen between a look-up and its answer.
public actor InMemoryEmbeddingCacheStore: EmbeddingCacheStore {
    private var kept: [EmbeddingCacheKey: EmbeddingCacheEntry] = [:]
    private var openRemovalCount = 0
    private var failure: StrataError?
    private var isPaused = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// An empty store.
    public init() {}

    /// Has removals fail with this error until it is set to nil.
    public func failRemovals(with error: StrataError?) { failure = error }

    /// Holds back the answers to look-ups until ``resume()``.
    public func pause() { isPaused = true }

    /// Gives the answers that were held back.
    public func resume() {
        isPaused = false
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    /// How many look-ups are held back.
    public var waitingCount: Int { waiting.count }

    /// How many removals have begun and not ended.
    public var removalCount: Int { openRemovalCount }

    /// The entries of those keys that are there.
    public func entries(of keys: [EmbeddingCacheKey]) async -> [EmbeddingCacheEntry] {
        let found = keys.compactMap { kept[$0] }
        if isPaused { await withCheckedContinuation { waiting.append($0) } }
        return found
    }

    /// Keeps entries.
    public func keep(_ entries: [EmbeddingCacheEntry]) { for entry in entries { kept[entry.key] = entry } }

    /// Counts a removal that has begun.
    public func prepareRemoval() throws {
        if let failure { throw failure }
        openRemovalCount += 1
    }

    /// Removes the entries of texts.
    public func remove(textsOf digests: [SHA256.Digest]) throws {
        if let failure { throw failure }
        openRemovalCount -= 1
        let gone = Set(digests)
        kept = kept.filter { !gone.contains($0.key.digest) }
    }

    /// How many entries there are.
    public func statistics() -> EmbeddingCacheStoreStatistics { EmbeddingCacheStoreStatistics(entryCount: kept.count) }

    /// Does nothing: there is nothing to release.
    public func close() {}
}
