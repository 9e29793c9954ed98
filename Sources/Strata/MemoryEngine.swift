internal import RecordStore
public import StrataCore
internal import Synchronization
internal import TextAnalysis
internal import TextModels

/// A long-term memory: what an agent tells it, it keeps, finds again by meaning and by words, and forgets on demand.
///
/// ```swift
/// let memory = try await MemoryEngine.open(at: "agent.memory")
/// try await memory.remember("The user prefers metric units.")
/// for hit in try await memory.recall("Which units?") { print(hit.score, hit.record.text) }
/// ```
/// An engine owns its data directory until it is closed. All calls may be made from any task, at the same time. What
/// `remember` has returned is on disk and survives a kill and a power loss.
public final class MemoryEngine: Sendable {
    /// The namespace that calls use when they name none.
    public static let defaultNamespace = "default"

    /// What this engine was opened with.
    public let configuration: EngineConfiguration
    /// The space of this engine's vectors; nil when it has no embedder.
    public var embeddingSpace: EmbeddingSpace? { embedder?.space }
    /// Why there is no embedder, when one was wanted.
    public let modelProblem: StrataError?

    let store: any MemoryStore
    /// The first of ``embedding``; nil without any.
    let embedder: (any Embedder)?
    let embedding: EmbeddingService?
    let cache: CachedEmbedder?
    let reranker: CachedReranker?
    /// Why there is no reranker, when one was wanted.
    let rerankerProblem: StrataError?
    /// The indexes of the first embedder's space.
    let indexes: IndexKeeper?
    let threads: ThreadKeeper
    let writes: WriteQueue
    let uses: UseRecorder
    let feed: ChangeSignal
    let ids: RecordIDSource
    let analyzer: TextAnalyzer
    let directory: DataDirectory?
    let load = LoadGauge()
    let metrics: EngineMetrics
    let events: EventLog
    let resources: Mutex<ResourcePolicy>
    let nearlyFull = NearlyFullLayers()
    let recalled = Mutex(RecalledTexts())
    /// Made when they are first asked for.
    let prototypes = Mutex<PromotionPrototypes?>(nil)
    let scheduler: BackgroundScheduler
    let deadLetterFile: DeadLetterFile?
    let buffered = BufferedWrites()
    let batchWriter = Mutex<BatchWriterState?>(nil)

    /// Opens the memory in a folder, which is made when it does not exist.
    ///
    /// - Parameters:
    ///   - path: the data directory. One process at a time can own it.
    ///   - configuration: the model, limits and weights.
    /// - Throws: ``StrataError/Code/locked``, ``StrataError/Code/corrupted``, ``StrataError/Code/unsupportedVersion``,
    ///   ``StrataError/Code/storageFailure``; with ``ModelChoice/folder(_:runtime:)`` also
    ///   ``StrataError/Code/modelInvalid`` and ``StrataError/Code/runtimeUnavailable``. With ``ModelChoice/standard`` a
    ///   missing model is no error: see ``modelProblem``.
    public static func open(
        at path: String, configuration: EngineConfiguration = EngineConfiguration()
    ) async throws -> MemoryEngine {
        try configuration.lifecycle.validate()
        try configuration.background.validate()
        try configuration.resources.validate()
        let directory = try DataDirectory(path: path, now: configuration.environment.now())
        async let loading = loadModels(configuration)
        let store = try await SQLiteStore.open(at: directory.databasePath)
        do {
            let models = try await loading
            let guards = models.embedders.map {
                GuardedEmbedder($0, limits: configuration.breaker, now: configuration.environment.now)
            }
            let cache = await openCache(before: guards.first, at: directory.cachePath, configuration)
            let engine = MemoryEngine(
                store: store, models: models, guards: guards, cache: cache, directory: directory,
                configuration: configuration)
            await engine.indexes?.cleanUp()
            try await engine.beginBackground()
            return engine
        } catch {
            try await store.close()
            throw error
        }
    }

    init(
        store: any MemoryStore, models: LoadedModels, guards: [GuardedEmbedder], cache: CachedEmbedder?,
        directory: DataDirectory?, configuration: EngineConfiguration
    ) {
        self.configuration = configuration
        self.store = store
        self.cache = cache
        modelProblem = models.problem
        reranker = models.reranker.map { CachedReranker($0) }
        rerankerProblem = models.rerankerProblem
        self.directory = directory
        deadLetterFile = directory.map { DeadLetterFile(path: $0.deadLetterPath) }
        // The cache stands before the breaker: what is cached needs no model.
        var embedders: [any Embedder] = guards
        if let cache { embedders[0] = cache }
        let embedding = EmbedderChain(embedders).map {
            EmbeddingService(chain: $0, guards: guards, loadProblem: models.problem) { space in
                IndexKeeper(
                    store: store, space: space, path: directory?.indexPath, options: configuration.vectorIndex,
                    now: configuration.environment.now)
            }
        }
        self.embedding = embedding
        embedder = embedders.first
        let indexes = embedding?.keepers.first
        let keepers = embedding?.keepers ?? []
        let feed = ChangeSignal()
        let analyzer = TextAnalyzer(language: .english)
        let threads = ThreadKeeper(store: store, terms: analyzer.terms(in:))
        self.analyzer = analyzer
        self.threads = threads
        self.indexes = indexes
        self.feed = feed
        let metrics = EngineMetrics(factory: configuration.metrics)
        self.metrics = metrics
        ids = RecordIDSource(environment: configuration.environment)
        uses = UseRecorder()
        resources = Mutex(ResourcePolicy(configuration.resources))
        events = EventLog(onEvent: configuration.background.onEvent)
        let writes = WriteQueue(
            store: store, now: configuration.environment.now,
            pendingCountMax: configuration.limits.pendingWriteCountMax, metrics: metrics
        ) { committed in
            for keeper in keepers { await keeper.apply(committed) }
            threads.apply(committed)
            feed.signal()
        }
        self.writes = writes
        let (load, background) = (load, configuration.background)
        scheduler = BackgroundScheduler(
            background, environment: configuration.environment,
            isBusy: { load.runningCount >= background.busyCallCount },
            didEnd: { await Self.note($0, writes) })
    }

    private static func openCache(
        before embedder: (any Embedder)?, at path: String, _ configuration: EngineConfiguration
    ) async -> CachedEmbedder? {
        guard let embedder, let limits = configuration.cache else { return nil }
        var store: SQLiteEmbeddingCache?
        if limits.diskBytesMax > 0 { store = await SQLiteEmbeddingCache.open(at: path, limits: limits) }
        return CachedEmbedder(embedder, limits: limits, store: store, now: configuration.environment.now)
    }

    /// Writes down what is still to be written (use counts), finishes what was accepted and lets go of the folder.
    ///
    /// Later calls throw ``StrataError/Code/closed``. Use counts that cannot be written, on a full disk say, are lost:
    /// they are counts, not memories, and whoever only read is not to fail for them.
    public func close() async throws {
        await scheduler.stop()
        await closeBatches()
        try? await flushUses()
        await writes.close()
        await deadLetterFile?.settle()
        feed.finish()
        for keeper in embedding?.keepers ?? [] { await keeper.close() }
        await cache?.close()
        try await store.close()
        directory?.release()
    }
}
