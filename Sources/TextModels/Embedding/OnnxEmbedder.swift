import Dispatch
import Foundation
public import StrataCore
import Synchronization

/// Embeds texts with an ONNX model on this machine's cores.
///
/// One session with one thread, and a run per core at a time: on CPUs that was faster than runs which spread over the
/// cores. Queries go before documents; texts of about equal length, also of several calls, run together in small
/// batches (``RunScheduler``); results come in the order of the texts.
public final class OnnxEmbedder: Embedder {
    /// How an embedder uses the machine.
    public struct Options: Sendable {
        /// Runs at a time, at least 1; the default is one a core.
        public var workerCount = ProcessInfo.processInfo.activeProcessorCount
        /// Threads inside one run, at least 1. More than one makes a long single text faster and bulk work slower.
        public var intraOpThreadCount = 1
        /// Calls for queries, and as many again for documents, that may be under way before
        /// ``StrataError/Code/overloaded``, at least 1.
        public var callCountMax = 256
        /// Texts of all those queries, and as many again of documents; one call alone may bring more. At least 1.
        public var textCountMax = 65_536
        /// Whether the first load on a machine measures how runs are best laid out, and later ones go by that. A machine
        /// that is busy at that time keeps the usual layout; `.strata-tuning.json` in the model folder may be removed.
        ///
        /// With false everything is as ``workerCount``, ``intraOpThreadCount`` and ``tokenBudget`` say.
        public var isTuned = true
        /// The most padded tokens of a run of several texts, at least 1; nil is 512, or what was measured.
        public var tokenBudget: Int?
        /// What becomes of a text that is longer than the model reads; nil does what the card says.
        public var longText: ModelCard.LongText?
        /// How much the model is checked.
        public var verification = ModelVerification.once
        /// Where ONNX Runtime is.
        public var library = OnnxLibrarySearch()

        /// The defaults.
        public init() {}
    }

    /// The space of every vector: the card's name and dimension and the weights' hash.
    public var space: EmbeddingSpace { model.space }
    /// The space and whatever of the card and the options decides over a vector.
    public let fingerprint: String
    /// The model's card.
    public var card: ModelCard { model.card }
    /// The version of ONNX Runtime in use.
    public let runtimeVersion: String
    /// How long each part of loading took.
    public let loadTimes: ModelLoadTimes
    /// How runs are laid out.
    public let tuning: RunTuning

    private let model: EncoderModel
    private let pool: InferencePool<Step, Product>

    /// What a worker is given.
    private enum Step: Sendable {
        case tokenize(String, EmbeddingRole)
        case encode(TokenizedText)
    }

    /// What a worker makes of it.
    private enum Product: Sendable {
        case tokens([TokenizedText])
        case embedding(Embedding)
    }

    private init(
        _ model: EncoderModel, runtimeVersion: String, loadTimes: ModelLoadTimes, tuning: RunTuning, options: Options
    ) {
        self.model = model
        self.tuning = tuning
        self.runtimeVersion = runtimeVersion
        self.loadTimes = loadTimes
        fingerprint = model.fingerprint
        let limits = RunScheduler.Limits(
            workerCount: tuning.workerCount, callCountMax: options.callCountMax, textCountMax: options.textCountMax,
            tokenBudgetMin: min(RunScheduler.Limits().tokenBudgetMin, tuning.tokenBudget),
            tokenBudgetMax: tuning.tokenBudget)
        pool = InferencePool(name: "embed", limits: limits) { steps in try Self.carryOut(steps, with: model) }
    }

    /// Loads the model in a folder.
    ///
    /// - Parameters:
    ///   - folder: a folder with a `strata-model.json` (``ModelCard``), such as ``StrataHome/modelFolder(named:environment:)``.
    ///   - options: how to use the machine.
    /// - Throws: ``StrataError/Code/runtimeUnavailable``, ``StrataError/Code/notFound``,
    ///   ``StrataError/Code/modelInvalid``, ``StrataError/Code/storageFailure``, ``StrataError/Code/invalidArgument``.
    public static func load(folder: String, options: Options = Options()) async throws -> OnnxEmbedder {
        guard options.workerCount > 0, options.intraOpThreadCount > 0, options.callCountMax > 0,
            options.textCountMax > 0, options.tokenBudget ?? 1 > 0
        else {
            throw StrataError(
                .invalidArgument,
                "workerCount, intraOpThreadCount, tokenBudget, callCountMax and textCountMax must be at least 1")
        }
        // Reading tens of megabytes is no work for the cooperative pool.
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try loadNow(folder, options) }) }
        }
    }

    private static func loadNow(_ folder: String, _ options: Options) throws -> OnnxEmbedder {
        var times = ModelLoadTimes()
        let runtime = try times.measure(\.library) { try OnnxRuntime.shared(options.library) }
        func load(_ threadCount: Int, _ verification: ModelVerification) throws -> EncoderModel {
            try EncoderModel(
                folder: folder, runtime: runtime, options: OnnxSession.Options(intraOpThreadCount: threadCount),
                verification: verification, longText: options.longText, times: &times)
        }
        func embedder(_ model: EncoderModel, _ tuning: RunTuning) -> OnnxEmbedder {
            OnnxEmbedder(
                model, runtimeVersion: runtime.version, loadTimes: times, tuning: tuning, options: options)
        }
        let usual = RunTuning.usual(options)
        guard options.isTuned, options.tokenBudget == nil, usual == RunTuning.usual(Options()) else {
            return embedder(try load(usual.intraOpThreadCount, options.verification), usual)
        }
        let place = try ModelFolder(path: folder)
        let circumstances = try TuningRecord.Circumstances(place, runtimeVersion: runtime.version)
        if let known = TuningRecord.read(from: place, for: circumstances) {
            return embedder(try load(known.intraOpThreadCount, options.verification), known)
        }
        let model = try load(usual.intraOpThreadCount, options.verification)
        // What cannot be kept is not measured: every start would take longer.
        guard TuningRecord(circumstances: circumstances, tuning: usual).write(to: place) else {
            return embedder(model, usual)
        }
        let begin = ContinuousClock.now
        var best = (model: model, tuning: try TuningMeasurement(model: model).best(from: usual) ?? usual)
        if best.tuning.tokensPerSecond != nil, usual.workerCount > 1 {
            let spread = try spread(best.tuning, load: load)
            if let spread { best = spread }
        }
        times.tuning = ContinuousClock.now - begin
        TuningRecord(circumstances: circumstances, tuning: best.tuning).write(to: place)
        return embedder(best.model, best.tuning)
    }

    /// The layout with one run at a time over all cores, if that is clearly faster.
    private static func spread(
        _ tuning: RunTuning, load: (Int, ModelVerification) throws -> EncoderModel
    ) throws -> (model: EncoderModel, tuning: RunTuning)? {
        let model = try load(tuning.workerCount, .once)
        var spread = tuning
        (spread.workerCount, spread.intraOpThreadCount) = (1, tuning.workerCount)
        let rate = try TuningMeasurement(model: model).rate(at: spread)
        guard let known = tuning.tokensPerSecond, rate >= known * TuningMeasurement.spreadGainMin else { return nil }
        spread.tokensPerSecond = rate
        return (model, spread)
    }

    /// Embeds texts, in their order; queries go before documents.
    ///
    /// A text longer than the model reads is averaged over windows or cut, and says so. Cancellation takes back what
    /// waits; what is running ends by itself.
    public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        try await pool.withCall(role == .query ? .fast : .bulk, textCount: texts.count) { call in
            let chunks = try await tokenize(texts, as: role, call)
            let flat = chunks.flatMap(\.self)
            let products = try await call.perform(
                flat.map { .encode($0) }, tokenCounts: flat.map(\.ids.count), isShared: true,
                rowCountMax: model.rowCountMax)
            var parts = products.compactMap { if case .embedding(let embedding) = $0 { embedding } else { nil } }[...]
            return try chunks.map { chunk in
                defer { parts = parts.dropFirst(chunk.count) }
                return try Embedding(averaging: Array(parts.prefix(chunk.count)))
            }
        }
    }

    /// Texts of so many bytes in all are tokenized at once by the caller: a hop to a worker would take longer.
    private static let directBytesMax = 4096

    private func tokenize(
        _ texts: [String], as role: EmbeddingRole, _ call: InferencePool<Step, Product>.Call
    ) async throws -> [[TokenizedText]] {
        if texts.reduce(0, { $0 + $1.utf8.count }) <= Self.directBytesMax {
            return texts.map { model.tokens(of: $0, as: role) }
        }
        // Sixty-four bytes take a tenth of the time of a token in the model or less; a run is then some milliseconds.
        let products = try await call.perform(
            texts.map { .tokenize($0, role) }, tokenCounts: texts.map { $0.utf8.count / 64 }, isShared: false,
            rowCountMax: .max)
        return products.compactMap { if case .tokens(let tokens) = $0 { tokens } else { nil } }
    }

    private static func carryOut(_ steps: [Step], with model: EncoderModel) throws -> [Product] {
        var texts: [TokenizedText] = []
        var products: [Product] = []
        for step in steps {
            switch step {
            case .tokenize(let text, let role): products.append(.tokens(model.tokens(of: text, as: role)))
            case .encode(let text): texts.append(text)
            }
        }
        precondition(texts.isEmpty || products.isEmpty, "the two kinds of steps never run together")
        return texts.isEmpty ? products : try model.embed(texts).map { .embedding($0) }
    }
}

extension Embedding {
    /// One text's embedding from those of its windows: their mean, weighted by their tokens, at unit length.
    ///
    /// - Parameter parts: at least one, of equal dimension and unit length.
    /// - Throws: ``StrataError/Code/inferenceFailed`` when the vectors cancel one another out.
    init(averaging parts: [Embedding]) throws {
        guard parts.count > 1 else {
            self = parts[0]
            return
        }
        var sum = [Double](repeating: 0, count: parts[0].vector.count)
        for part in parts {
            for index in sum.indices { sum[index] += Double(part.vector[index]) * Double(part.tokenCount) }
        }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 1e-6 else {
            throw StrataError(
                .inferenceFailed,
                "the vectors of a long text's \(parts.count) windows cancel one another out; store it in parts")
        }
        self.init(
            vector: sum.map { Float($0 / length) }, tokenCount: parts.reduce(0) { $0 + $1.tokenCount },
            isTruncated: parts.contains(where: \.isTruncated), chunkCount: parts.count)
    }
}
