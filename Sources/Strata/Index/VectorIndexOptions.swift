/// How the vectors of a namespace are searched as it grows.
public struct VectorIndexOptions: Sendable, Hashable {
    /// Up to so many vectors every search is exact; past it a graph is built in the background. 1 and more.
    public var exactCountMax = 10_000
    /// The share of the ten nearest vectors that walks of the graph are to find, 0.5 through 0.999. A recall, which asks
    /// for many more candidates than hits, finds more than that.
    public var recallTarget = 0.98
    /// Past so many changes, and an eighth of the vectors, the file of a graph is written anew, at most once a minute and
    /// when the engine is closed; fewer are taken from the change log when the file is opened. 1 and more.
    public var unsavedChangeCountMax = 1000

    /// The defaults.
    public init() {}
}

/// The vector index of a namespace: as it is in memory, in its file, or both.
public struct VectorIndexStatistics: Sendable, Hashable, Codable {
    /// How an index searches.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// It compares with every vector.
        case exact
        /// It walks a graph.
        case graph
        /// It was not asked for since the engine was opened.
        case notLoaded = "not_loaded"
    }

    /// How the file of an index stands to the store.
    public enum FileState: String, Sendable, Codable, CaseIterable {
        /// There is none: the index is small, or not built or saved yet.
        case none
        /// It is there; whatever changed since is taken from the change log when it is opened.
        case saved
    }

    /// The namespace.
    public let namespace: String
    /// How it searches.
    public let kind: Kind
    /// How many vectors it holds; when it is not loaded, those of the file.
    public let vectorCount: Int
    /// How many of them a walk can reach; the others are scanned. 0 without a graph.
    public let linkedCount: Int
    /// The bytes in memory.
    public let residentBytes: Int
    /// The recall@10 that was measured on a sample at the effort that searches use; nil while they are exact.
    public let recall: Double?
    /// Whether there is a file.
    public let file: FileState
    /// Its bytes.
    public let fileBytes: Int
}
