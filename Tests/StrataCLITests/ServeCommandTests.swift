import Foundation
import StrataCore
import Testing

@Suite("strata serve and strata keys")
struct ServeCommandTests {
    /// A running `strata serve` on a free port.
    private final class Server {
        private let child: Child
        private var isStopped = false
        let url: String

        init(_ strata: Strata, _ options: String...) throws {
            child = try strata.child(["serve"] + options)
            try child.start()
            let line = try child.line()
            url = try #require(line.split(separator: " ").last).trimmingCharacters(in: .newlines)
        }

        // A test that fails half-way leaves no server behind.
        deinit { if !isStopped { child.kill() } }

        /// Stops the server and returns what it said.
        func stop() async throws -> Outcome {
            child.interrupt()
            isStopped = true
            return try await child.outcome()
        }
    }

    /// Runs a program to its end in a shell of the test's environment.
    private func shell(_ script: String, _ strata: Strata) async throws -> Outcome {
        let folder = Strata.executable.deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let child = try strata.child(
            ["-euo", "pipefail", "-c", script], environment: ["PATH": "\(folder):\(path)"],
            of: URL(fileURLWithPath: "/bin/bash"))
        try child.start()
        child.closeInput()
        return try await child.outcome()
    }

    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test("MCP is spoken on the server's port, in the namespace that the key may see")
    func mcpOverHTTP() async throws {
        let strata = try Strata()
        let server = try Server(strata, "--port", "0")
        let call = """
            call() { curl -sS "$1" -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
                -H 'MCP-Protocol-Version: 2025-11-25' "${@:3}" -d "$2"; }

            """
        let hello = """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},\
            "clientInfo":{"name":"test","version":"1"}}}
            """
        let tool = """
            {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"remember",\
            "arguments":{"text":"The lantern is in the cellar."}}}
            """
        let made = try await shell(
            call + """
                session=$(call "\(server.url)/mcp?namespace=house" '\(hello)' -D - -o /dev/null \
                    | tr -d '\\r' | awk 'tolower($1) == "mcp-session-id:" { print $2 }')
                test -n "$session"
                call "\(server.url)/mcp?namespace=house" '\(tool)' -H "Mcp-Session-Id: $session"
                """, strata)
        #expect(made.status == 0, "\(made.err)")
        #expect(made.out.contains("structuredContent"), "\(made.out)")
        let found = try await strata.run("list", "--namespace", "house", "--json")
        #expect(found.out.contains("The lantern is in the cellar."), "\(found.err)")
        let key = try await strata.run("keys", "create", "reader", "--scope", "read", "--bind", "garden", "--json")
        let secret = try #require(key.json[0]["secret"]?.stringValue)
        let refused = try await shell(
            call + """
                call "\(server.url)/mcp?namespace=house" '\(hello)' -o /dev/null -w '%{http_code}' \
                    -H 'Authorization: Bearer \(secret)'
                """, strata)
        #expect(refused.out == "403", "\(refused.err)")
        #expect(try await server.stop().status == 0)
    }

    @Test("The URL is the one line of output, the data is owned, and Ctrl-C ends it in order")
    func serving() async throws {
        let strata = try Strata()
        let server = try Server(strata, "--port", "0")
        #expect(server.url.hasPrefix("http://127.0.0.1:"))
        let made = try await shell(
            "curl -sS --fail \(server.url)/v1/memories -d '{\"text\":\"kept\"}' -H 'Content-Type: application/json'",
            strata)
        #expect(made.status == 0, "\(made.err)")
        let second = try await strata.run("serve", "--port", "0", "--json")
        #expect(second.status == 5)
        #expect(try second.errorCode == "locked")
        let end = try await server.stop()
        #expect(end.status == 0, "\(end.err)")
        #expect(end.out.split(separator: "\n").count == 1)
        let lines = try end.err.split(separator: "\n").filter { $0.hasPrefix("{") }
            .map { try JSONValue(jsonText: String($0)) }
        #expect(lines.contains { $0["route"] == "/v1/memories" && $0["status"] == "201" })
        #expect(!end.err.contains("kept"))
        #expect(try await strata.run("recall", "kept").out.contains("kept"))
    }

    @Test("An address beyond this machine, a port out of range and half of TLS are refused")
    func refusals() async throws {
        let strata = try Strata()
        let open = try await strata.run("serve", "--host", "0.0.0.0", "--port", "0")
        #expect(open.status == 4)
        #expect(open.err.contains("strata keys create"))
        for options in [
            ["--port", "65536"], ["--tls-cert", "x"], ["--unix", "/tmp/x", "--port", "1"], ["--unix", ""],
        ] {
            let child = try strata.child(["serve"] + options)
            try child.start()
            child.closeInput()
            #expect(try await child.outcome().status == 2)
        }
    }

    @Test("Keys are made, listed without secrets, rotated and revoked")
    func keys() async throws {
        let strata = try Strata()
        let made = try #require(
            try await strata.run("keys", "create", "agent", "--scope", "read", "--bind", "ann", "--json").json.first)
        let id = try #require(made["id"]?.stringValue)
        let secret = try #require(made["secret"]?.stringValue)
        #expect(made["scopes"] == ["read"])
        #expect(made["namespaces"] == ["ann"])
        let listed = try await strata.run("keys", "list", "--json")
        #expect(try listed.json.map { $0["id"]?.stringValue } == [id])
        #expect(!listed.out.contains(secret))
        let rotated = try await strata.run("keys", "rotate", id)
        #expect(rotated.out.hasPrefix("strata_\(id)_"))
        #expect(!rotated.out.contains(secret))
        #expect(try await strata.run("keys", "revoke", id).status == 0)
        #expect(try await strata.run("keys", "rotate", id).status == 3)
        #expect(try await strata.run("keys", "revoke", "nothing").status == 3)
        #expect(try await strata.run("keys", "create", "x", "--scope", "all").status == 2)
        let log = try String(contentsOfFile: strata.dataDirectory + "/audit.log", encoding: .utf8)
        #expect(log.split(separator: "\n").count == 3)
        #expect(!log.contains(secret))
    }

    @Test("HTTPS is spoken with the given files, and a Unix socket without a port")
    func transports() async throws {
        let strata = try Strata()
        let folder = strata.scratch.path
        let certificate = try await shell(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
              -addext subjectAltName=IP:127.0.0.1 -keyout \(folder)/key.pem -out \(folder)/cert.pem
            """, strata)
        #expect(certificate.status == 0, "\(certificate.err)")
        let secure = try Server(
            strata, "--port", "0", "--tls-cert", folder + "/cert.pem", "--tls-key", folder + "/key.pem")
        #expect(secure.url.hasPrefix("https://"))
        let answer = try await shell("curl -sS --fail --cacert \(folder)/cert.pem \(secure.url)/livez", strata)
        #expect(answer.out.contains("ok"), "\(answer.err)")
        #expect(try await secure.stop().status == 0)
        let socket = "/tmp/st-\(UUID().uuidString.prefix(8))"
        let local = try Server(strata, "--unix", socket)
        let there = try await shell("curl -sS --fail --unix-socket \(socket) http://localhost/v1/stats", strata)
        #expect(there.out.contains("recordCount"), "\(there.err)")
        #expect(try await local.stop().status == 0)
        let broken = try await strata.run(
            "serve", "--port", "0", "--tls-cert", folder + "/key.pem", "--tls-key", folder + "/cert.pem")
        #expect(broken.status == 6)
    }

    @Test("The examples of docs/server.md do what the page says")
    func documentation() async throws {
        let page = try String(
            contentsOf: Self.repository.appending(path: "docs/server.md"), encoding: .utf8)
        let examples = page.components(separatedBy: "```sh\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        #expect(examples.count >= 5)
        let strata = try Strata()
        let server = try Server(strata, "--port", "0")
        for example in examples {
            let script = example.replacingOccurrences(of: "http://127.0.0.1:7331", with: server.url)
            let outcome = try await shell(script, strata)
            #expect(outcome.status == 0, "\(example)\n\(outcome.err)")
            for line in example.split(separator: "\n") where line.hasPrefix("#> ") {
                #expect(outcome.out.contains(line.dropFirst(3)), "\(example)\n\(outcome.out)")
            }
        }
        _ = try await server.stop()
    }

    /// The Python of `Tools/setup --test`.
    private static var python: String {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["STRATA_HOME"] ?? (environment["HOME"] ?? "") + "/.local/share/strata"
        return home + "/tools-venv/bin/python"
    }

    @Test(
        "httpx and OpenAI's own client work with the server",
        .enabled(if: FileManager.default.fileExists(atPath: python), "needs Tools/setup --test"),
        arguments: Strata.hasModel ? [nil, "none"] : ["none"])
    func officialClients(model: String?) async throws {
        let strata = try Strata(model: model)
        let server = try Server(strata, "--port", "0")
        let script = Self.repository.appending(path: "Tests/StrataCLITests/server_clients.py").path
        let outcome = try await shell("\(Self.python) \(script) \(server.url)", strata)
        #expect(outcome.out == "ok\n", "\(outcome.err)")
        _ = try await server.stop()
    }
}
