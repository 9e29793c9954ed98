import Foundation
import StrataCore
import Testing

@Suite struct MCPCommandTests {
    private static let handshake =
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"# + "\n"
    private static let stats =
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"memory_stats"}}"# + "\n"

    @Test(.enabled(if: Peers.hasMCPClient, "make setup-test installs it"), arguments: ["auto", "legacy"])
    func theOfficialClientRemembersRecallsAndForgets(mode: String) async throws {
        let strata = try Strata()
        let model = Strata.hasModel ? "standard" : "none"
        let child = try strata.child(
            [
                Peers.script("mcp_stdio.py"), mode, Strata.executable.path, "mcp", "--data-dir", strata.dataDirectory,
                "--model", model,
            ], of: Peers.python)
        try child.start()
        child.closeInput()
        let outcome = try await child.outcome()
        #expect(outcome.status == 0, "\(outcome.err)")
        let seen = try #require(try outcome.json.first)
        #expect(seen["protocol"]?.stringValue == (mode == "auto" ? "2026-07-28" : "2025-11-25"))
        #expect((seen["embeddingSpace"]?.stringValue != nil) == Strata.hasModel)
    }

    @Test func itAnswersUntilItsInputEndsAndThenExits() async throws {
        let strata = try Strata()
        let outcome = try await strata.run("mcp", input: Array((Self.handshake + Self.stats + "nonsense\n").utf8))
        #expect(outcome.status == 0)
        let answers = try outcome.json
        #expect(answers.count == 3 && answers.allSatisfy { $0["jsonrpc"]?.stringValue == "2.0" })
        let counts = answers.first { $0["id"] == 1 }?["result"]?["structuredContent"]
        #expect(counts?["namespace"]?.stringValue == "default" && counts?["memoryCount"]?.integer == 0)
    }

    @Test func whatSomethingElseInTheProcessPrintsDoesNotReachTheClient() async throws {
        let strata = try Strata()
        let child = try strata.child(["mcp"])
        try child.start()
        child.send(Array(Self.handshake.utf8))
        _ = try child.line()
        let files = "/proc/\(child.processID)/fd/"
        let manager = FileManager.default
        let standardOutput = try manager.destinationOfSymbolicLink(atPath: files + "1")
        #expect(try standardOutput == manager.destinationOfSymbolicLink(atPath: files + "2"))
        #expect(!standardOutput.hasPrefix("pipe:"))
        child.closeInput()
        #expect(try await child.outcome().json.count == 1)
    }

    @Test func itEndsWithItsParentEvenWhenItsInputStaysOpen() async throws {
        let strata = try Strata()
        let shell = URL(fileURLWithPath: "/bin/sh")
        // The shell hands its own input on, so that only its death can be noticed.
        let command = "exec 3<&0; \"$0\" mcp <&3 & wait"
        let child = try strata.child(["-c", command, Strata.executable.path], of: shell)
        try child.start()
        child.send(Array(Self.handshake.utf8))
        _ = try child.line()
        child.kill()
        // Standard output is the server's alone now: its end is the server's end.
        let outcome = try await child.outcome()
        #expect(try outcome.json.count == 1)
        child.closeInput()
        #expect(try await strata.run("stats", "--json").status == 0)
    }

    @Test func aDirectoryOfAnotherProcessIsNamedOnStandardError() async throws {
        let strata = try Strata()
        let owner = try strata.child(["mcp"])
        try owner.start()
        owner.send(Array(Self.handshake.utf8))
        _ = try owner.line()
        let second = try await strata.run("mcp", "--json", input: Array(Self.handshake.utf8))
        #expect(try second.status == 5 && second.out.isEmpty && second.errorCode == "locked")
        owner.closeInput()
        #expect(try await owner.outcome().status == 0)
    }

    @Test func flagsBoundWhatAClientMay() async throws {
        let strata = try Strata()
        let list = #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"# + "\n"
        let input = Array((Self.handshake + list).utf8)
        let outcome = try await strata.run(
            "mcp", "--read-only", "--profile", "chatgpt", "--all-namespaces", input: input)
        let tools = try outcome.json.first { $0["id"] == 2 }?["result"]?["tools"]
        let names = (0..<(tools?.count ?? 0)).compactMap { tools?[$0]?["name"]?.stringValue }
        #expect(names == ["recall", "get_memory", "list_memories", "memory_stats", "search", "fetch"])
        #expect(tools?[0]?["inputSchema"]?["properties"]?["namespace"] != nil)
    }
}

/// The reference clients of other projects, as `make setup-test` installs them.
enum Peers {
    private static var environment: URL {
        let variables = ProcessInfo.processInfo.environment
        let home = variables["STRATA_HOME"] ?? (variables["HOME"] ?? "") + "/.local/share/strata"
        return URL(fileURLWithPath: home).appending(path: "tools-venv")
    }

    static var python: URL { environment.appending(path: "bin/python") }

    /// Whether the official client of the Model Context Protocol is there.
    static var hasMCPClient: Bool {
        let installed = try? String(contentsOf: environment.appending(path: ".requirements-test"), encoding: .utf8)
        return installed?.contains("\nmcp==") ?? false
    }

    /// The path of a script in Tests/Peers.
    static func script(_ name: String, here: String = #filePath) -> String {
        URL(fileURLWithPath: here).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Peers/\(name)").path
    }
}
