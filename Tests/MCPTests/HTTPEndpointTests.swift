import MCP
import Strata
import StrataCore
import StrataTesting
import Testing

/// Streamable HTTP without a network.
@Suite struct HTTPEndpointTests {
    /// What a client sends and understands.
    private struct Browser {
        let bench: Bench
        let endpoint: MCPHTTPEndpoint
        var owner = "ann"

        init(_ bench: Bench, limits: MCPHTTPEndpoint.Limits = MCPHTTPEndpoint.Limits()) {
            self.bench = bench
            endpoint = MCPHTTPEndpoint(server: bench.server, limits: limits, environment: bench.environment)
        }

        static let usual = ["Accept": "application/json, text/event-stream", "Content-Type": "application/json"]

        func send(_ method: String, _ headers: [String: String] = [:], body: [UInt8] = []) async -> MCPHTTPResponse {
            let fields = Self.usual.merging(headers) { $1 }.filter { !$0.value.isEmpty }
            let request = MCPHTTPRequest(
                method: method, headers: fields.map { (name: $0.key, value: $0.value) }, body: body)
            return await endpoint.respond(to: request, access: .tests, owner: owner)
        }

        func post(_ text: String, _ headers: [String: String] = [:]) async -> MCPHTTPResponse {
            await send("POST", headers, body: Array(text.utf8))
        }

        /// Shakes hands and gives the session's header.
        func open(_ version: String = "2025-11-25") async throws -> [String: String] {
            let response = await post(
                #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(version)"}}"#)
            try #require(response.status == 200)
            return ["Mcp-Session-Id": try #require(response.header("Mcp-Session-Id"))]
        }

        /// A stateless request with the headers that belong to it.
        func stateless(
            _ method: String, _ parameters: [String: JSONValue] = [:], version: String = "2026-07-28",
            headers: [String: String] = [:]
        ) async -> MCPHTTPResponse {
            let meta: JSONValue = [
                "io.modelcontextprotocol/protocolVersion": .string(version),
                "io.modelcontextprotocol/clientCapabilities": [:],
            ]
            let body: JSONValue = .object([
                "jsonrpc": "2.0", "id": 1, "method": .string(method),
                "params": .object(parameters.merging(["_meta": meta]) { $1 }),
            ])
            let fields = ["MCP-Protocol-Version": version, "Mcp-Method": method].merging(headers) { $1 }
            return await post(body.jsonText, fields)
        }
    }

    private static let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
    private static let note = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#

    @Test func aSessionLivesFromTheHandshakeToItsDeletion() async throws {
        let browser = try await Browser(Bench())
        let session = try await browser.open()
        #expect(session["Mcp-Session-Id"]?.count == 32)
        #expect(await browser.post(Self.note, session).status == 202)
        let versioned = session.merging(["MCP-Protocol-Version": "2025-11-25"]) { $1 }
        let answer = await browser.post(Self.ping, versioned)
        #expect(answer.status == 200 && answer.header("Content-Type") == "application/json")
        #expect(try answer.json == ["jsonrpc": "2.0", "id": 1, "result": [:]])
        // Errors of the protocol travel with 200 in this era.
        let unknown = await browser.post(#"{"jsonrpc":"2.0","id":1,"method":"nope"}"#, versioned)
        #expect(try unknown.status == 200 && unknown.json.errorCode == -32601)
        #expect(await browser.send("DELETE", session).status == 204)
        #expect(await browser.post(Self.ping, session).status == 404)
        #expect(await browser.send("DELETE", session).status == 404)
        #expect(browser.endpoint.sessionCount == 0)
    }

    @Test func withoutASessionOrWithAnothersNothingIsServed() async throws {
        var browser = try await Browser(Bench())
        let session = try await browser.open()
        #expect(await browser.post(Self.ping).status == 400)
        #expect(await browser.post(Self.ping, ["Mcp-Session-Id": "0123"]).status == 404)
        #expect(await browser.send("DELETE").status == 400)
        #expect(
            await browser.post(Self.ping, session.merging(["MCP-Protocol-Version": "2025-06-18"]) { $1 }).status == 400)
        let unknown = await browser.post(Self.ping, session.merging(["MCP-Protocol-Version": "1999-01-01"]) { $1 })
        #expect(try unknown.status == 400 && unknown.json.errorCode == -32022)
        browser.owner = "bob"
        #expect(await browser.post(Self.ping, session).status == 404)
        #expect(await browser.send("DELETE", session).status == 404)
        browser.owner = "ann"
        #expect(await browser.post(Self.ping, session).status == 200)
    }

    @Test func sessionsAreBoundedAndEndWhenIdle() async throws {
        var limits = MCPHTTPEndpoint.Limits()
        (limits.sessionCountMax, limits.sessionPerOwnerMax, limits.sessionIdleMax) = (5, 3, .seconds(60))
        let bench = try await Bench()
        var browser = Browser(bench, limits: limits)
        var sessions: [[String: String]] = []
        for _ in 0..<4 {
            sessions.append(try await browser.open())
            bench.clock.advance(by: .seconds(1))
        }
        #expect(Set(sessions).count == 4)
        #expect(await browser.post(Self.ping, sessions[0]).status == 404)
        #expect(await browser.post(Self.ping, sessions[1]).status == 200)
        browser.owner = "bob"
        for _ in 0..<2 { _ = try await browser.open() }
        let handshake = #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#
        #expect(await browser.post(handshake).status == 503)
        browser.owner = "ann"
        #expect(await browser.post(Self.ping, sessions[1]).status == 200)
        bench.clock.advance(by: .seconds(61))
        #expect(await browser.post(Self.ping, sessions[1]).status == 404)
        _ = try await browser.open()
        #expect(browser.endpoint.sessionCount == 1)
    }

    @Test func aHandshakeThatFailsOpensNoSession() async throws {
        let browser = try await Browser(Bench())
        let response = await browser.post(#"{"jsonrpc":"2.0","id":0,"method":"initialize"}"#)
        #expect(try response.json.errorCode == -32602)
        #expect(response.header("Mcp-Session-Id") == nil && browser.endpoint.sessionCount == 0)
    }

    @Test func statelessRequestsNeedNothingButTheirHeaders() async throws {
        let browser = try await Browser(Bench())
        let discovery = await browser.stateless("server/discover")
        #expect(try discovery.status == 200 && discovery.json["result"]?["supportedVersions"]?[0] == "2026-07-28")
        let text: JSONValue = ["text": "The mill stands by the brook."]
        let stored = await browser.stateless(
            "tools/call", ["name": "remember", "arguments": text], headers: ["Mcp-Name": "remember"])
        #expect(try stored.json["result"]?["structuredContent"]?["status"] == "stored")
        #expect(stored.header("Mcp-Session-Id") == nil && browser.endpoint.sessionCount == 0)
        let list = await browser.stateless("resources/list")
        let uri = try #require(try list.json["result"]?["resources"]?[0]?["uri"]?.stringValue)
        #expect(
            await browser.stateless("resources/read", ["uri": .string(uri)], headers: ["Mcp-Name": uri]).status == 200)
        let name = "größe"
        let encoded = await browser.stateless(
            "tools/call", ["name": .string(name)], headers: ["Mcp-Name": "=?base64?Z3LDtsOfZQ==?="])
        #expect(try encoded.json["error"]?["message"] == "Unknown tool")
    }

    @Test(
        arguments: [
            ("tools/list", ["Mcp-Method": "tools/call"], 400, -32020), ("tools/list", ["Mcp-Method": ""], 400, -32020),
            ("tools/list", ["MCP-Protocol-Version": ""], 400, -32020),
            ("tools/list", ["MCP-Protocol-Version": "2025-11-25"], 400, -32020),
            ("tools/call", [:], 400, -32020), ("tools/call", ["Mcp-Name": "forget"], 400, -32020),
            ("tools/call", ["Mcp-Name": "=?base64?cmVjYWxs!?="], 400, -32020),
            ("tools/call", ["Mcp-Name": "=?base64?cmVjYWx=?="], 400, -32020), ("nope", [:], 404, -32601),
            ("ping", [:], 404, -32601), ("initialize", [:], 404, -32601), ("resources/read", [:], 400, -32602),
        ] as [(String, [String: String], Int, Int64)])
    func headersMustSayWhatTheBodySays(
        method: String, headers: [String: String], status: Int, code: Int64
    ) async throws {
        let browser = try await Browser(Bench())
        let parameters: [String: JSONValue] = method == "tools/call" ? ["name": "recall", "arguments": [:]] : [:]
        let response = await browser.stateless(method, parameters, headers: headers)
        #expect(response.status == status)
        #expect(try response.json.errorCode == .integer(code))
        #expect(try response.json["id"] == 1)
    }

    @Test func anUnknownStatelessRevisionIsToldWhichThereAre() async throws {
        let browser = try await Browser(Bench())
        let response = await browser.stateless("server/discover", version: "2031-01-01")
        #expect(response.status == 400)
        #expect(try response.json["error"]?["data"]?["supported"]?.array.first == "2026-07-28")
        let twice = MCPHTTPRequest(
            method: "POST",
            headers: [
                (name: "content-type", value: "application/json; charset=utf-8"), (name: "mcp-method", value: "ping"),
                (name: "MCP-PROTOCOL-VERSION", value: "2026-07-28"), (name: "Mcp-Method", value: "tools/list"),
            ], body: Array(Self.ping.utf8))
        let refused = await browser.endpoint.respond(to: twice, access: .tests, owner: "ann")
        #expect(try refused.status == 400 && refused.json.errorCode == -32020)
    }

    @Test func statelessNotificationsAreAcknowledgedAndBatchesRefused() async throws {
        let browser = try await Browser(Bench())
        let version = ["MCP-Protocol-Version": "2026-07-28"]
        let response = await browser.post(
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#, version)
        #expect(response.status == 202 && response.body.isEmpty)
        #expect(await browser.post("[\(Self.ping)]", version).status == 400)
        let session = try await browser.open("2025-03-26")
        let batch = await browser.post("[\(Self.ping),\(Self.note)]", session)
        #expect(try batch.status == 200 && batch.json.array.count == 1)
        #expect(await browser.post("[\(Self.note)]", session).status == 202)
    }

    @Test func onlyPostAndDeleteAreMethods() async throws {
        let browser = try await Browser(Bench())
        for method in ["GET", "PUT", "HEAD", "PATCH", "BREW"] {
            let response = await browser.send(method)
            #expect(response.status == 405 && response.header("Allow") == "POST, DELETE")
        }
    }

    @Test func theAnswerHasAFormThatTheClientAccepts() async throws {
        let browser = try await Browser(Bench())
        let session = try await browser.open()
        func form(_ accept: String) async -> (Int, String?) {
            let response = await browser.post(Self.ping, session.merging(["Accept": accept]) { $1 })
            return (response.status, response.header("Content-Type"))
        }
        for accept in ["application/json", "*/*", "", "text/event-stream;q=0.5, Application/JSON;q=0.9"] {
            #expect(await form(accept) == (200, "application/json"))
        }
        #expect(await form("text/event-stream") == (200, "text/event-stream"))
        #expect(await form("text/html").0 == 406)
        let events = await browser.post(Self.ping, session.merging(["Accept": "text/event-stream"]) { $1 })
        let text = String(decoding: events.body, as: UTF8.self)
        #expect(text.hasPrefix("event: message\ndata: {") && text.hasSuffix("}\n\n"))
        #expect(text.count(where: { $0 == "\n" }) == 3)
        #expect(await browser.post(Self.ping, session.merging(["Content-Type": "text/plain"]) { $1 }).status == 415)
        #expect(await browser.post(Self.ping, session.merging(["Content-Type": ""]) { $1 }).status == 415)
    }

    @Test(arguments: Seeds.ci)
    func bodiesThatAreNoMessagesAreRefused(seed: UInt64) async throws {
        let browser = try await Browser(Bench())
        let session = try await browser.open()
        for text in ["", "{", "nul", "\u{0}"] {
            let response = await browser.post(text, session)
            #expect(try response.status == 400 && response.json.errorCode == -32700)
        }
        #expect(await browser.send("POST", session, body: [0xFF, 0xFE]).status == 400)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var body = Array(Self.ping.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let headers = Bool.random(using: &random) ? session : ["MCP-Protocol-Version": "2026-07-28"]
            let response = await browser.send("POST", headers, body: body)
            #expect([200, 202, 400, 404].contains(response.status))
            if response.status != 202 { #expect(try response.json["jsonrpc"] == "2.0") }
        }
    }

    @Test func aClientThatHangsUpCallsItsWorkOff() async throws {
        let gate = GatedEmbedder()
        let bench = try await Bench(embedder: gate)
        _ = try await bench.client().value("remember", ["text": "The key is under the flower pot."])
        let browser = Browser(bench)
        let call = Task {
            await browser.stateless(
                "tools/call", ["name": "recall", "arguments": ["query": "key?"]], headers: ["Mcp-Name": "recall"])
        }
        await gate.entered()
        call.cancel()
        #expect(await call.value.status == 202)
        #expect(await gate.wasCancelled)
    }
}

extension MCPHTTPResponse {
    fileprivate func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    fileprivate var json: JSONValue {
        get throws { try JSONValue(jsonText: String(decoding: body, as: UTF8.self)) }
    }
}
