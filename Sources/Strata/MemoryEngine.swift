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
    let embedder: (any Embedder)?
    let cache: CachedEmbedder?
    let indexes: IndexKeeper?
    let writes: WriteQueue
    let uses: UseRecorder
    let feed: ChangeSignal
    let ids: RecordIDSource
    let analyzer = TextAnalyzer(language: .english)
    let directory: DataDirectory?
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
        let directory = try DataDirectory(path: path, now: configuration.environment.now())
        async let model = loadModel(configuration.model)
        let store = try await SQLiteStore.open(at: directory.databasePath)
        do {
            let (embedder, problem) = try await model
            let cache = await openCache(before: embedder, at: directory.cachePath, configuration)
            return MemoryEngine(
                store: store, embedder: cache ?? embedder, cache: cache, modelProblem: problem, directory: directory,
                configuration: configuration)
        } catch {
            try await store.close()
            throw error
        }
    }

    init(
        store: any MemoryStore, embedder: (any Embedder)?, cache: CachedEmbedder?, modelProblem: StrataError?,
        directory: DataDirectory?, configuration: EngineConfiguration
    ) {
        self.configuration = configuration
        self.store = store
        self.embedder = embedder
        self.cache = cache
        self.modelProblem = modelProblem
        self.directory = directory
        deadLetterFile = directory.map { DeadLetterFile(path: $0.deadLetterPath) }
        let indexes = embedder.map { IndexKeeper(store: store, space: $0.space) }
        let feed = ChangeSignal()
        self.indexes = indexes
        self.feed = feed
        ids = RecordIDSource(environment: configuration.environment)
        uses = UseRecorder()
        writes = WriteQueue(
            store: store, now: configuration.environment.now,
            pendingCountMax: configuration.limits.pendingWriteCountMax
        ) { committed in
            indexes?.apply(committed)
            feed.signal()
        }
    }

    private static func loadModel(_ choice: ModelChoice) async throws -> ((any Embedder)?, StrataError?) {
        switch choice {
        case .none: return (nil, nil)
        case .embedder(let embedder): return (embedder, nil)
        case .folder(let folder, let runtime):
            var options = OnnxEmbedder.Options()
            options.library.path = runtime
            do {
                return (try await OnnxEmbedder.load(folder: folder, options: options), nil)
            } catch let error as StrataError where error.code == .notFound {
                // To the caller of `open`, what was not found would be the memory.
                throw StrataError(.modelInvalid, error.message, cause: error)
            }
        case .standard:
            do {
                let folder = try StrataHome.modelFolder(named: ModelChoice.standardName)
                return (try await OnnxEmbedder.load(folder: folder), nil)
            } catch let error as StrataError {
                return (nil, error)
            }
        }
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
        await closeBatches()
        try? await flushUses()
        await writes.close()
        await deadLetterFile?.settle()
        feed.finish()
        await cache?.close()
        try await store.close()
        directory?.release()
    }
}
