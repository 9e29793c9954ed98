/// Which embedding of which text.
public struct EmbeddingCacheKey: Sendable, Hashable {
    /// The ``Embedder/fingerprint`` of the embedder.
    public let fingerprint: String
    /// What the text was embedded for.
    public let role: EmbeddingRole
    /// The SHA-256 of the text.
    public let digest: SHA256.Digest

    /// A key of those parts.
    public init(fingerprint: String, role: EmbeddingRole, digest: SHA256.Digest) {
        self.fingerprint = fingerprint
        self.role = role
        self.digest = digest
    }
}

/// An embedding that is kept, and since when.
public struct EmbeddingCacheEntry: Sendable, Hashable {
    /// What it is the embedding of.
    public let key: EmbeddingCacheKey
    /// The embedding.
    public let embedding: Embedding
    /// When it was made.
    public let madeAt: Timestamp

    /// An entry of those parts.
    public init(key: EmbeddingCacheKey, embedding: Embedding, madeAt: Timestamp) {
        self.key = key
        self.embedding = embedding
        self.madeAt = madeAt
    }
}

/// Where embeddings are kept that should outlive the process.
///
/// It is a cache: it may lose entries at any time and never fails its caller. What it must not do is give another
/// embedding than the one that was kept, or give one back after its removal.
public protocol EmbeddingCacheStore: Sendable {
    /// The entries of those keys that are there, in any order.
    func entries(of keys: [EmbeddingCacheKey]) async -> [EmbeddingCacheEntry]

    /// Keeps entries, in place of those of the same keys.
    func keep(_ entries: [EmbeddingCacheEntry]) async

    /// Says that texts are about to be removed; each call is followed by one of ``remove(textsOf:)``.
    ///
    /// A store that is opened after a crash in between has to be empty, because nobody knows any more which texts they
    /// were.
    ///
    /// - Throws: ``StrataError/Code/storageFailure`` when that can be written down nowhere.
    func prepareRemoval() async throws

    /// Removes the entries of texts, of every fingerprint and role, so that nothing of them remains on disk.
    ///
    /// - Throws: ``StrataError/Code/storageFailure`` when that cannot be done; the next opening then does it.
    func remove(textsOf digests: [SHA256.Digest]) async throws

    /// What it holds.
    func statistics() async -> EmbeddingCacheStoreStatistics

    /// Ends all work.
    func close() async
}

/// What an ``EmbeddingCacheStore`` holds.
public struct EmbeddingCacheStoreStatistics: Sendable, Hashable, Codable {
    /// How many entries it holds.
    public var entryCount: Int
    /// Its bytes on disk.
    public var fileBytes: Int
    /// How often it was damaged or could not be used and was made anew.
    public var resetCount: Int

    /// Statistics of those counts.
    public init(entryCount: Int = 0, fileBytes: Int = 0, resetCount: Int = 0) {
        self.entryCount = entryCount
        self.fileBytes = fileBytes
        self.resetCount = resetCount
    }
}

/// The bounds of an embedding cache.
public struct EmbeddingCacheLimits: Sendable, Hashable {
    /// The most bytes in memory. 256 MiB.
    public var residentBytesMax = 256 << 20
    /// The most entries in memory. 100 000.
    public var entryCountMax = 100_000
    /// For how long after its making an embedding is given out. 7 days.
    public var timeToLive = Duration.seconds(7 * 86_400)
    /// The most bytes on disk; 0 keeps nothing there. 512 MiB.
    public var diskBytesMax = 512 << 20
    /// Which embeddings are also kept on disk. Documents: a query belongs to no record, so that forgetting could not
    /// find what derives from it.
    public var rolesOnDisk: Set<EmbeddingRole> = [.document]

    /// The default bounds.
    public init() {}
}

/// How a cache does.
public struct EmbeddingCacheStatistics: Sendable, Hashable, Codable {
    /// Entries in memory.
    public var entryCount = 0
    /// Bytes in memory.
    public var residentBytes = 0
    /// Texts that were found in memory.
    public var hitCount = 0
    /// Texts that were found on disk.
    public var diskHitCount = 0
    /// Texts that had to be embedded.
    public var missCount = 0
    /// Entries that had to leave memory for others.
    public var evictionCount = 0
    /// Entries that had grown too old.
    public var expiryCount = 0
    /// What is on disk; nil without a disk tier.
    public var disk: EmbeddingCacheStoreStatistics?

    /// Statistics of an unused cache.
    public init() {}

    /// The share of texts that were found, 0 through 1; 0 before the first.
    public var hitRate: Double {
        let found = hitCount + diskHitCount
        return found == 0 ? 0 : Double(found) / Double(found + missCount)
    }
}
