internal import HTTPTypes
internal import MCP
internal import StrataCore
internal import StrataServer

/// The Model Context Protocol on the server's port: the endpoint of ``MCPHTTPEndpoint`` behind the server's keys and limits.
///
/// A call works in the namespace of the URL (`/mcp?namespace=NAME`), which the key has to be bound to; a key without the
/// scope `write` gets tools that read.
struct MCPRoutes: RouteGroup {
    let endpoint: MCPHTTPEndpoint

    var routes: [Route] {
        [
            route(.post, "callMCP", "One message, or a batch where its revision has them.", cost: 3),
            route(.get, "listenMCP", "Refused with 405: the server has no messages of its own to send.", cost: 1),
            route(.delete, "endMCPSession", "Ends a session of an `initialize` client.", cost: 1),
        ]
    }

    private func route(_ method: HTTPRequest.Method, _ operation: String, _ summary: String, cost: Double) -> Route {
        Route(
            method, "/mcp", access: .scope(.read), cost: cost,
            documentation: RouteDocumentation(
                operation, summary,
                request: method == .post ? ["application/json": [:]] : [:], responses: [200: ["application/json": [:]]]),
            handler: respond)
    }

    private func respond(_ request: ServerRequest) async throws -> Reply {
        let key = request.caller.key
        let message = MCPHTTPRequest(
            method: request.method.rawValue,
            headers: request.headers.map { (name: $0.name.rawName, value: $0.value) }, body: request.body)
        let access = MCPAccess(
            namespace: request.namespace, canWrite: key.map { $0.scopes.contains(.write) } ?? true)
        let answer = await endpoint.respond(to: message, access: access, owner: key?.id ?? "")
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        return Reply(HTTPResponse.Status(code: answer.status), headers: headers, body: .bytes(answer.body))
    }
}
