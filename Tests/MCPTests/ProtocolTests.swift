import MCP
import StrataCore
import StrataTesting
import Testing

@Suite struct ProtocolTests {
    @Test(arguments: ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
    func everyHandshakeRevisionIsServedInItsOwnTerms(version: String) async throws {
        let bench = try await Bench()
        let client = try await bench.client(version)
        #expect(client.session.version?.rawValue == version)
        #expect(await client.raw(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#) == nil)
        #expect(await client.send(method: "ping") == ["jsonrpc": "2.0", "id": 1, "result": [:]])
        let list = try #require(await client.send(method: "tools/list"))["result"]
        #expect(list?.keys == ["tools"])
        let tool = try #require(list?["tools"]?[0])
        #expect((tool["annotations"] != nil) == (version >= "2025-03-26"))
        #expect((tool["outputSchema"] != nil) == (version >= "2025-06-18"))
        let result = try await client.call("memory_stats")
        #expect((result["structuredContent"] != nil) == (version >= "2025-06-18"))
        #expect(result["resultType"] == nil)
        #expect(await client.send(method: "server/discover")?.errorCode == -32601)
        #expect(await client.send(["protocolVersion": .string(version)], method: "initialize")?.errorCode == -32600)
    }

    @Test(arguments: ["1999-01-01", "2026-07-28", "", "2030-12-31"])
    func anUnknownRevisionInAHandshakeIsAnsweredWithTheNewest(version: String) async throws {
        let bench = try await Bench()
        let client = bench.newcomer()
        let answer = await client.send(["protocolVersion": .string(version)], method: "initialize")
        #expect(answer?["result"]?["protocolVersion"] == "2025-11-25")
    }

    @Test func theStatelessRevisionNeedsNoHandshake() async throws {
        let client = try await Bench().statelessClient()
        let discovery = try #require(await client.send(method: "server/discover")?["result"])
        #expect(discovery["supportedVersions"]?[0] == "2026-07-28")
        #expect(discovery["resultType"] == "complete")
        #expect(discovery["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] == "strata")
        for method in ["server/discover", "tools/list", "resources/list", "resources/templates/list", "prompts/list"] {
            let result = try #require(await client.send(method: method)?["result"])
            #expect(result["resultType"] == "complete")
            #expect(["public", "private"].contains(result["cacheScope"]))
            guard case .integer(let milliseconds)? = result["ttlMs"] else {
                Issue.record("\(method) says not how long it holds")
                continue
            }
            #expect(milliseconds >= 0)
        }
        let stored = try await client.call("remember", ["text": "The kiln runs at 1240 degrees."])
        #expect(stored["resultType"] == "complete" && stored["structuredContent"]?["status"] == "stored")
        for method in ["initialize", "ping", "logging/setLevel", "resources/subscribe"] {
            #expect(await client.send(method: method)?.errorCode == -32601)
        }
        #expect(client.session.version == nil)
    }

    @Test func aRevisionThatRequestsCannotNameIsRefusedWithThoseThatTheyCan() async throws {
        let client = try await Bench().statelessClient()
        for version in ["1900-01-01", "2025-11-25"] {
            let meta: JSONValue = [
                "io.modelcontextprotocol/protocolVersion": .string(version),
                "io.modelcontextprotocol/clientCapabilities": [:],
            ]
            let text = JSONValue.object([
                "jsonrpc": "2.0", "id": 9, "method": "server/discover", "params": ["_meta": meta],
            ]).jsonText
            let error = try #require(await client.raw(text)?["error"])
            #expect(error["code"] == -32022)
            #expect(error["data"]?["requested"] == .string(version))
            #expect(error["data"]?["supported"]?.array.contains("2026-07-28") == true)
        }
    }

    @Test func aRequestBeforeTheHandshakeIsRefusedAndAPingIsNot() async throws {
        let client = try await Bench().newcomer()
        #expect(await client.send(method: "tools/list")?.errorCode == -32600)
        #expect(await client.send(method: "ping")?["result"] == [:])
        let incomplete: JSONValue = ["_meta": ["io.modelcontextprotocol/protocolVersion": "2026-07-28"]]
        #expect(await client.send(incomplete, method: "tools/list")?.errorCode == -32602)
    }

    @Test func bothErasMayBeUsedOnOneConnection() async throws {
        let old = try await Bench().client("2024-11-05")
        let new = Client(scratch: old.scratch, session: old.session, access: .tests, isStateless: true)
        let stored = try await new.call("remember", ["text": "The well is dry."])
        #expect(stored["resultType"] == "complete" && stored["structuredContent"] != nil)
        let counted = try await old.call("memory_stats")
        #expect(counted.keys == ["content", "isError"])
        #expect(old.session.version?.rawValue == "2024-11-05")
    }

    @Test func batchesArePartOfOneRevisionOnly() async throws {
        let bench = try await Bench()
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        let note = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
        for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
            #expect(try await bench.client(version).raw("[\(ping)]")?.errorCode == -32600)
        }
        #expect(await bench.statelessClient().raw("[\(ping)]")?.errorCode == -32600)
        let client = try await bench.client("2025-03-26")
        let answer = await client.raw("[\(ping),\(note),7,{\"jsonrpc\":\"2.0\",\"id\":\"b\",\"method\":\"nope\"}]")
        #expect(answer?.array.map { $0["id"] } == [1, .null, "b"])
        #expect(answer?.array.map(\.errorCode) == [nil, -32600, -32601])
        #expect(await client.raw("[\(note),\(note)]") == nil)
        #expect(await client.raw("[]")?.errorCode == -32600)
        #expect(
            await client.raw("[" + Array(repeating: ping, count: 65).joined(separator: ",") + "]")?.errorCode == -32600
        )
        let handshake = #"[{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26"}}]"#
        #expect(await client.raw(handshake)?[0]?.errorCode == -32600)
    }

    @Test func anIdComesBackAsItWas() async throws {
        let client = try await Bench().client()
        for id: JSONValue in [0, -7, 9_007_199_254_740_993, "", "ünï-🦔", "1"] {
            #expect(await client.send(method: "ping", id: id)?["id"] == id)
        }
        for id: JSONValue in [nil, true, 1.5, [1], ["a": 1]] {
            let answer = try #require(await client.send(method: "ping", id: id))
            #expect(answer["id"] == .null)
            #expect(answer.errorCode == -32600)
        }
    }

    @Test func aRequestThatIsBeingWorkedOnKeepsItsIdAndItsPlace() async throws {
        let bench = try await Bench()
        let client = try await bench.client()
        let ping = Array(client.request(method: "ping").jsonText.utf8)
        let first = client.session.receive(ping, access: .tests)
        #expect(await client.send(method: "ping")?.errorCode == -32600)
        #expect(await first.bytes() != nil)
        #expect(await client.send(method: "ping")?["result"] == [:])
        let waiting = (0..<MCPServer.runningCountMax).map { number in
            client.session.receive(
                Array(client.request(method: "ping", id: .integer(Int64(number))).jsonText.utf8), access: .tests)
        }
        let refused = try #require(await client.send(method: "ping", id: "one more"))
        #expect(refused.errorCode == -32000 && refused["error"]?["data"]?["code"] == "overloaded")
        for reply in waiting { #expect(await reply.bytes() != nil) }
        #expect(await client.send(method: "ping", id: "one more")?["result"] == [:])
    }

    @Test func aCancelledRequestStopsAndIsNotAnswered() async throws {
        let gate = GatedEmbedder()
        let bench = try await Bench(embedder: gate)
        let client = try await bench.client()
        _ = try await client.value("remember", ["text": "The key is under the flower pot."])
        let recall = client.request(
            ["name": "recall", "arguments": ["query": "Where is the key?"]], method: "tools/call", id: "slow")
        let reply = client.session.receive(Array(recall.jsonText.utf8), access: .tests)
        async let answer = reply.bytes()
        await gate.entered()
        let cancellation = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"slow"}}"#
        #expect(await client.raw(cancellation) == nil)
        #expect(await answer == nil)
        #expect(await gate.wasCancelled)
        // Before the work has begun it never does.
        let early = client.session.receive(Array(recall.jsonText.utf8), access: .tests)
        #expect(await client.raw(cancellation) == nil)
        #expect(await early.bytes() == nil)
        #expect(await client.raw(cancellation) == nil)
        #expect(await client.send(method: "ping", id: "slow")?["result"] == [:])
    }
}

/// An embedder whose runs on queries end only when they are cancelled.
actor GatedEmbedder: Embedder {
    nonisolated let space = EmbeddingSpace(model: "gate", revision: "1", dimension: 4)
    private(set) var wasCancelled = false
    private var isEntered = false
    private var waiter: CheckedContinuation<Void, Never>?

    func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        if role == .document {
            return texts.map { _ in Embedding(vector: [1, 0, 0, 0], tokenCount: 1, isTruncated: false) }
        }
        isEntered = true
        waiter?.resume()
        waiter = nil
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        for await _ in stream {}
        continuation.finish()
        wasCancelled = Task.isCancelled
        throw CancellationError()
    }

    /// Returns when a run has begun.
    func entered() async {
        if isEntered { return }
        await withCheckedContinuation { waiter = $0 }
    }
}
