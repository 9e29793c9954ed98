public import HTTPTypes
public import StrataCore

/// One operation of the server: how it is called, who may, what it costs, and what it does.
///
/// The table of routes is the only place that says these things; the OpenAPI document is written from it.
public struct Route: Sendable {
    /// Who may call.
    public enum Access: Sendable, Hashable {
        /// Anybody, without limits: probes and descriptions that hold nothing of a memory.
        case open
        /// A caller with that scope.
        case scope(Scope)
    }

    /// Where the namespace of a call stands.
    public enum NamespacePlace: Sendable, Hashable {
        /// In the query parameter `namespace`; without it, the key's only one, else `default`.
        case query
        /// In the path parameter `namespace`.
        case path
        /// Nowhere: the operation names none, or its handler asks ``Caller/authorize(_:in:)`` itself.
        case none
    }

    /// The method.
    public var method: HTTPRequest.Method
    /// The path, with parameters in braces: `/v1/memories/{id}`.
    public var path: String
    /// Who may call.
    public var access: Access
    /// Where the namespace stands.
    public var namespace: NamespacePlace
    /// What a call takes from its caller's budget; a plain read costs 1.
    public var cost: Double
    /// Whether an `Idempotency-Key` is honoured.
    public var isIdempotent: Bool
    /// Whether a call is written to the audit log.
    public var isAudited: Bool
    /// Which form errors take.
    public var dialect: ErrorDialect
    /// What the OpenAPI document says.
    public var documentation: RouteDocumentation
    /// What it does.
    public var handler: @Sendable (ServerRequest) async throws -> Reply

    /// A route.
    public init(
        _ method: HTTPRequest.Method, _ path: String, access: Access, namespace: NamespacePlace = .query,
        cost: Double = 1, isIdempotent: Bool = false, isAudited: Bool = false, dialect: ErrorDialect = .problem,
        documentation: RouteDocumentation, handler: @escaping @Sendable (ServerRequest) async throws -> Reply
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.namespace = namespace
        self.cost = cost
        self.isIdempotent = isIdempotent
        self.isAudited = isAudited
        self.dialect = dialect
        self.documentation = documentation
        self.handler = handler
    }
}

/// What the OpenAPI document says of a route.
public struct RouteDocumentation: Sendable {
    /// The operation's name, unique: `createMemories`.
    public var operation: String
    /// One sentence on what it does.
    public var summary: String
    /// Query parameters besides `namespace`: name → JSON Schema.
    public var query: [String: JSONValue]
    /// The request's body: media type → JSON Schema.
    public var request: [String: JSONValue]
    /// The bodies of success: status → media type → JSON Schema.
    public var responses: [Int: [String: JSONValue]]

    /// A description of an operation.
    public init(
        _ operation: String, _ summary: String, query: [String: JSONValue] = [:], request: [String: JSONValue] = [:],
        responses: [Int: [String: JSONValue]]
    ) {
        self.operation = operation
        self.summary = summary
        self.query = query
        self.request = request
        self.responses = responses
    }
}

/// Several routes that belong together; how further interfaces join the server.
public protocol RouteGroup: Sendable {
    /// The routes. Two routes of a server must not share method and path.
    var routes: [Route] { get }
}
