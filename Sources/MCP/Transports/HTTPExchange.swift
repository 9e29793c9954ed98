internal import StrataCore

/// A request to the MCP endpoint as the web server received it.
public struct MCPHTTPRequest: Sendable {
    /// The method, in capitals.
    public var method: String
    /// The header fields in the order in which they came; a field that came twice is here twice.
    public var headers: [(name: String, value: String)]
    /// The body, whose size the web server bounds.
    public var body: [UInt8]

    /// A request of that method.
    public init(method: String, headers: [(name: String, value: String)], body: [UInt8] = []) {
        self.method = method
        self.headers = headers
        self.body = body
    }

    /// Every value of a field; names are compared without regard to case.
    func values(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name }.map(\.value)
    }

    /// The value of a field that is to come once; of several the first.
    func value(_ name: String) -> String? { values(name).first }
}

/// What the web server answers.
public struct MCPHTTPResponse: Sendable {
    /// The status.
    public var status: Int
    /// The header fields, content type included.
    public var headers: [(name: String, value: String)]
    /// The body: JSON, an event stream of one event, or nothing.
    public var body: [UInt8]

    init(_ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Errors of the transport are JSON-RPC errors too, so that every client can show them.
    static func error(
        _ status: Int, _ error: RPCError, id: JSONValue? = nil, headers: [(name: String, value: String)] = []
    ) -> Self {
        Self(
            status, headers: [(name: "Content-Type", value: "application/json")] + headers,
            body: Array(error.response(to: id?.asRequestID ?? .null).jsonText.utf8))
    }
}
