import Foundation
import MCP
import Strata
import StrataCore
import StrataTesting
import Testing

/// The seeds a test runs with: fixed ones, or the one in SEED, to replay a failure.
enum Seeds {
    static let ci: [UInt64] =
        ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init).map { [$0] } ?? [1, 2, 3]
}

/// A folder that goes away with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "strata-mcp-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A server over an engine with a seeded embedder and a clock that stands still until it is moved.
struct Bench {
    let scratch: Scratch
    let clock: ManualClock
    let environment: EngineEnvironment
    let engine: MemoryEngine
    let server: MCPServer

    init(
        embedder: (any Embedder)? = SeededEmbedder(), profiles: Set<MCPServer.Profile> = [], seed: UInt64 = 1
    ) async throws {
        scratch = try Scratch()
        let clock = ManualClock()
        let random = SeededBits(seed: seed)
        self.clock = clock
        environment = EngineEnvironment(now: { clock.now }, randomBits: { random.next() })
        var configuration = EngineConfiguration()
        configuration.model = embedder.map { .embedder($0) } ?? .none
        configuration.environment = environment
        configuration.cache = nil
        engine = try await MemoryEngine.open(at: scratch.path, configuration: configuration)
        server = MCPServer(engine: engine, profiles: profiles)
    }

    /// A connection that has shaken hands.
    func client(_ version: String = "2025-11-25", access: MCPAccess = .tests) async throws -> Client {
        let client = newcomer(access: access)
        let answer = try #require(await client.send(["protocolVersion": .string(version)], method: "initialize"))
        try #require(answer["result"]?["protocolVersion"] == .string(version))
        return client
    }

    /// A connection of the stateless revision.
    func statelessClient(access: MCPAccess = .tests) -> Client {
        Client(scratch: scratch, session: server.session(), access: access, isStateless: true)
    }

    /// A connection on which nothing was said yet.
    func newcomer(access: MCPAccess = .tests) -> Client {
        Client(scratch: scratch, session: server.session(), access: access)
    }
}

extension MCPAccess {
    static let tests = MCPAccess(namespace: "tests")
}

/// The other end of a session.
struct Client {
    /// Stays as long as the client does.
    let scratch: Scratch
    let session: MCPSession
    let access: MCPAccess
    var isStateless = false

    /// What the stateless revision wants in every request.
    static let meta: JSONValue = [
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": ["name": "tests", "version": "1"],
        "io.modelcontextprotocol/clientCapabilities": [:],
    ]

    /// A request as JSON.
    func request(_ parameters: JSONValue = [:], method: String, id: JSONValue = 1) -> JSONValue {
        var members: [String: JSONValue] = [:]
        if case .object(let given) = parameters { members = given }
        if isStateless { members["_meta"] = Self.meta }
        return ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": .object(members)]
    }

    /// Sends a request and gives the whole answer.
    func send(_ parameters: JSONValue = [:], method: String, id: JSONValue = 1) async -> JSONValue? {
        await raw(request(parameters, method: method, id: id).jsonText)
    }

    /// Sends a text and gives the answer as JSON; nil when there is none, or what came is not JSON on one line.
    func raw(_ text: String) async -> JSONValue? { await raw(bytes: Array(text.utf8)) }

    func raw(bytes: [UInt8]) async -> JSONValue? {
        guard let answer = await session.receive(bytes, access: access).bytes() else { return nil }
        guard !answer.contains(UInt8(ascii: "\n")), let text = String(validating: answer, as: UTF8.self),
            let json = try? JSONValue(jsonText: text)
        else {
            Issue.record("an answer is not JSON on one line")
            return nil
        }
        return json
    }

    /// Calls a tool and gives its result.
    func call(_ name: String, _ arguments: JSONValue = [:]) async throws -> JSONValue {
        let answer = await send(["name": .string(name), "arguments": arguments], method: "tools/call")
        return try #require(answer?["result"], "\(name) was answered with an error of the protocol")
    }

    /// Calls a tool that must succeed and gives what it returns.
    func value(_ name: String, _ arguments: JSONValue = [:]) async throws -> JSONValue {
        let result = try await call(name, arguments)
        try #require(result["isError"] == false, "\(result["content"]?[0]?["text"]?.stringValue ?? "")")
        let text = try #require(result["content"]?[0]?["text"]?.stringValue)
        return try JSONValue(jsonText: text)
    }

    /// Calls a tool that must fail and gives its words.
    func failure(_ name: String, _ arguments: JSONValue = [:]) async throws -> String {
        let result = try await call(name, arguments)
        try #require(result["isError"] == true)
        #expect(result["structuredContent"] == nil)
        return try #require(result["content"]?[0]?["text"]?.stringValue)
    }
}

extension JSONValue {
    subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    subscript(index: Int) -> JSONValue? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    var array: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    var keys: Set<String> { if case .object(let members) = self { Set(members.keys) } else { [] } }
    var errorCode: JSONValue? { self["error"]?["code"] }
}
