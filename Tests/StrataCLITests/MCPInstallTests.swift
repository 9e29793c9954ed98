import Foundation
import StrataCore
import Testing

@Suite struct MCPInstallTests {
    /// A command whose home is its scratch folder, so that no test touches a client's real file.
    private struct Home {
        let strata: Strata

        init() throws { strata = try Strata() }

        func install(_ arguments: String..., environment: [String: String] = [:]) async throws -> Outcome {
            let variables = ["HOME": strata.scratch.path, "STRATA_HOME": "", "STRATA_DATA_DIR": "", "STRATA_MODEL": ""]
            let child = try strata.child(
                ["mcp", "install"] + arguments, environment: variables.merging(environment) { $1 })
            try child.start()
            child.closeInput()
            return try await child.outcome()
        }

        func read(_ path: String) throws -> JSONValue {
            try JSONValue(jsonText: String(contentsOfFile: strata.scratch.path + "/" + path, encoding: .utf8))
        }
    }

    @Test func itPrintsWhatClientsTake() async throws {
        let home = try Home()
        let plain = try await home.install()
        let entry = try JSONValue(jsonText: plain.out)["mcpServers"]?["strata"]
        #expect(entry?["command"]?.stringValue == Strata.executable.path)
        #expect(entry?["args"] == ["mcp"] && entry?["env"] == nil)
        let code = try await home.install("--client", "vscode", "--name", "mem-1", "--namespace", "work", "--read-only")
        let server = try JSONValue(jsonText: code.out)["servers"]?["mem-1"]
        #expect(server?["type"] == "stdio" && server?["args"] == ["mcp", "--namespace", "work", "--read-only"])
        #expect(code.err.contains("/Code/User/mcp.json"))
        let codex = try await home.install("--client", "codex", environment: ["STRATA_HOME": "/opt/strata"])
        #expect(codex.out.hasPrefix("[mcp_servers.strata]\ncommand = \"/"))
        #expect(codex.out.contains("\nargs = [\"mcp\"]\nenv = { STRATA_HOME = \"/opt/strata\" }\n"))
        let folder = try await home.install("--json", environment: ["STRATA_DATA_DIR": "some/where"])
        let arguments = try folder.json.first?["configuration"]?["mcpServers"]?["strata"]?["args"]
        #expect(
            arguments?[2]?.stringValue?.hasPrefix("/") == true
                && arguments?[2]?.stringValue?.hasSuffix("/some/where") == true)
    }

    @Test(arguments: ["claude-desktop", "cursor", "windsurf", "vscode", "gemini"])
    func whatItWritesStartsAServer(client: String) async throws {
        let home = try Home()
        let data = home.strata.dataDirectory
        let outcome = try await home.install(
            "--client", client, "--write", "--json", "--data-dir", data, "--model", "none")
        let answer = try #require(try outcome.json.first)
        #expect(outcome.status == 0 && answer["status"] == "written" && answer["backup"] == nil)
        let path = try #require(answer["path"]?.stringValue)
        let file = try JSONValue(jsonText: String(contentsOfFile: path, encoding: .utf8))
        #expect(file == answer["configuration"])
        let entry = try #require(file[client == "vscode" ? "servers" : "mcpServers"]?["strata"])
        let command = try #require(entry["command"]?.stringValue)
        let arguments = (0..<(entry["args"]?.count ?? 0)).compactMap { entry["args"]?[$0]?.stringValue }
        let server = try home.strata.child(arguments, of: URL(fileURLWithPath: command))
        try server.start()
        server.send(Array((#"{"jsonrpc":"2.0","id":1,"method":"ping"}"# + "\n").utf8))
        server.closeInput()
        #expect(try await server.outcome().json.first?["result"] == [:])
    }

    @Test func whatElseIsInTheFileStaysAndTheOldFileIsKept() async throws {
        let home = try Home()
        let old = #"{"theme": "dark", "mcpServers": {"other": {"command": "x", "args": []}}, "zoom": 1.5}"#
        let path = try home.strata.scratch.write(".cursor/mcp.json", old)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        let first = try await home.install("--client", "cursor", "--write", "--json")
        let file = try home.read(".cursor/mcp.json")
        #expect(file["theme"] == "dark" && file["zoom"] == 1.5)
        #expect(file["mcpServers"]?.keys == ["other", "strata"])
        #expect(file["mcpServers"]?["other"] == ["command": "x", "args": []])
        let backup = try #require(try first.json.first?["backup"]?.stringValue)
        #expect(try String(contentsOfFile: backup, encoding: .utf8) == old)
        for name in [path, backup] {
            #expect(try FileManager.default.attributesOfItem(atPath: name)[.posixPermissions] as? Int == 0o640)
        }
        let again = try await home.install("--client", "cursor", "--write", "--json")
        #expect(try again.json.first?["status"] == "already there")
        let changed = try await home.install("--client", "cursor", "--write", "--namespace", "work")
        #expect(changed.status == 0)
        #expect(try home.read(".cursor/mcp.json")["mcpServers"]?["strata"]?["args"] == ["mcp", "--namespace", "work"])
        let names = try FileManager.default.contentsOfDirectory(atPath: home.strata.scratch.path + "/.cursor")
        #expect(names.count == 3 && !names.contains { $0.contains("strata-new") })
    }

    @Test(arguments: ["// my servers\n{}", "[]", "{\"mcpServers\": []}", "{", "{} {}", "\u{0}"])
    func aFileThatItDoesNotUnderstandIsLeftAlone(text: String) async throws {
        let home = try Home()
        let path = try home.strata.scratch.write(".cursor/mcp.json", text)
        let outcome = try await home.install("--client", "cursor", "--write", "--json")
        #expect(try outcome.status == 4 && outcome.errorCode == "invalid_argument")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: home.strata.scratch.path + "/.cursor") == ["mcp.json"])
    }

    @Test func misuseIsNamed() async throws {
        let home = try Home()
        #expect(try await home.install("--write").status == 2)
        #expect(try await home.install("--client", "codex", "--write").status == 2)
        #expect(try await home.install("--client", "emacs-of-the-future").status == 2)
        for name in ["", "a b", "größe", "a.b", String(repeating: "a", count: 65)] {
            #expect(try await home.install("--name", name).status == 2)
        }
    }
}
