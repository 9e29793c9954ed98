internal import ArgumentParser
internal import Foundation
internal import ModelStore
internal import StrataCore
internal import TextModels

/// `strata models`
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Fetch, import, check, measure and remove models.",
        discussion: """
            Models lie in $STRATA_HOME/models, a folder each. To use one: --model FOLDER or STRATA_MODEL.

            ENVIRONMENT OF pull
              STRATA_HUB, HF_ENDPOINT     the hub's or a mirror's address (--hub wins)
              STRATA_HUB_TOKEN, HF_TOKEN  a token for it; sent to that server only
              HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
            """,
        subcommands: [
            ListModels.self, PullModel.self, ImportModel.self, VerifyModels.self, RemoveModels.self, BenchModel.self,
        ])
}

/// What every command about models takes.
struct ModelStoreOptions: ParsableArguments {
    @Flag(help: "Print results, and the error if there is one, as JSON.")
    var json = false

    var output: Output { Output(json: json) }

    var environment: TransferEnvironment { .system(variables: ProcessInfo.processInfo.environment) }

    func store() throws -> LocalModelStore { try LocalModelStore.standard(environment: environment) }

    /// The bytes of a card's file.
    static func card(at path: String?) throws -> [UInt8]? {
        guard let path else { return nil }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw StrataError(.notFound, "there is no readable file \(path)")
        }
        return [UInt8](bytes)
    }
}

/// `strata models list`
struct ListModels: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Name the models that are there.")

    @OptionGroup var options: ModelStoreOptions

    func run() async throws {
        let output = options.output
        let models = try await options.store().list().map(ModelAnswer.init)
        if output.json {
            for model in models { try output.result(json: model) }
        } else {
            for model in models {
                let name = model.name.padded(to: 28)
                let size = DisplayText.bytes(model.sizeBytes).paddedLeft(to: 9)
                output.result(
                    "\(output.style.bold(name)) \(size)  \(DisplayText.oneLine(model.summary, width: nil))")
            }
            if models.isEmpty { output.note("no models; `make setup` installs the default one") }
        }
    }
}

/// A model as the commands show it.
struct ModelAnswer: Encodable {
    let name: String
    let folder: String
    let sizeBytes: Int
    var kind: String?
    var model: String?
    var precision: String?
    var dimension: Int?
    var tokenCountMax: Int?
    var license: String?
    var repository: String?
    var commit: String?
    /// Why it cannot be used.
    var problem: String?
    /// Whether a pull found it there.
    var isKnown: Bool?

    init(_ installed: InstalledModel) {
        name = installed.name
        folder = installed.folder
        sizeBytes = installed.sizeBytes
        repository = installed.manifest?.repository
        commit = installed.manifest?.commit
        switch installed.card {
        case .success(let card):
            kind = card.kind.rawValue
            model = card.name
            precision = card.precision
            dimension = card.dimension
            tokenCountMax = card.tokenCountMax
            license = card.license
        case .failure(let error): problem = error.message
        }
    }

    /// What it is, or why not, on one line.
    var summary: String {
        if let problem { return "unusable: \(problem)" }
        let parts = [
            kind, dimension.map { "\($0) dimensions" }, tokenCountMax.map { "\($0) tokens" }, precision, repository,
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }
}

/// `strata models verify`
struct VerifyModels: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Hash a model's files and compare with what was put there and with its card.",
        discussion: """
            Without a name, all models. A file is ok, missing, changed, or unknown where nothing was noted when it \
            came. `strata doctor` also runs the model's self-test.
            """)

    @Argument(help: "The model's name; repeat for more.")
    var names: [String] = []

    @OptionGroup var options: ModelStoreOptions

    func run() async throws {
        let output = options.output
        let store = try options.store()
        let wished = names.isEmpty ? try await store.list().map(\.name) : names
        var bad: [String] = []
        for name in wished {
            let check = try await store.verify(name)
            if !check.isGood { bad.append(name) }
            if output.json {
                try output.result(json: check)
                continue
            }
            for file in check.files {
                let finding = file.finding.rawValue.padded(to: 8)
                let mark = file.finding == .ok ? output.style.green(finding) : output.style.yellow(finding)
                output.result("\(mark) \(name)/\(file.name)")
            }
            if let fits = check.weightsFitCard {
                output.result(
                    "\(fits ? output.style.green("ok      ") : output.style.red("changed ")) \(name): weights as its card says"
                )
            }
        }
        guard bad.isEmpty else {
            throw StrataError(
                .corrupted,
                "\(bad.joined(separator: ", ")): files are missing or changed; pull or import again with --replace")
        }
    }
}

/// `strata models remove`
struct RemoveModels: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove models with all their files.")

    @Argument(help: "The model's name; repeat for more.")
    var names: [String]

    @OptionGroup var options: ModelStoreOptions

    func run() async throws {
        let output = options.output
        let store = try options.store()
        for name in names {
            let model = try await store.model(named: name)
            try await store.remove(name)
            if output.json {
                try output.result(json: ["removed": name])
            } else {
                output.result("removed \(name), \(DisplayText.bytes(model.sizeBytes))")
            }
        }
    }
}

/// `strata models import`
struct ImportModel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take a model from a folder, .zip, .whl, .tar, .tar.gz or .tgz.",
        discussion: """
            The card (strata-model.json) and the files that it names are taken, nothing else. Archives with links, or \
            with names that lead out of them, are refused.
            """)

    @Argument(help: "The folder or archive.", completion: .file())
    var path: String

    @Option(help: "The name in the store. Default: the card's.")
    var name: String?

    @Option(help: ArgumentHelp("A card for a source without one.", valueName: "file"), completion: .file())
    var card: String?

    @Flag(help: "Take the place of a model of that name.")
    var replace = false

    @OptionGroup var options: ModelStoreOptions

    func run() async throws {
        var choice = ImportOptions()
        choice.name = name
        choice.card = try ModelStoreOptions.card(at: card)
        choice.replaces = replace
        let model = try await options.store().importModel(from: path, options: choice)
        let output = options.output
        if output.json {
            try output.result(json: ModelAnswer(model))
        } else {
            output.result("imported \(model.name), \(DisplayText.bytes(model.sizeBytes)), to \(model.folder)")
        }
    }
}
