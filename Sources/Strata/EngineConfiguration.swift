public import CoreMetrics
public import StrataCore
public import TextModels

/// The bounds of what the engine accepts; each is a plain number that can be raised.
public struct EngineLimits: Sendable, Hashable {
    /// The UTF-8 bytes of one text. 1 MiB.
    public var textBytesMax = 1 << 20
    /// The UTF-8 bytes of a query. 64 KiB.
    public var queryBytesMax = 64 << 10
    /// The bytes of a record's metadata as JSON. 64 KiB.
    public var metadataBytesMax = 64 << 10
    /// The number of tags of a record.
    public var tagCountMax = 64
    /// The UTF-8 bytes of a namespace, kind, tag, project, session or speaker.
    public var nameBytesMax = 256
    /// The number of memories in one call.
    public var batchCountMax = 10_000
    /// The number of hits that can be asked for.
    public var hitCountMax = 1000
    /// The number of write requests that may wait.
    public var pendingWriteCountMax = 10_000

    /// The default limits.
    public init() {}
}

/// When two texts that are not the same are still taken for one memory told twice.
public struct NearDuplicateRule: Sendable, Hashable {
    /// The least cosine similarity of the vectors, −1 through 1.
    public var cosineMin: Float = 0.95
    /// The least share of common terms (Jaccard similarity of the term sets), 0 through 1. It keeps apart texts that
    /// mean nearly the same but name other numbers or people.
    public var termOverlapMin = 0.6

    /// The default rule.
    public init() {}
}

/// Everything that can be set about an engine; the defaults are meant for an agent on a laptop.
public struct EngineConfiguration: Sendable {
    /// Where vectors come from.
    public var model: ModelChoice = .standard
    /// What serves while the model cannot be loaded or fails, the best first; vectors of each are kept apart. Empty:
    /// memories are then found by words.
    public var fallbacks: [ModelChoice] = []
    /// When a failing model is left alone, and for how long.
    public var breaker = CircuitBreaker.Limits()
    /// The cross-encoder that ``RecallOptions/rerank`` asks for.
    public var reranker = RerankerChoice.none
    /// The cache of embeddings, which holds documents on disk as well; nil embeds every text anew.
    public var cache: EmbeddingCacheLimits? = EmbeddingCacheLimits()
    /// What is accepted.
    public var limits = EngineLimits()
    /// How relevance, recency, importance and use make a score.
    public var ranking = RankingWeights()
    /// BM25's settings.
    public var keywordParameters = BM25Parameters()
    /// How many postings a keyword search may read: what bounds its time in a large namespace. The most frequent of a
    /// query's words then bring no candidates of their own, but still count in every candidate's score. 20 000.
    public var postingCountMax = 20_000
    /// Which words are left out of the embedded query.
    public var queryCut = FrequentWordCut()
    /// How vectors are searched.
    public var vectorIndex = VectorIndexOptions()
    /// When a new memory is linked to an old one; nil never does.
    public var nearDuplicates: NearDuplicateRule? = NearDuplicateRule()
    /// What becomes of records as time goes by.
    public var lifecycle = LifecycleConfiguration()
    /// The work that goes on behind the calls.
    public var background = BackgroundConfiguration()
    /// How batches are gathered and written.
    public var batches = BatchOptions()
    /// How the engine follows the memory that there is, where background work is on.
    public var resources = ResourceConfiguration()
    /// Where calls are counted and timed; nil takes the backend that swift-metrics was bootstrapped with, if any.
    public var metrics: (any MetricsFactory)?
    /// The clock and the random bits.
    public var environment = EngineEnvironment.system

    /// The default configuration.
    public init() {}
}

/// Which embedder an engine uses.
public enum ModelChoice: Sendable {
    /// The default model and runtime, where set-up puts them or the environment says; without them the engine finds
    /// by words only and says so.
    case standard
    /// A model folder and, when given, the runtime library to open it with.
    case folder(String, runtime: String? = nil)
    /// An embedder of the caller's own.
    case embedder(any Embedder)
    /// Words and letter groups, hashed: no files and no meaning, but typing errors and inflections are bridged.
    case hashing
    /// None: words only.
    case none

    /// The name of the model that ``standard`` means.
    public static let standardName = "all-MiniLM-L6-v2-int8"
}
