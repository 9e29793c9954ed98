public import StrataCore
import Synchronization

/// A reranker that remembers the scores of pairs, in memory only.
///
/// Pairs are known by the hashes of query and text. One cache serves one reranker, whose fingerprint never changes.
public final class CachedReranker: Reranker {
    private struct State {
        var cache: ScoreCache
        /// Grows with every removal: what was scored before one is not kept after it.
        var removalCount = 0
    }

    /// The name of the reranker behind.
    public var name: String { base.name }
    /// The fingerprint of the reranker behind.
    public var fingerprint: String { base.fingerprint }

    private let base: any Reranker
    private let state: Mutex<State>

    /// A cache before a reranker, of at most so many scores.
    public init(_ base: any Reranker, countMax: Int = 50_000) {
        self.base = base
        state = Mutex(State(cache: ScoreCache(countMax: countMax)))
    }

    /// How many scores are kept.
    public var scoreCount: Int { state.withLock(\.cache.count) }

    /// Scores texts, in their order: those that are not in the cache with one call of the reranker behind.
    public func scores(of texts: [String], for query: String) async throws -> [Double] {
        let queryDigest = SHA256.digest(of: query)
        let keys = texts.map { ScoreCache.Key(query: queryDigest, text: SHA256.digest(of: $0)) }
        var (found, removalCount) = state.withLock { state -> ([Double?], Int) in
            (keys.map { state.cache.score(of: $0) }, state.removalCount)
        }
        let missing = found.indices.filter { found[$0] == nil }
        if !missing.isEmpty {
            let made = try await base.scores(of: missing.map { texts[$0] }, for: query)
            for (index, score) in zip(missing, made) { found[index] = score }
            state.withLock { state in
                guard state.removalCount == removalCount else { return }
                for (index, score) in zip(missing, made) { state.cache.insert(score, for: keys[index]) }
            }
        }
        let scores = found.compactMap { $0 }
        guard scores.count == texts.count else {
            throw StrataError(.internal, "the reranker gave \(scores.count) scores for \(texts.count) texts")
        }
        return scores
    }

    /// Removes what derives from texts.
    public func forget(textsOf digests: [SHA256.Digest]) {
        guard !digests.isEmpty else { return }
        state.withLock { state in
            state.removalCount += 1
            state.cache.remove(textsOf: Set(digests))
        }
    }
}
