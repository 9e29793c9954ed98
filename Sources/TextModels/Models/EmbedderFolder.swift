public import StrataCore

/// A model folder of either kind that gives vectors.
public enum EmbedderFolder {
    /// What the card in a folder says the model is for.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/modelInvalid``.
    public static func kind(of folder: String) throws -> ModelCard.Kind { try ModelFolder(path: folder).card.kind }

    /// Loads the embedder in a folder: a transformer or a table of token vectors, as its card says.
    ///
    /// - Parameters:
    ///   - runtime: ONNX Runtime's library or its folder; nil looks in the usual places. A table needs none.
    /// - Throws: what ``OnnxEmbedder/load(folder:options:)`` and ``StaticEmbedder/load(folder:verification:)`` throw.
    public static func load(
        _ folder: String, runtime: String? = nil, verification: ModelVerification = .once
    ) async throws -> any Embedder {
        if try kind(of: folder) == .static {
            return try await StaticEmbedder.load(folder: folder, verification: verification)
        }
        var options = OnnxEmbedder.Options()
        options.library.path = runtime
        options.verification = verification
        return try await OnnxEmbedder.load(folder: folder, options: options)
    }
}
