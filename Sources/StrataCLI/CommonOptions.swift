internal import ArgumentParser
internal import Foundation
internal import OwnerLink
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
        /// Whether periodic work goes on as long as the command runs.
        var worksInBackground = false
        /// The cross-encoder to be loaded.
        var reranker = RerankerChoice.none
        /// Who decides about promotion; nil for the default.
        var policy: LearnedPromotionSettings.Mode?
        /// Where calls are counted and timed.
        var metrics: PrometheusMetrics?
    }

    /// Runs `body` on the memory, whoever owns it, and lets go of it, whatever happens.
    ///
    /// If nobody owns the data directory this process does, and answers others meanwhile; else the owner is asked, with
    /// its model. An owner that does not answer is about to end, or it has no model and one is needed: that is waited for.
    func withMemory<Value>(
        _ need: Need = Need(), _ body: (any MemoryClient) async throws -> Value
    ) async throws -> Value {
        let path = try dataDirectory()
        if !need.makesDirectory { try MemoryEngine.requireExisting(at: path) }
        let deadline = ContinuousClock.now + Self.ownerWaitMax
        while true {
            do {
                return try await withOwnEngine(need, at: path, body)
            } catch let locked as DirectoryLocked {
                if let owner = try await OwnerConnection.connect(toOwnerOf: path),
                    !need.model || owner.spaceIdentifier != nil || modelChoice().isNone
                {
                    return try await body(owner)
                }
                guard ContinuousClock.now < deadline else { throw locked.error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Runs `body` on the engine in this process, for what an owner is not asked over the link.
    ///
    /// - Throws: ``StrataError/Code/locked`` while another process owns the data directory.
    func withEngine<Value>(
        _ need: Need = Need(), _ body: (MemoryEngine) async throws -> Value
    ) async throws -> Value {
        let path = try dataDirectory()
        if !need.makesDirectory { try MemoryEngine.requireExisting(at: path) }
        do {
            return try await withOwnEngine(need, at: path, body)
        } catch let locked as DirectoryLocked {
            throw locked.error
        }
    }

    /// How long an owner that does not answer is waited for.
    private static let ownerWaitMax = Duration.seconds(10)

    /// Another process was found to own the directory; told apart from whatever `body` throws.
    private struct DirectoryLocked: Error {
        let error: StrataError
    }

    private func withOwnEngine<Value>(
        _ need: Need, at path: String, _ body: (MemoryEngine) async throws -> Value
    ) async throws -> Value {
        var configuration = EngineConfiguration()
        configuration.model = need.model ? modelChoice() : .none
        configuration.fallbacks = need.model ? fallbackChoices() : []
        configuration.reranker = need.reranker
        configuration.background.isEnabled = need.worksInBackground
        configuration.metrics = need.metrics
        if let policy = need.policy { configuration.lifecycle.learned.mode = policy }
        let engine: MemoryEngine
        do {
            engine = try await MemoryEngine.open(at: path, configuration: configuration)
        } catch let error as StrataError where error.code == .locked {
            throw DirectoryLocked(error: error)
        }
        // A folder where no socket can be made is worked in all the same, by one process at a time.
        let server = try? OwnerServer(for: engine, dataDirectory: path)
        let value: Value
        do {
            value = try await body(engine)
        } catch {
            // The first error is the one to report; closing writes nothing but use counts.
            await server?.stop()
            try? await engine.close()
            throw error
        }
        await server?.stop()
        try await engine.close()
        return value
    }
}

extension ModelChoice {
    /// Whether words only were asked for.
    fileprivate var isNone: Bool { if case .none = self { true } else { false } }
}
