internal import ArgumentParser
internal import Foundation
internal import MCP
internal import Strata
internal import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// `strata mcp`
struct MCPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp",
        abstract: "Be a memory for an MCP client such as Claude Desktop, Cursor or VS Code.",
        subcommands: [MCPServeCommand.self, MCPInstallCommand.self], defaultSubcommand: MCPServeCommand.self)
}

/// `strata mcp serve`, which is what `strata mcp` does.
struct MCPServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer MCP messages on standard input, one JSON object a line, until it ends.",
        discussion: """
            Clients start it themselves; `strata mcp install` prints what to tell them. Both the handshake of the \
            revisions 2024-11-05 to 2025-11-25 and the stateless 2026-07-28 are understood. Standard output carries \
            nothing but messages.
            """)

    @Flag(help: "Offer only the tools that change nothing.")
    var readOnly = false

    @Flag(help: "Let every tool name a namespace; without it they work in the one of --namespace.")
    var allNamespaces = false

    @Option(help: "Offer further tools: chatgpt adds search and fetch as its connectors expect them. Repeat for more.")
    var profile: [MCPServer.Profile] = []

    @Option(
        help: ArgumentHelp(
            "Offer the reference memory server's tools too (create_entities, …), on its file of JSON Lines.",
            valueName: "file"))
    var graph: String?

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let messages = try ProtocolOutput.claim()
        let interruption = Interruption()
        let parent = getppid()
        let output = common.output
        let access = MCPAccess(
            namespace: common.namespaceName, namespaces: allNamespaces ? .all : .one, canWrite: !readOnly)
        try await common.withEngine(.init(makesDirectory: true)) { engine in
            output.warnings(engine.modelDegradations)
            if Terminal.standardInput.isTerminal {
                output.note("waiting for MCP messages; a client starts this itself, see `strata mcp install`")
            }
            let server = MCPServer(engine: engine, profiles: Set(profile), graphPath: graph)
            // A client that was killed may leave the pipe open in another of its children, so its end is watched too.
            await LineTransport(input: STDIN_FILENO, output: messages).serve(server.session(), access: access) {
                interruption.isPending || getppid() != parent
            }
        }
    }
}

/// The file that protocol messages are written to.
enum ProtocolOutput {
    /// Takes standard output for messages alone: whatever else in this process writes there, a native library for
    /// example, goes to standard error from now on.
    ///
    /// - Returns: a private descriptor of what standard output was.
    static func claim() throws(StrataError) -> Int32 {
        // A client that has gone is noticed by the write that fails.
        signal(SIGPIPE, SIG_IGN)
        let messages = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        guard messages >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
            throw StrataError(
                .storageFailure, "standard output or standard error is not open (\(String(cString: strerror(errno))))")
        }
        return messages
    }
}
