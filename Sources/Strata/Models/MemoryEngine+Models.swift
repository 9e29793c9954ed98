public import StrataCore
internal import TextModels

extension MemoryEngine {
    /// What loading the models gives.
    struct LoadedModels: Sendable {
        /// The wanted embedder and those that serve in its place, without those that could not be loaded.
        var embedders: [any Embedder] = []
        /// Why the wanted embedder is not among them.
        var problem: StrataError?
        var reranker: (any Reranker)?
        var rerankerProblem: StrataError?
    }

    /// Loads the configured models.
    ///
    /// - Throws: what keeps a model from loading that was demanded by its folder and has nobody to serve in its place.
    static func loadModels(_ configuration: EngineConfiguration) async throws -> LoadedModels {
        var models = LoadedModels()
        // A folder that was demanded and cannot be loaded is an error, unless somebody can serve in its place.
        for (index, choice) in ([configuration.model] + configuration.fallbacks).enumerated() {
            do {
                guard let embedder = try await load(choice) else { continue }
                guard !models.embedders.contains(where: { $0.space == embedder.space }) else { continue }
                models.embedders.append(embedder)
            } catch let error as StrataError {
                if index == 0 { models.problem = error }
            }
        }
        if let problem = models.problem, models.embedders.isEmpty, configuration.model.isDemanded { throw problem }
        do {
            models.reranker = try await load(configuration.reranker)
        } catch let error as StrataError {
            models.rerankerProblem = error
        }
        return models
    }

    /// The embedder of a choice; nil for none.
    static func load(_ choice: ModelChoice) async throws -> (any Embedder)? {
        switch choice {
        case .none: return nil
        case .embedder(let embedder): return embedder
        case .hashing: return HashingEmbedder()
        case .standard:
            return try await EmbedderFolder.load(StrataHome.modelFolder(named: ModelChoice.standardName))
        case .folder(let folder, let runtime):
            do {
                return try await EmbedderFolder.load(folder, runtime: runtime)
            } catch let error as StrataError where error.code == .notFound {
                // To the caller of `open`, what was not found would be the memory.
                throw StrataError(.modelInvalid, error.message, cause: error)
            }
        }
    }

    private static func load(_ choice: RerankerChoice) async throws -> (any Reranker)? {
        switch choice {
        case .none: return nil
        case .reranker(let reranker): return reranker
        case .folder(let folder, let runtime):
            var options = OnnxReranker.Options()
            options.library.path = runtime
            return try await OnnxReranker.load(folder: folder, options: options)
        }
    }
}

extension ModelChoice {
    /// Whether opening without it is an error rather than a degradation.
    fileprivate var isDemanded: Bool {
        if case .folder = self { return true }
        return false
    }
}

/// Which cross-encoder an engine reads candidates with.
public enum RerankerChoice: Sendable {
    /// A model folder whose card is of kind `reranker` and, when given, the runtime library to open it with. One that
    /// cannot be loaded is no error: recalls that ask for it say so.
    case folder(String, runtime: String? = nil)
    /// A reranker of the caller's own.
    case reranker(any Reranker)
    /// None.
    case none

    /// The choice that a setting names: a path for that model folder; `none`, an empty text or nil for none.
    public init(name: String?) {
        switch name {
        case nil, "", "none": self = .none
        case let folder?: self = .folder(folder)
        }
    }
}
