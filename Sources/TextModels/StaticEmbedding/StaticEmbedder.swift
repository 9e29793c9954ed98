import Dispatch
public import StrataCore

/// Embeds texts by looking their tokens up in a table and averaging: a few microseconds a text, and deaf to word order.
///
/// A text without known tokens gets the first axis, so that every text has a vector.
public final class StaticEmbedder: Embedder {
    /// The card's name and dimension and the weights' hash.
    public let space: EmbeddingSpace
    /// The space and what else of the card decides over a vector.
    public let fingerprint: String
    /// The model's card.
    public let card: ModelCard

    private let tokenizer: Tokenizer
    private let table: TokenTable
    private let worker: TextWorker

    private init(folder: ModelFolder, verification: ModelVerification) throws {
        let card = folder.card
        // The record names the one thing besides the files that decides: there is no runtime here.
        let (record, isVerified) = try VerificationRecord.check(folder, runtimeVersion: "static", verification)
        self.card = card
        space = EmbeddingSpace(
            model: card.name, revision: String(record.weightsDigest.prefix(12)), dimension: card.dimension)
        fingerprint = "\(space.identifier)#\(folder.cardDigest.prefix(12))"
        tokenizer = try Tokenizer(contentsOf: folder.tokenizerPath)
        table = try TokenTable(contentsOf: folder.modelPath, dimension: card.dimension)
        worker = TextWorker(name: "static")
        guard !isVerified else { return }
        let embedder = self
        try card.selfTest.check({ embedder.embedding(of: $0, as: $1).vector }, model: card.name)
        record.write(to: folder)
    }

    /// Loads the model in a folder.
    ///
    /// - Parameters:
    ///   - folder: a folder with a `strata-model.json` of kind `static`.
    ///   - verification: how much the model is checked.
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/modelInvalid``,
    ///   ``StrataError/Code/storageFailure``.
    public static func load(
        folder: String, verification: ModelVerification = .once
    ) async throws -> StaticEmbedder {
        // Reading tens of megabytes is no work for the cooperative pool.
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        try StaticEmbedder(
                            folder: ModelFolder(path: folder, kind: .static), verification: verification)
                    })
            }
        }
    }

    /// Embeds texts, in their order. What is longer than the card's limit is cut.
    public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        try await worker.embed(texts, as: role) { self.embedding(of: $0, as: role) }
    }

    private func embedding(of text: String, as role: EmbeddingRole) -> Embedding {
        let unknown = tokenizer.unknownID
        let all = tokenizer.steps.tokenIDs(card.prefix(for: role) + text, stoppingAfter: card.tokenCountMax)
        let ids = all.prefix(card.tokenCountMax).filter { $0 != unknown }
        let vector = table.vector(of: ids) ?? [1] + [Float](repeating: 0, count: card.dimension - 1)
        return Embedding(vector: vector, tokenCount: ids.count, isTruncated: all.count > card.tokenCountMax)
    }
}
