/// The store's own number for a record: small, never used again, the same in the store and in every index.
public typealias RecordKey = Int64

/// A vector that a search found.
public struct VectorHit: Sendable, Hashable {
    /// Whose vector it is.
    public let key: RecordKey
    /// How near it is; higher is nearer. ``VectorMetric`` says what it measures.
    public let score: Float

    /// A hit of that key and score.
    public init(key: RecordKey, score: Float) {
        self.key = key
        self.score = score
    }
}

/// Which vectors a search may return.
public enum VectorFilter: Sendable {
    /// Every one.
    case none
    /// Those whose layer tag is in the set: bit `n` stands for ``Layer/tag`` `n`.
    case tags(UInt8)
    /// Those of these keys; keys without a vector are passed over.
    case keys([RecordKey])
    /// Those of whose keys it is true. It is called from the searching thread, for as few keys as the index can manage,
    /// in no order, and must answer the same for a key as long as the search runs.
    case predicate(@Sendable (RecordKey) -> Bool)
}

/// Vectors of one embedding space and one namespace, found by nearness.
///
/// Readers never wait for a writer for longer than it takes to copy a few words. Hits of equal score come in the order of
/// their keys.
public protocol VectorIndex: Sendable {
    /// The number of components of every vector.
    var dimension: Int { get }
    /// How many vectors can be found.
    var count: Int { get }
    /// The bytes that the index holds in memory.
    var residentBytes: Int { get }

    /// Adds a vector, or replaces the one under the same key.
    ///
    /// - Parameter tag: 0 through 7, as many as ``VectorFilter/tags(_:)`` has bits.
    /// - Throws: ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/invalidVector`` (NaN, infinity, no length),
    ///   ``StrataError/Code/invalidArgument`` for another tag.
    func upsert(_ key: RecordKey, _ vector: [Float], tag: UInt8) throws

    /// Removes vectors; keys that are not there are passed over.
    func delete(_ keys: [RecordKey])

    /// Changes the layer tag of a vector, to 0 through 7; a key that is not there is passed over.
    func setTag(_ tag: UInt8, of key: RecordKey)

    /// The vectors nearest to `query`, nearest first, at most `limit` of those that pass the filter, and exactly
    /// `limit` when so many pass; none for a limit of 0 and less.
    func search(_ query: [Float], limit: Int, filter: VectorFilter) throws -> [VectorHit]

    /// The same for several queries at once, which costs less than one by one.
    func search(_ queries: [[Float]], limit: Int, filter: VectorFilter) throws -> [[VectorHit]]

    /// The exact scores of given keys; nil for a key that has no vector.
    func scores(_ query: [Float], of keys: [RecordKey]) throws -> [Float?]

    /// The exact scores of at most `limit` vectors that stand for all of them: a sample that depends on nothing but the
    /// stored keys, so that equal states give equal answers.
    func sampleScores(_ query: [Float], limit: Int) throws -> [Float]
}

extension VectorIndex {
    /// Searches query by query; indexes that can share the work between queries do better.
    public func search(_ queries: [[Float]], limit: Int, filter: VectorFilter) throws -> [[VectorHit]] {
        try queries.map { try search($0, limit: limit, filter: filter) }
    }
}
