internal import Foundation
public import Strata
internal import StrataCore
internal import Synchronization

/// MCP's Streamable HTTP transport without the HTTP: what to answer to a request, for both eras of the protocol.
///
/// The web server in front checks `Host`, `Origin` and keys, bounds the body, and cancels the task when the client
/// hangs up, which calls the work off. Answers come whole, as JSON or as an event stream of one event: Strata has
/// nothing to tell a client in between.
public final class MCPHTTPEndpoint: Sendable {
    /// How many sessions of handshake-era clients are kept, and how long.
    public struct Limits: Sendable, Hashable {
        /// In all. 10 000.
        public var sessionCountMax = 10_000
        /// For one owner, who then loses the one that was idle longest. 1000.
        public var sessionPerOwnerMax = 1000
        /// A session that is not used for so long ends. One hour.
        public var sessionIdleMax = Duration.seconds(3600)

        /// The default limits.
        public init() {}
    }

    private let server: MCPServer
    private let environment: EngineEnvironment
    private let sessions: Mutex<HTTPSessionTable>

    /// An endpoint of a server; session ids and their ages come from `environment`.
    public init(server: MCPServer, limits: Limits = Limits(), environment: EngineEnvironment = .system) {
        self.server = server
        self.environment = environment
        sessions = Mutex(
            HTTPSessionTable(
                countMax: limits.sessionCountMax, countPerOwnerMax: limits.sessionPerOwnerMax,
                idleMax: limits.sessionIdleMax))
    }

    /// How many sessions there are.
    public var sessionCount: Int { sessions.withLock { $0.entries.count } }

    /// Answers a request to the endpoint.
    ///
    /// - Parameters:
    ///   - access: what the sender may touch.
    ///   - owner: who sends, for example the name of the key: a session answers only to who opened it.
    public func respond(to request: MCPHTTPRequest, access: MCPAccess, owner: String) async -> MCPHTTPResponse {
        switch request.method {
        case "POST":
            guard let form = AnswerForm(accept: request.values("accept")) else {
                return .error(406, .invalidRequest("Accept must allow application/json or text/event-stream"))
            }
            guard Self.isJSON(request.value("content-type")) else {
                return .error(415, .invalidRequest("Content-Type must be application/json"))
            }
            return await post(request, form, access: access, owner: owner)
        case "DELETE": return delete(request, owner: owner)
        default:
            return .error(
                405, .invalidRequest("this endpoint takes POST, and DELETE for a session"),
                headers: [(name: "Allow", value: "POST, DELETE")])
        }
    }

    private func post(
        _ request: MCPHTTPRequest, _ form: AnswerForm, access: MCPAccess, owner: String
    ) async -> MCPHTTPResponse {
        guard let text = String(validating: request.body, as: UTF8.self) else {
            return .error(400, .parse("the body is not valid UTF-8"))
        }
        let body: JSONValue
        do {
            body = try JSONValue(jsonText: text)
        } catch {
            return .error(400, .parse((error as? StrataError)?.message ?? "the body is not JSON"))
        }
        if let problem = StatelessHeaders.problem(with: body, in: request) {
            return .error(problem.httpStatus, problem, id: body.members?["id"])
        }
        if StatelessHeaders.isStateless(body, in: request) {
            return await answer(server.session().receive(body, access: access), form, isStateless: true)
        }
        if body.members?["method"]?.stringValue == "initialize" {
            return await open(body, form, access: access, owner: owner)
        }
        switch session(of: request, owner: owner) {
        case .failure(let refusal): return refusal.response
        case .success(let session): return await answer(session.receive(body, access: access), form)
        }
    }

    /// Answers `initialize` and, when that went well, opens a session.
    private func open(
        _ body: JSONValue, _ form: AnswerForm, access: MCPAccess, owner: String
    ) async -> MCPHTTPResponse {
        let session = server.session()
        var response = await answer(session.receive(body, access: access), form)
        guard session.version != nil, response.status == 200 else { return response }
        let id = Self.hexadecimal(environment.randomBits()) + Self.hexadecimal(environment.randomBits())
        let now = environment.now()
        guard sessions.withLock({ $0.insert(session, id: id, owner: owner, now: now) }) else {
            return .error(503, .overloaded("too many sessions are open; try again later"))
        }
        response.headers.append((name: "Mcp-Session-Id", value: id))
        return response
    }

    private struct Refusal: Error { let response: MCPHTTPResponse }

    /// The session that a request names.
    private func session(of request: MCPHTTPRequest, owner: String) -> Result<MCPSession, Refusal> {
        func refuse(_ status: Int, _ message: String) -> Result<MCPSession, Refusal> {
            .failure(Refusal(response: .error(status, .invalidRequest(message))))
        }
        guard let id = request.value("mcp-session-id") else {
            return refuse(400, "Mcp-Session-Id is missing; send initialize first")
        }
        let now = environment.now()
        guard let session = sessions.withLock({ $0.use(id, owner: owner, now: now) }) else {
            return refuse(404, "there is no such session; send initialize again")
        }
        if let version = request.value("mcp-protocol-version"), version != session.version?.rawValue {
            return refuse(400, "MCP-Protocol-Version is not the revision that initialize settled")
        }
        return .success(session)
    }

    private func delete(_ request: MCPHTTPRequest, owner: String) -> MCPHTTPResponse {
        guard let id = request.value("mcp-session-id") else {
            return .error(400, .invalidRequest("Mcp-Session-Id is missing"))
        }
        guard sessions.withLock({ $0.remove(id, owner: owner) }) else {
            return .error(404, .invalidRequest("there is no such session"))
        }
        return MCPHTTPResponse(204)
    }

    private func answer(_ reply: MCPReply, _ form: AnswerForm, isStateless: Bool = false) async -> MCPHTTPResponse {
        guard let outgoing = await reply.outgoing() else { return MCPHTTPResponse(202) }
        // The handshake era sends errors of the protocol as they are, with status 200.
        return form.response(isStateless ? outgoing.httpStatus : 200, outgoing.json)
    }

    private static func isJSON(_ contentType: String?) -> Bool {
        contentType?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces).lowercased()
            == "application/json"
    }

    private static func hexadecimal(_ bits: UInt64) -> String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// In which form the client wants its answer.
private enum AnswerForm {
    case json
    case events

    /// JSON when it is accepted, which is cheaper; nil when neither is. Without the field everything is.
    init?(accept: [String]) {
        let types = accept.flatMap { $0.split(separator: ",") }.compactMap {
            $0.split(separator: ";").first?.trimmingCharacters(in: .whitespaces).lowercased()
        }
        if types.isEmpty || types.contains(where: { ["application/json", "application/*", "*/*"].contains($0) }) {
            self = .json
        } else if types.contains(where: { ["text/event-stream", "text/*"].contains($0) }) {
            self = .events
        } else {
            return nil
        }
    }

    func response(_ status: Int, _ json: JSONValue) -> MCPHTTPResponse {
        // An error status belongs to a plain answer: an event stream has begun when it is sent.
        guard self == .events, status == 200 else {
            return MCPHTTPResponse(
                status, headers: [(name: "Content-Type", value: "application/json")], body: Array(json.jsonText.utf8))
        }
        return MCPHTTPResponse(
            200,
            headers: [
                (name: "Content-Type", value: "text/event-stream"), (name: "Cache-Control", value: "no-cache"),
                (name: "X-Accel-Buffering", value: "no"),
            ], body: Array("event: message\ndata: \(json.jsonText)\n\n".utf8))
    }
}
