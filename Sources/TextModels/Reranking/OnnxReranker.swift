import Dispatch
import Foundation
public import StrataCore

/// Scores pairs of query and text with a cross-encoder in an ONNX graph, on this machine's cores.
///
/// Pairs of about equal length run together in small batches; every call counts as a query, because somebody waits.
public final class OnnxReranker: Reranker {
    /// How a reranker uses the machine.
    public struct Options: Sendable {
        /// Runs at a time, at least 1; the default is one a core.
        public var workerCount = ProcessInfo.processInfo.activeProcessorCount
        /// Calls that may be under way before ``StrataError/Code/overloaded``, at least 1.
        public var callCountMax = 256
        /// How much the model is checked.
        public var verification = ModelVerification.once
        /// Where ONNX Runtime is.
        public var library = OnnxLibrarySearch()

        /// The defaults.
        public init() {}
    }

    /// The card's name and the weights' hash.
    public var name: String { model.name }
    /// The name and the card's hash.
    public var fingerprint: String { model.fingerprint }
    /// The model's card.
    public var card: ModelCard { model.card }
    /// How long each part of loading took.
    public let loadTimes: ModelLoadTimes

    private let model: RerankerModel
    private let pool: InferencePool<Step, Product>

    /// What a worker is given.
    private enum Step: Sendable {
        case tokenize(PairTokenizer.Query, String)
        case score(TokenizedText)
    }

    /// What a worker makes of it.
    private enum Product: Sendable {
        case tokens(TokenizedText)
        case score(Double)
    }

    private init(_ model: RerankerModel, loadTimes: ModelLoadTimes, options: Options) {
        self.model = model
        self.loadTimes = loadTimes
        let limits = RunScheduler.Limits(workerCount: options.workerCount, callCountMax: options.callCountMax)
        pool = InferencePool(name: "rerank", limits: limits) { steps in try Self.carryOut(steps, with: model) }
    }

    /// Loads the model in a folder.
    ///
    /// - Parameters:
    ///   - folder: a folder with a `strata-model.json` of kind `reranker`.
    ///   - options: how to use the machine.
    /// - Throws: ``StrataError/Code/runtimeUnavailable``, ``StrataError/Code/notFound``,
    ///   ``StrataError/Code/modelInvalid`` also for a model whose scores make no sense,
    ///   ``StrataError/Code/storageFailure``, ``StrataError/Code/invalidArgument``.
    public static func load(folder: String, options: Options = Options()) async throws -> OnnxReranker {
        guard options.workerCount > 0, options.callCountMax > 0 else {
            throw StrataError(.invalidArgument, "workerCount and callCountMax must be at least 1")
        }
        // Reading tens of megabytes is no work for the cooperative pool.
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try loadNow(folder, options) }) }
        }
    }

    private static func loadNow(_ folder: String, _ options: Options) throws -> OnnxReranker {
        var times = ModelLoadTimes()
        let runtime = try times.measure(\.library) { try OnnxRuntime.shared(options.library) }
        let model = try RerankerModel(
            folder: folder, runtime: runtime, options: OnnxSession.Options(), verification: options.verification,
            times: &times)
        return OnnxReranker(model, loadTimes: times, options: options)
    }

    /// Scores texts, in their order. Cancellation takes back what waits; what is running ends by itself.
    public func scores(of texts: [String], for query: String) async throws -> [Double] {
        try await pool.withCall(.fast, textCount: texts.count) { call in
            let prepared = model.pairs.query(query)
            let pairs = try await tokenize(texts, prepared, call)
            let products = try await call.perform(
                pairs.map { .score($0) }, tokenCounts: pairs.map(\.ids.count), isShared: true,
                rowCountMax: model.rowCountMax)
            return products.compactMap { if case .score(let score) = $0 { score } else { nil } }
        }
    }

    /// Texts of so many bytes in all are tokenized at once by the caller: a hop to a worker would take longer.
    private static let directBytesMax = 4096

    private func tokenize(
        _ texts: [String], _ query: PairTokenizer.Query, _ call: InferencePool<Step, Product>.Call
    ) async throws -> [TokenizedText] {
        if texts.reduce(0, { $0 + $1.utf8.count }) <= Self.directBytesMax {
            return texts.map { model.pairs.tokens(of: query, $0) }
        }
        let products = try await call.perform(
            texts.map { .tokenize(query, $0) }, tokenCounts: texts.map { $0.utf8.count / 64 }, isShared: false,
            rowCountMax: .max)
        return products.compactMap { if case .tokens(let tokens) = $0 { tokens } else { nil } }
    }

    private static func carryOut(_ steps: [Step], with model: RerankerModel) throws -> [Product] {
        var pairs: [TokenizedText] = []
        var products: [Product] = []
        for step in steps {
            switch step {
            case .tokenize(let query, let text): products.append(.tokens(model.pairs.tokens(of: query, text)))
            case .score(let pair): pairs.append(pair)
            }
        }
        precondition(pairs.isEmpty || products.isEmpty, "the two kinds of steps never run together")
        return pairs.isEmpty ? products : try model.scores(of: pairs).map { .score($0) }
    }
}
