import COnnxRuntime
import Dispatch
import StrataCore
import Synchronization

/// A loaded embedding model that works on the calling thread: tokens in, vectors out.
final class EncoderModel: Sendable {
    let card: ModelCard
    let space: EmbeddingSpace
    let tokenizer: Tokenizer
    /// What becomes of texts that are longer than the model reads.
    let longText: ModelCard.LongText
    private let session: OnnxSession
    private let graph: EncoderGraph

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
    var rowCountMax: Int { card.batchInvariant ? graph.rowCountMax ?? .max : 1 }

    /// Loads and checks a folder.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/modelInvalid``, ``StrataError/Code/storageFailure``.
    init(
        folder path: String, runtime: OnnxRuntime, options: OnnxSession.Options, verification: ModelVerification,
        longText: ModelCard.LongText?, times: inout ModelLoadTimes
    ) throws {
        let folder = try ModelFolder(path: path)
        card = folder.card
        self.longText = longText ?? card.longText
        let (record, isVerified) = try times.measure(\.verification) { try Self.verify(folder, runtime, verification) }
        space = EmbeddingSpace(
            model: card.name, revision: String(record.weightsDigest.prefix(12)), dimension: card.dimension)
        let made = try Self.make(folder, runtime: runtime, options: options)
        (tokenizer, times.tokenizer) = try made.tokenizer.get()
        (session, times.session) = try made.session.get()
        graph = try EncoderGraph(inputs: session.inputs, outputs: session.outputs, card: card)
        if !isVerified {
            let model = self
            try times.measure(\.selfTest) { try model.selfTest() }
            record.write(to: folder)
        }
    }

    /// The record of the folder's check, and whether it was made before.
    private static func verify(
        _ folder: ModelFolder, _ runtime: OnnxRuntime, _ verification: ModelVerification
    ) throws -> (VerificationRecord, Bool) {
        let known = verification == .once ? VerificationRecord.read(from: folder) : nil
        var record = VerificationRecord(
            cardDigest: folder.cardDigest, files: try folder.stamps(), runtimeVersion: runtime.version,
            weightsDigest: known?.weightsDigest ?? "")
        if record == known { return (record, true) }
        record.weightsDigest = try folder.weightsDigest()
        try check(record.weightsDigest, of: folder)
        return (record, false)
    }

    /// What loading makes side by side, as either part takes about as long as the other.
    private struct Parts: Sendable {
        var tokenizer: Result<(Tokenizer, Duration), any Error> = .failure(CancellationError())
        var session: Result<(OnnxSession, Duration), any Error> = .failure(CancellationError())
    }

    private static func make(
        _ folder: ModelFolder, runtime: OnnxRuntime, options: OnnxSession.Options
    ) throws -> Parts {
        let parts = Mutex(Parts())
        DispatchQueue.concurrentPerform(iterations: 2) { part in
            if part == 0 {
                let session = timed { try OnnxSession(runtime: runtime, modelAt: folder.modelPath, options: options) }
                parts.withLock { $0.session = session }
            } else {
                let tokenizer = timed { try Tokenizer(contentsOf: folder.tokenizerPath) }
                parts.withLock { $0.tokenizer = tokenizer }
            }
        }
        return parts.withLock(\.self)
    }

    private static func timed<Made>(_ make: () throws -> Made) -> Result<(Made, Duration), any Error> {
        let clock = ContinuousClock()
        let start = clock.now
        return Result { (try make(), start.duration(to: clock.now)) }
    }

    private static func check(_ digest: String, of folder: ModelFolder) throws {
        guard let expected = folder.card.sha256, expected != digest else { return }
        throw StrataError(
            .modelInvalid,
            """
            the weights in \(folder.path) have SHA-256 \(digest), the card says \(expected); the file is damaged or \
            another one: remove the folder and run make setup
            """)
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
        // A text without any token, which tokenizers that add no special ones make of an empty string, gets one pad.
        let columnCount = max(1, texts.map(\.ids.count).max() ?? 0)
        let cellCount = texts.count * columnCount
        let buffer = UnsafeMutablePointer<Int64>.allocate(capacity: cellCount * graph.feeds.count)
        defer { buffer.deallocate() }
        for (index, feed) in graph.feeds.enumerated() {
            fill(buffer + index * cellCount, with: feed, from: texts, columnCount: columnCount)
        }
        let inputs = graph.feeds.indices.map { UnsafePointer(buffer + $0 * cellCount) }
        let vectors = try session.run(
            inputs, rowCount: texts.count, columnCount: columnCount, outputIndex: graph.outputIndex
        ) { numbers, shape in
            try self.vectors(from: numbers, shape: shape, of: texts, columnCount: columnCount)
        }
        return zip(texts, vectors).map {
            Embedding(vector: $1, tokenCount: $0.ids.count, isTruncated: $0.isTruncated)
        }
    }

    private func fill(
        _ cells: UnsafeMutablePointer<Int64>, with feed: EncoderGraph.Feed, from texts: [TokenizedText],
        columnCount: Int
    ) {
        cells.initialize(
            repeating: feed == .tokenIDs ? Int64(tokenizer.padID) : 0, count: texts.count * columnCount)
        for (row, text) in texts.enumerated() {
            let used = usedColumns(of: text, columnCount: columnCount)
            let first = cells + row * columnCount + used.lowerBound
            switch feed {
            case .tokenIDs: for (column, id) in text.ids.enumerated() { first[column] = Int64(id) }
            case .typeIDs: for (column, id) in text.typeIDs.enumerated() { first[column] = Int64(id) }
            case .attentionMask: for column in 0..<used.count { first[column] = 1 }
            case .positions: for column in 0..<used.count { first[column] = Int64(column) }
            }
        }
    }

    /// The columns of a row that hold the text.
    private func usedColumns(of text: TokenizedText, columnCount: Int) -> Range<Int> {
        let count = max(1, text.ids.count)
        return card.paddingSide == .right ? 0..<count : columnCount - count..<columnCount
    }

    private func vectors(
        from numbers: UnsafeBufferPointer<Float>, shape: [Int], of texts: [TokenizedText], columnCount: Int
    ) throws -> [[Float]] {
        let expected = (card.pooling == .none ? [texts.count] : [texts.count, columnCount]) + [card.dimension]
        guard shape == expected, let base = numbers.baseAddress else {
            throw StrataError(
                .inferenceFailed, "model \(card.name) gave an output of shape \(shape), expected \(expected)")
        }
        return try texts.indices.map { row in
            let used = usedColumns(of: texts[row], columnCount: columnCount)
            let cells = base + (card.pooling == .none ? row : row * columnCount + used.lowerBound) * card.dimension
            let vector = [Float](unsafeUninitializedCapacity: card.dimension) { buffer, filled in
                switch card.pooling {
                case .mean: strata_pool_mean(cells, used.count, card.dimension, buffer.baseAddress)
                case .cls, .none: strata_pool_mean(cells, 1, card.dimension, buffer.baseAddress)
                case .last:
                    strata_pool_mean(
                        cells + (used.count - 1) * card.dimension, 1, card.dimension, buffer.baseAddress)
                }
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

    /// Embeds the card's pairs and compares their cosines with what the card says.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid`` with every cosine that came and was expected.
    func selfTest() throws {
        let results = try card.selfTest.pairs.map { pair in
            let vectors = try [pair.first, pair.second].map { try embed(tokens(of: $0, as: .document))[0].vector }
            return zip(vectors[0], vectors[1]).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        }
        let isPassed = zip(card.selfTest.pairs, results).allSatisfy {
            abs($0.cosine - $1) <= card.selfTest.tolerance
        }
        guard !isPassed else { return }
        throw StrataError(
            .modelInvalid,
            """
            model \(card.name) fails its self-test: cosines \(results), expected \
            \(card.selfTest.pairs.map(\.cosine)) within \(card.selfTest.tolerance); the weights, the tokenizer or the \
            card's pooling do not belong together
            """)
    }
}
