public import StrataCore

/// What every ``Reranker`` promises.
public struct RerankerConformance: Sendable {
    private let reranker: any Reranker

    /// Checks of a reranker.
    public init(reranker: any Reranker) { self.reranker = reranker }

    /// A promise that was not kept.
    public struct Failure: Error, CustomStringConvertible {
        /// Which one.
        public let description: String
    }

    /// Runs every check.
    ///
    /// - Throws: ``Failure`` for the first promise that is not kept; what the reranker throws.
    public func run() async throws {
        let texts = [
            "The gate is blue.", "", "A neighbour repaired the blue bicycle.", "\0", "日本語 😀",
            String(repeating: "a very long text ", count: 2000), "The gate is blue.",
        ]
        let query = "Who repaired the blue bicycle?"
        let together = try await reranker.scores(of: texts, for: query)
        try require(together.count == texts.count, "\(together.count) scores for \(texts.count) texts")
        try require(together.allSatisfy((0...1).contains), "a score outside 0 through 1")
        try require(abs(together[0] - together[6]) < 1e-4, "equal texts have scores of their own")
        for (text, score) in zip(texts, together) {
            let alone = try await reranker.scores(of: [text], for: query)[0]
            try require(abs(alone - score) < 1e-4, "a score depends on the other texts")
        }
        let none = try await reranker.scores(of: [], for: query)
        try require(none.isEmpty, "no texts have scores")
        for odd in ["", " ", String(repeating: "long ", count: 5000)] {
            let scores = try await reranker.scores(of: Array(texts.prefix(2)), for: odd)
            try require(scores.count == 2 && scores.allSatisfy((0...1).contains), "an odd query has no scores")
        }
        let (name, fingerprint) = (reranker.name, reranker.fingerprint)
        try require(!name.isEmpty && !fingerprint.isEmpty, "it has no name")
    }

    private func require(_ isKept: Bool, _ promise: String) throws {
        guard !isKept else { return }
        throw Failure(description: "\(reranker.name): \(promise)")
    }
}
