internal import ArgumentParser
internal import Foundation
internal import Strata
internal import StrataCore
internal import Telemetry

/// The options that every command takes.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Print results, and the error if there is one, as JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "The data directory. Default: $STRATA_DATA_DIR, else $STRATA_HOME/data.", valueName: "folder"))
    var dataDir: String?

    @Option(
        help: ArgumentHelp(
            "The namespace: memories of one never show in another. Default: \(MemoryEngine.defaultNamespace).",
            valueName: "name"))
    var namespace: String?

    @Option(
        help: ArgumentHelp(
            "A model folder, or none to work by words only. Default: $STRATA_MODEL, else the model of the set-up.",
            valueName: "folder|none"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "What serves while the model cannot: a model folder, or hashing. Default: $STRATA_FALLBACK, else nothing.",
            valueName: "folder|hashing"))
    var fallback: String?

    /// The namespace that single-namespace commands work in.
    var namespaceName: String { namespace ?? MemoryEngine.defaultNamespace }

    /// Where results go, in the form asked for.
    var output: Output { Output(json: json) }

    /// The data directory of this call.
    func dataDirectory() throws -> String {
        if let dataDir {
            guard !dataDir.isEmpty else { throw UsageError("--data-dir is empty; name a folder") }
            return dataDir
        }
        return try StandardLocation.dataDirectory(environment: ProcessInfo.processInfo.environment)
    }

    /// The model of this call.
    func modelChoice() -> ModelChoice {
        ModelChoice(name: model ?? ProcessInfo.processInfo.environment["STRATA_MODEL"])
    }

    /// What serves in the model's place.
    func fallbackChoices() -> [ModelChoice] {
        let name = fallback ?? ProcessInfo.processInfo.environment["STRATA_FALLBACK"] ?? ""
        return name.isEmpty || name == "none" ? [] : [ModelChoice(name: name)]
    }

    /// What a command needs of the engine.
    struct Need {
        /// Whether a data directory that is not there is made; else the command fails and changes nothing.
        var makesDirectory = false
        /// Whether the model is loaded; without it the engine opens faster.
        var model = true
        /// The cross-encoder to be loaded.
        var reranker = RerankerChoice.none
        /// Where calls are counted and timed.
        var metrics: PrometheusMetrics?
    }

    /// Opens the engine, runs `body` and closes the engine, whatever happens.
    func withEngine<Value>(
        _ need: Need = Need(), _ body: (MemoryEngine) async throws -> Value
    ) async throws -> Value {
        let path = try dataDirectory()
        if !need.makesDirectory { try MemoryEngine.requireExisting(at: path) }
        var configuration = EngineConfiguration()
        configuration.model = need.model ? modelChoice() : .none
        configuration.fallbacks = need.model ? fallbackChoices() : []
        configuration.reranker = need.reranker
        configuration.metrics = need.metrics
        let engine = try await MemoryEngine.open(at: path, configuration: configuration)
        let value: Value
        do {
            value = try await body(engine)
        } catch {
            // The first error is the one to report; closing writes nothing but use counts.
            try? await engine.close()
            throw error
        }
        try await engine.close()
        return value
    }
}
