import Foundation
public import StrataCore
import Synchronization

/// Embeds texts with an ONNX model on this machine's cores.
///
/// One session with one thread, and a run per core at a time: on CPUs that was faster than runs which spread over the
/// cores. Texts are sorted by length and run in small batches; results come in the order of the texts.
public final class OnnxEmbedder: Embedder {
    /// How an embedder uses the machine.
    public struct Options: Sendable {
        /// Runs at a time, at least 1; the default is one a core.
        public var workerCount = ProcessInfo.processInfo.activeProcessorCount
        /// Threads inside one run, at least 1. More than one makes a long single text faster and bulk work slower.
        public var intraOpThreadCount = 1
        /// Calls that may be under way before ``StrataError/Code/overloaded``, at least 1.
        public var callCountMax = 256
        /// How much the model is checked.
        public var verification = ModelVerification.once
        /// Where ONNX Runtime is.
        public var library = OnnxLibrarySearch()

        /// The defaults.
        public init() {}
    }

    /// The space of every vector: the card's name and dimension and the weights' hash.
    public var space: EmbeddingSpace { model.space }
    /// The model's card.
    public var card: ModelCard { model.card }
    /// The version of ONNX Runtime in use.
    public let runtimeVersion: String

    private let model: EncoderModel
    private let pool: InferencePool

    private init(model: EncoderModel, runtimeVersion: String, pool: InferencePool) {
        self.model = model
        self.runtimeVersion = runtimeVersion
        self.pool = pool
    }

    /// Loads the model in a folder.
    ///
    /// - Parameters:
    ///   - folder: a folder with a `strata-model.json` (``ModelCard``), such as ``StrataHome/modelFolder(named:environment:)``.
    ///   - options: how to use the machine.
    /// - Throws: ``StrataError/Code/runtimeUnavailable``, ``StrataError/Code/notFound``,
    ///   ``StrataError/Code/modelInvalid``, ``StrataError/Code/storageFailure``, ``StrataError/Code/invalidArgument``.
    public static func load(folder: String, options: Options = Options()) async throws -> OnnxEmbedder {
        guard options.workerCount > 0, options.intraOpThreadCount > 0, options.callCountMax > 0 else {
            throw StrataError(
                .invalidArgument, "workerCount, intraOpThreadCount and callCountMax must be at least 1")
        }
        let pool = InferencePool(
            name: "embed", workerCount: options.workerCount, callCountMax: options.callCountMax)
        let loaded = Slots<(OnnxRuntime, EncoderModel)>(count: 1)
        // Reading tens of megabytes is no work for the cooperative pool.
        try await pool.forEach(1) { _ in
            let runtime = try OnnxRuntime.shared(options.library)
            let model = try EncoderModel(
                folder: folder, runtime: runtime,
                options: OnnxSession.Options(intraOpThreadCount: options.intraOpThreadCount),
                verification: options.verification)
            loaded.fill(0, with: (runtime, model))
        }
        let (runtime, model) = loaded.take()[0]
        return OnnxEmbedder(model: model, runtimeVersion: runtime.version, pool: pool)
    }

    /// Embeds texts, in their order.
    ///
    /// A text longer than the model reads is cut and says so. Cancellation is seen between runs of about 512 tokens.
    public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        let embeddings = Slots<Embedding>(count: texts.count)
        let model = model
        if texts.count == 1 {
            // One hop instead of two; a hop is several per cent of a short query.
            try await pool.forEach(1) { _ in
                embeddings.fill(0, with: try model.embed([model.tokens(of: texts[0], as: role)])[0])
            }
            return embeddings.take()
        }
        let tokens = try await tokenize(texts, as: role)
        let runs = BatchPlan.runs(
            tokenCounts: tokens.map(\.ids.count), workerCount: pool.workerCount, rowCountMax: model.rowCountMax)
        try await pool.forEach(runs.count) { run in
            let results = try model.embed(runs[run].map { tokens[$0] })
            for (index, result) in zip(runs[run], results) { embeddings.fill(index, with: result) }
        }
        return embeddings.take()
    }

    /// Tokenizes in pieces of 32 texts, which take about as long as a run.
    private func tokenize(_ texts: [String], as role: EmbeddingRole) async throws -> [TokenizedText] {
        let pieceSize = 32
        let tokens = Slots<TokenizedText>(count: texts.count)
        let model = model
        try await pool.forEach((texts.count + pieceSize - 1) / pieceSize) { piece in
            for index in piece * pieceSize..<min((piece + 1) * pieceSize, texts.count) {
                tokens.fill(index, with: model.tokens(of: texts[index], as: role))
            }
        }
        return tokens.take()
    }
}

/// Results that workers fill in, each place once.
private final class Slots<Element: Sendable>: Sendable {
    private let places: Mutex<[Element?]>

    init(count: Int) { places = Mutex(Array(repeating: nil, count: count)) }

    func fill(_ index: Int, with element: Element) {
        places.withLock { $0[index] = element }
    }

    /// All elements, once every place is filled.
    func take() -> [Element] {
        places.withLock { places in
            places.map { element in
                guard let element else { preconditionFailure("a result is missing though its call ended well") }
                return element
            }
        }
    }
}
