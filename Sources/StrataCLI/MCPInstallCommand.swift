internal import ArgumentParser
internal import Foundation
internal import MCP
internal import Strata
internal import StrataCore

/// `strata mcp install`
struct MCPInstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Print, or write, the configuration that has an MCP client start `strata mcp`.",
        discussion: """
            strata mcp install --client cursor
            strata mcp install --client claude-desktop --write

            The options --data-dir, --namespace, --model, --read-only, --profile and --graph are passed on to `strata mcp`.
            """)

    @Option(help: "The client. Without it, the form that most clients take is printed.")
    var client: MCPClient?

    @Option(help: "The name under which the client shows the memory: letters, digits, - and _.")
    var name = "strata"

    @Flag(help: "Write into the client's file; what was there is kept beside it as a backup.")
    var write = false

    @Flag(help: "Offer only the tools that change nothing.")
    var readOnly = false

    @Option(help: "Offer further tools, as for strata mcp.")
    var profile: [MCPServer.Profile] = []

    @Option(help: ArgumentHelp("A knowledge graph's file, as for strata mcp.", valueName: "file"))
    var graph: String?

    @OptionGroup var common: CommonOptions

    private struct Answer: Encodable {
        let client: String?
        let path: String?
        let configuration: JSONValue
        let status: ClientFile.Outcome.Status?
        let backup: String?
    }

    func run() async throws {
        let isName = name.utf8.allSatisfy { byte in
            UnicodeScalar(byte).properties.isAlphabetic && byte < 0x80 || 0x30...0x39 ~= byte || byte == 0x2D
                || byte == 0x5F
        }
        guard !name.isEmpty, name.utf8.count <= 64, isName else {
            throw UsageError("--name takes up to 64 letters, digits, - and _")
        }
        let environment = ProcessInfo.processInfo.environment
        let entry = try entry(environment)
        let output = common.output
        let path = client?.path(home: try home(environment), folder: FileManager.default.currentDirectoryPath)
        let configuration: JSONValue = .object([client?.serversKey ?? "mcpServers": [name: entry.json(for: client)]])
        guard write else {
            if output.json {
                try output.result(
                    json: Answer(
                        client: client?.rawValue, path: path, configuration: configuration, status: nil, backup: nil))
            } else {
                output.result(client == .codex ? entry.toml(name: name) : try ClientFile.text(of: configuration))
                output.note(
                    path.map { "goes into \($0); restart \(client?.title ?? "the client") afterwards" }
                        ?? "goes into the client's MCP configuration; --client names its file")
            }
            return
        }
        guard let client, let path else { throw UsageError("--write needs --client, which says which file") }
        guard client != .codex else {
            throw UsageError("\(client.title) keeps TOML, which is not written; paste what is printed without --write")
        }
        let outcome = try ClientFile(path: path).set(
            entry.json(for: client), named: name, in: client.serversKey, now: EngineEnvironment.system.now())
        if output.json {
            try output.result(
                json: Answer(
                    client: client.rawValue, path: path, configuration: configuration, status: outcome.status,
                    backup: outcome.backup))
        } else {
            output.result("\(outcome.status.rawValue): \(DisplayText.harmless(path))")
            if let backup = outcome.backup { output.note("the file before: \(DisplayText.harmless(backup))") }
            if outcome.status == .written { output.note("restart \(client.title) to use it") }
        }
    }

    private func home(_ environment: [String: String]) throws(UsageError) -> String {
        guard let home = environment["HOME"], !home.isEmpty else {
            throw UsageError("HOME is not set, so the client's file cannot be found; set it")
        }
        return home
    }

    /// How the client is to start this very command with this call's options. Clients start it in a folder and with an
    /// environment of their own, so paths are absolute and settings of this shell are spelt out.
    private func entry(_ environment: [String: String]) throws -> MCPServerEntry {
        guard let executable = Bundle.main.executablePath else {
            throw StrataError(.internal, "the path of this command cannot be found")
        }
        var arguments = ["mcp"]
        let folder = common.dataDir ?? environment["STRATA_DATA_DIR"].flatMap { $0.isEmpty ? nil : $0 }
        if let folder { arguments += ["--data-dir", absolute(folder)] }
        if let namespace = common.namespace { arguments += ["--namespace", namespace] }
        if let model = common.model ?? environment["STRATA_MODEL"].flatMap({ $0.isEmpty ? nil : $0 }) {
            arguments += ["--model", ["none", "standard"].contains(model) ? model : absolute(model)]
        }
        if readOnly { arguments.append("--read-only") }
        for profile in profile { arguments += ["--profile", profile.rawValue] }
        if let graph { arguments += ["--graph", absolute(graph)] }
        var variables: [String: String] = [:]
        for name in ["STRATA_HOME", "STRATA_ONNXRUNTIME"] {
            if let value = environment[name], !value.isEmpty { variables[name] = absolute(value) }
        }
        return MCPServerEntry(command: executable, arguments: arguments, environment: variables)
    }

    private func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
}
