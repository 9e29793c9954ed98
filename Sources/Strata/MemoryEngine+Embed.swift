public import StrataCore
internal import TextModels

extension MemoryEngine {
    /// The vectors of texts in the engine's space, without remembering anything.
    ///
    /// The embedding cache has no part in it: what it kept of these texts would belong to no record that could be
    /// forgotten, and its speed would tell one tenant what another has embedded.
    ///
    /// - Parameters:
    ///   - texts: each not blank and at most ``EngineLimits/textBytesMax`` bytes; at most
    ///     ``EngineLimits/batchCountMax`` of them.
    ///   - role: whether they are to be found or to find.
    /// - Returns: one vector a text, in their order.
    /// - Throws: ``StrataError/Code/runtimeUnavailable`` without a model; ``StrataError/Code/invalidArgument``,
    ///   ``StrataError/Code/tooLarge``; what the embedder throws.
    public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        let limits = configuration.limits
        guard let embedder else {
            throw StrataError(
                .runtimeUnavailable, "there is no embedding model; run `strata doctor` to see what is missing",
                cause: modelProblem)
        }
        guard texts.count <= limits.batchCountMax else {
            throw StrataError(
                .tooLarge, "\(texts.count) texts in one call, at most \(limits.batchCountMax) are allowed")
        }
        for text in texts { try Validation.text(text, named: "text", bytesMax: limits.textBytesMax) }
        return try await (cache?.base ?? embedder).embed(texts, as: role)
    }
}
