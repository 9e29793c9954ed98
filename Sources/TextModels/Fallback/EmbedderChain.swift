public import StrataCore

/// Several embedders, of which the first that can serves.
///
/// Each has a space of its own, so that every vector comes with the place in the chain that made it; whoever stores or
/// searches has to keep the spaces apart.
public struct EmbedderChain: Sendable {
    /// One text's embedding and who made it.
    public struct Served: Sendable {
        /// The place in ``EmbedderChain/embedders``.
        public let link: Int
        /// The embedding, of that embedder's space.
        public let embedding: Embedding
    }

    /// What became of a call.
    public struct Answer: Sendable {
        /// One for each text, in their order; nil when no embedder could.
        public let served: [Served?]
        /// Why an embedder was passed over, the first failure of each, by its place in the chain.
        public let problems: [Int: StrataError]
    }

    /// The embedders, the wanted one first; at least one, no two of one space.
    public let embedders: [any Embedder]

    /// A chain of embedders, the wanted one first; nil when it would be empty, or two have the same space.
    public init?(_ embedders: [any Embedder]) {
        guard !embedders.isEmpty, Set(embedders.map(\.space)).count == embedders.count else { return nil }
        self.embedders = embedders
    }

    /// Embeds texts, in their order.
    ///
    /// When a call of several texts fails, it is halved until the texts are found that cannot be embedded, so that only
    /// they go to the next embedder. An embedder whose breaker is open is not asked at all.
    ///
    /// - Throws: ``StrataError/Code/overloaded``, as a busy model is no reason for a worse vector;
    ///   `CancellationError`.
    public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> Answer {
        var served: [Served?] = Array(repeating: nil, count: texts.count)
        var problems: [Int: StrataError] = [:]
        for (link, embedder) in embedders.enumerated() {
            var waiting = [served.indices.filter { served[$0] == nil }]
            while let indexes = waiting.popLast(), !indexes.isEmpty {
                do {
                    let made = try await embedder.embed(indexes.map { texts[$0] }, as: role)
                    for (index, embedding) in zip(indexes, made) {
                        served[index] = Served(link: link, embedding: embedding)
                    }
                } catch let error as StrataError where error.isFaultOfModel {
                    problems[link] = problems[link] ?? error
                    guard indexes.count > 1, error.code != .modelSuspended else { continue }
                    waiting.append(Array(indexes.suffix(indexes.count - indexes.count / 2)))
                    waiting.append(Array(indexes.prefix(indexes.count / 2)))
                }
            }
            if !served.contains(where: { $0 == nil }) { break }
        }
        return Answer(served: served, problems: problems)
    }
}
