internal import StrataCore

/// A JSON-RPC error: the message could not be carried out as a message. A tool that could not do its work answers with a
/// result instead, which the model reads.
struct RPCError: Error {
    let code: Int
    let message: String
    var data: JSONValue?

    /// The text is not JSON.
    static func parse(_ message: String) -> Self { Self(code: -32700, message: message) }
    /// The JSON is no message, or one that has no place here.
    static func invalidRequest(_ message: String) -> Self { Self(code: -32600, message: message) }
    /// There is no such method in the revision at hand.
    static func methodNotFound(_ method: String) -> Self {
        // The name is the client's own text, so it is repeated only while it looks like a name.
        let isName = method.utf8.count <= 64 && method.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        return Self(code: -32601, message: "Method not found" + (isName ? ": \(method)" : ""))
    }
    /// The parameters miss something or name something unknown.
    static func invalidParams(_ message: String) -> Self { Self(code: -32602, message: message) }
    /// A fault of Strata's own.
    static let `internal` = Self(code: -32603, message: "Internal error")
    /// Too many requests are being worked on.
    static func overloaded(_ message: String) -> Self {
        Self(code: -32000, message: message, data: ["code": "overloaded", "retryable": true])
    }
    /// A header says something else than the body.
    static func headerMismatch(_ message: String) -> Self { Self(code: -32020, message: message) }

    /// There is no such resource; the code of the handshake era was retired in 2026-07-28.
    static func resourceNotFound(_ version: ProtocolVersion) -> Self {
        Self(code: version.isStateless ? -32602 : -32002, message: "Resource not found")
    }

    /// The revision is not one that requests may name.
    static func unsupportedVersion(_ requested: String) -> Self {
        Self(
            code: -32022, message: "Unsupported protocol version",
            data: ["supported": ProtocolVersion.supported, "requested": .string(requested)])
    }

    /// The HTTP status that the stateless revision sends with it.
    var httpStatus: Int {
        switch code {
        case -32601: 404
        case -32700, -32600, -32602, -32020, -32021, -32022: 400
        case -32000: 503
        default: 200
        }
    }

    /// The message that answers request `id`, null when it is not known.
    func response(to id: JSONValue) -> JSONValue {
        var error: [String: JSONValue] = ["code": .integer(Int64(code)), "message": .string(message)]
        error["data"] = data
        return ["jsonrpc": "2.0", "id": id, "error": .object(error)]
    }
}
