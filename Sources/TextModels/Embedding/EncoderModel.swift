import COnnxRuntime
import StrataCore

/// A loaded embedding model that works on the calling thread: tokens in, vectors out.
final class EncoderModel: Sendable {
    let card: ModelCard
    let space: EmbeddingSpace
    let tokenizer: Tokenizer
    /// What becomes of texts that are longer than the model reads.
    let longText: ModelCard.LongText
    private let runner: TokenBatchRunner

    /// The space and whatever else decides over a vector.
    var fingerprint: String {
        let parts = [
            card.queryPrefix, card.documentPrefix, card.pooling.rawValue, card.output ?? "", "\(card.tokenCountMax)",
            longText.rawValue, "\(card.chunkOverlap)",
        ]
        // Lengths keep apart what joining alone would confuse.
        let digest = SHA256.digest(of: parts.map { "\($0.utf8.count):\($0)" }.joined())
        return "\(space.identifier)#\(digest.description.prefix(12))"
    }

    /// The most texts of a run.
    var rowCountMax: Int { card.batchInvariant ? runner.inputs.rowCountMax ?? .max : 1 }

    /// Loads and checks a folder.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/modelInvalid``, ``StrataError/Code/storageFailure``.
    init(
        folder path: String, runtime: OnnxRuntime, options: OnnxSession.Options, verification: ModelVerification,
        longText: ModelCard.LongText?, times: inout ModelLoadTimes
    ) throws {
        let loaded = try LoadedModel(
            folder: path, kind: .embedding, runtime: runtime, options: options, verification: verification,
            times: &times)
        card = loaded.folder.card
        self.longText = longText ?? card.longText
        space = EmbeddingSpace(model: card.name, revision: loaded.revision, dimension: card.dimension)
        tokenizer = loaded.tokenizer
        let graph = try EncoderGraph(inputs: loaded.session.inputs, outputs: loaded.session.outputs, card: card)
        runner = TokenBatchRunner(
            session: loaded.session, inputs: graph.inputs, outputIndex: graph.outputIndex, padID: tokenizer.padID,
            paddingSide: card.paddingSide)
        let model = self
        try loaded.testOnce(&times) { try model.selfTest() }
    }

    /// The most windows of a long text: what bounds the work that one text can ask for.
    static let chunkCountMax = 64

    /// Tokens of a text with the prefix of its role, in as many windows as the text needs and may have.
    func tokens(of text: String, as role: EmbeddingRole) -> [TokenizedText] {
        tokenizer.encodeChunks(
            text, prefix: card.prefix(for: role), tokenCountMax: card.tokenCountMax, overlap: card.chunkOverlap,
            chunkCountMax: longText == .chunk ? Self.chunkCountMax : 1)
    }

    /// Runs texts together.
    ///
    /// - Parameter texts: 1 through ``rowCountMax`` texts.
    /// - Returns: one embedding a text, in their order.
    /// - Throws: ``StrataError/Code/inferenceFailed``.
    func embed(_ texts: [TokenizedText]) throws -> [Embedding] {
        let made = try runner.run(texts) { try vectors(from: $0) }
        return zip(texts, made).map {
            Embedding(vector: $1, tokenCount: $0.ids.count, isTruncated: $0.isTruncated)
        }
    }

    private func vectors(from output: TokenBatchRunner.Output) throws -> [[Float]] {
        let rowCount = output.usedColumns.count
        let expected = card.pooling == .none ? [rowCount] : [rowCount, output.columnCount]
        // The graph may give more components than the card takes.
        guard output.shape.dropLast() == expected[...], let stride = output.shape.last, stride >= card.dimension,
            let base = output.numbers.baseAddress
        else {
            throw StrataError(
                .inferenceFailed,
                """
                model \(card.name) gave an output of shape \(output.shape), expected \(expected + [card.dimension])
                """)
        }
        return try output.usedColumns.enumerated().map { row, used in
            let firstRow = card.pooling == .none ? row : row * output.columnCount + used.lowerBound
            let (skipped, count) =
                switch card.pooling {
                case .mean: (0, used.count)
                case .cls, .none: (0, 1)
                case .last: (used.count - 1, 1)
                }
            let vector = [Float](unsafeUninitializedCapacity: card.dimension) { buffer, filled in
                strata_pool_mean(
                    base + (firstRow + skipped) * stride, count, stride, card.dimension, buffer.baseAddress)
                filled = card.dimension
            }
            return try finished(vector)
        }
    }

    /// The vector at unit length; NaN, infinity and a vector without length are refused.
    private func finished(_ vector: [Float]) throws -> [Float] {
        var vector = vector
        let length = vector.reduce(Double(0)) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length.isFinite, strata_scale_to_unit_length(&vector, card.dimension) else {
            throw StrataError(
                .inferenceFailed,
                "model \(card.name) gave a vector with NaN or infinity or without length; run `strata doctor`")
        }
        guard card.normalize || abs(length - 1) < 1e-2 else {
            throw StrataError(
                .inferenceFailed,
                "model \(card.name) gave a vector of length \(length), expected 1; set \"normalize\" in its card")
        }
        return vector
    }

    /// Embeds the card's texts and compares their cosines with what the card says.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid`` with every cosine that came and was expected.
    func selfTest() throws {
        func vector(_ text: String, _ role: EmbeddingRole) throws -> [Float] {
            // Text by text: the check is of the weights, not of the batches.
            try embed([tokens(of: text, as: role)[0]])[0].vector
        }
        try card.selfTest.check(vector, model: card.name)
    }
}
