internal import ArgumentParser
internal import Strata
internal import StrataCore
internal import StrataServer

/// `strata keys`
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list, revoke and rotate the API keys of a server.",
        discussion: """
            From the first key on the server asks for one with every request. Changes hold at once, also while the \
            server runs. Only hashes are kept: a secret is shown when it is made and never again.
            """,
        subcommands: [Create.self, List.self, Revoke.self, Rotate.self])

    /// `strata keys create`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a key.")

        @OptionGroup var place: KeyPlace

        @Argument(help: "What the key is called in lists.")
        var name: String

        @Option(
            help: "What it allows: read, write, admin; may be repeated. Default: read and write.",
            transform: Create.scope)
        var scope: [Scope] = []

        @Option(
            help: ArgumentHelp("A namespace that it is bound to; may be repeated. Default: all.", valueName: "name"))
        var bind: [String] = []

        func run() async throws {
            let (key, secret) = try place.file().create(
                name: name, scopes: scope.isEmpty ? [.read, .write] : scope, namespaces: bind.isEmpty ? nil : bind)
            try await place.audit("keys_create", key)
            try place.show(secret: secret, of: key)
        }

        private static func scope(_ name: String) throws -> Scope {
            guard let scope = Scope(rawValue: name) else { throw ValidationError("it is none of read, write, admin") }
            return scope
        }
    }

    /// `strata keys list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Show all keys.")

        @OptionGroup var place: KeyPlace

        func run() async throws {
            for key in try place.file().list() { try place.show(key) }
        }
    }

    /// `strata keys revoke`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Revoke a key for good.")

        @OptionGroup var place: KeyPlace

        @Argument(help: "The key's id, as `strata keys list` shows it.")
        var id: String

        func run() async throws {
            let key = try place.file().revoke(id)
            try await place.audit("keys_revoke", key)
            try place.show(key)
        }
    }

    /// `strata keys rotate`
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate", abstract: "Give a key a new secret; the old one opens nothing from now on.")

        @OptionGroup var place: KeyPlace

        @Argument(help: "The key's id, as `strata keys list` shows it.")
        var id: String

        func run() async throws {
            let (key, secret) = try place.file().rotate(id)
            try await place.audit("keys_rotate", key)
            try place.show(secret: secret, of: key)
        }
    }
}

/// Where the keys are, and how they are shown.
struct KeyPlace: ParsableArguments {
    @Flag(help: "Print results, and the error if there is one, as JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "The data directory. Default: $STRATA_DATA_DIR, else $STRATA_HOME/data.", valueName: "folder"))
    var dataDir: String?

    /// A key as it may be seen.
    private struct View: Encodable {
        let id: String
        let name: String
        let scopes: [Scope]
        let namespaces: [String]?
        let createdAt: Timestamp
        let rotatedAt: Timestamp?
        let revokedAt: Timestamp?
        var secret: String?

        init(_ key: APIKey, secret: String? = nil) {
            (id, name, scopes, namespaces) = (key.id, key.name, key.scopes, key.namespaces)
            (createdAt, rotatedAt, revokedAt) = (key.createdAt, key.rotatedAt, key.revokedAt)
            self.secret = secret
        }
    }

    private func path() throws -> String {
        var common = CommonOptions()
        common.dataDir = dataDir
        return try common.dataDirectory()
    }

    func file() throws -> APIKeyFile { APIKeyFile(dataDirectory: try path()) }

    func audit(_ act: String, _ key: APIKey) async throws {
        try await AuditLog(dataDirectory: path()).append(
            act, by: "local", at: EngineEnvironment.system.now(), details: ["key": .string(key.id)])
    }

    func show(_ key: APIKey) throws {
        let output = Output(json: json)
        if json { return try output.result(json: View(key)) }
        let scopes = key.scopes.map(\.rawValue).joined(separator: ",")
        let places = key.namespaces?.joined(separator: ",") ?? "all namespaces"
        let state = key.revokedAt.map { "revoked \($0)" } ?? "active since \(key.rotatedAt ?? key.createdAt)"
        output.result("\(key.id)  \(scopes)  \(places)  \(state)  \(DisplayText.oneLine(key.name, width: 60))")
    }

    func show(secret: String, of key: APIKey) throws {
        let output = Output(json: json)
        if json { return try output.result(json: View(key, secret: secret)) }
        output.result(secret)
        output.note("This is key \(key.id). Its secret is shown this once; only a hash of it is kept.")
    }
}
