internal import StrataCore
internal import TextModels

/// The engine's embedders, the wanted one first, and the indexes of the space of each.
///
/// A record that was written while the wanted model failed has a vector of the embedder that served; queries are
/// compared with vectors of the space they were embedded in and with no others. Such records are found by their words
/// when the model is back, until ``MemoryEngine/embedMissing(batchCount:)`` gives them its vectors.
struct EmbeddingService: Sendable {
    let chain: EmbedderChain
    /// One for each embedder of the chain, which loads nothing before it is asked.
    let keepers: [IndexKeeper]
    private let guards: [GuardedEmbedder]
    /// Why the wanted model is not in the chain at all.
    let loadProblem: StrataError?

    /// A text's vector and the indexes that it may be compared with.
    struct Served: Sendable {
        var embedding: Embedding
        var keeper: IndexKeeper
    }

    /// - Parameter makeKeeper: makes the keeper of a space's indexes.
    init(
        chain: EmbedderChain, guards: [GuardedEmbedder], loadProblem: StrataError?,
        makeKeeper: (EmbeddingSpace) -> IndexKeeper
    ) {
        self.chain = chain
        self.guards = guards
        self.loadProblem = loadProblem
        keepers = chain.embedders.map { makeKeeper($0.space) }
    }

    /// What became of a text.
    struct Outcome: Sendable {
        /// nil when no embedder could.
        var served: Served?
        /// What was not as usual.
        var degradations: [Degradation]
    }

    /// Embeds texts, each by the first embedder that can; one outcome a text.
    ///
    /// - Throws: ``StrataError/Code/overloaded``; `CancellationError`.
    func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Outcome] {
        let answer = try await chain.embed(texts, as: role)
        let problem = answer.problems[0] ?? loadProblem
        return answer.served.map { made in
            guard let made else {
                return Outcome(degradations: problem.map { [.embeddingFailed($0)] } ?? [])
            }
            let served = Served(embedding: made.embedding, keeper: keepers[made.link])
            guard made.link > 0 || loadProblem != nil, let problem else {
                return Outcome(served: served, degradations: [])
            }
            return Outcome(served: served, degradations: [.fallback(to: served.keeper.space, problem)])
        }
    }

    /// A query's vector, and what was not as usual in making it.
    struct QueryVector: Sendable {
        let served: Served
        let degradations: [Degradation]
    }

    /// Embeds a query.
    ///
    /// - Throws: also the failure of the wanted model when no embedder could.
    func embed(query: String) async throws -> QueryVector {
        let answer = try await chain.embed([query], as: .query)
        guard let made = answer.served[0] else {
            throw answer.problems[0] ?? StrataError(.internal, "no embedder gave a vector, and none says why")
        }
        let problem = answer.problems[0] ?? loadProblem
        let served = Served(embedding: made.embedding, keeper: keepers[made.link])
        return QueryVector(
            served: served, degradations: problem.map { [.fallback(to: served.keeper.space, $0)] } ?? [])
    }

    /// How each embedder does.
    var health: [EmbedderHealth] {
        guards.enumerated().map { link, guarded in
            let health = guarded.health
            return EmbedderHealth(
                space: guarded.space.identifier, isFallback: link > 0 || loadProblem != nil,
                breaker: health.state.rawValue, failureCount: health.failureCount,
                lastProblem: health.lastProblem?.description)
        }
    }
}

/// How one of the engine's embedders does.
public struct EmbedderHealth: Sendable, Hashable, Codable {
    /// The identifier of its space, which names the model.
    public let space: String
    /// Whether it only serves when the wanted model cannot.
    public let isFallback: Bool
    /// `closed` while it is asked, `open` while it rests after failures, `half_open` while one call tries it again.
    public let breaker: String
    /// Failures in a row.
    public let failureCount: Int
    /// The code of the last failure; nil before the first.
    public let lastProblem: String?
}

extension Degradation {
    static func fallback(to space: EmbeddingSpace, _ problem: StrataError) -> Self {
        Self(
            code: "fallback_embedder",
            message: """
                vectors by \(space.identifier) instead of the model (\(problem.message)); records of the other space \
                were found by words only
                """)
    }
}
