internal import StrataCore

/// A JSON-RPC 2.0 message as it came in.
enum RPCMessage {
    /// Wants an answer.
    case request(Request)
    /// Wants none.
    case notification(method: String, parameters: [String: JSONValue])
    /// Answers a request; Strata sends none, so it answers nothing.
    case response
    /// Is no message; the id is null when it has none that could be answered.
    case invalid(id: JSONValue, RPCError)

    /// A request: `id` is a string or a whole number.
    struct Request {
        let id: JSONValue
        let method: String
        let parameters: [String: JSONValue]

        /// `_meta`, which carries what is about the request rather than in it.
        var meta: [String: JSONValue] { parameters["_meta"]?.members ?? [:] }
        /// The revision that the request names; nil in the handshake era.
        var statedVersion: JSONValue? { meta[MetaKey.protocolVersion] }
    }

    /// Keys of `_meta` in the stateless revisions.
    enum MetaKey {
        static let protocolVersion = "io.modelcontextprotocol/protocolVersion"
        static let clientCapabilities = "io.modelcontextprotocol/clientCapabilities"
        static let serverInfo = "io.modelcontextprotocol/serverInfo"
    }

    /// Understands a JSON value as one message.
    init(_ value: JSONValue) {
        guard let members = value.members else {
            self = .invalid(id: nil, .invalidRequest("a message is a JSON object, received \(value.kindName)"))
            return
        }
        let id = members["id"]?.asRequestID
        guard members["jsonrpc"]?.stringValue == "2.0" else {
            self = .invalid(id: id ?? .null, .invalidRequest("jsonrpc must be \"2.0\""))
            return
        }
        guard let method = members["method"] else {
            let isResponse = members["result"] != nil || members["error"] != nil
            self = isResponse ? .response : .invalid(id: id ?? .null, .invalidRequest("the message has no method"))
            return
        }
        guard let method = method.stringValue else {
            self = .invalid(id: id ?? .null, .invalidRequest("method must be a string"))
            return
        }
        let parameters: [String: JSONValue]?
        switch members["params"] {
        case nil, .null?: parameters = [:]
        case .object(let object)?: parameters = object
        default: parameters = nil
        }
        guard members["id"] != nil else {
            self = .notification(method: method, parameters: parameters ?? [:])
            return
        }
        guard let id else {
            self = .invalid(id: nil, .invalidRequest("id must be a string or a whole number"))
            return
        }
        guard let parameters else {
            self = .invalid(id: id, .invalidParams("params must be an object"))
            return
        }
        self = .request(Request(id: id, method: method, parameters: parameters))
    }
}

extension JSONValue {
    /// The members of an object, or nil for other kinds.
    var members: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The elements of an array, or nil for other kinds.
    var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The value when a request can be known by it, or nil for other kinds.
    var asRequestID: JSONValue? {
        switch self {
        case .string, .integer: self
        default: Optional.none
        }
    }
}
