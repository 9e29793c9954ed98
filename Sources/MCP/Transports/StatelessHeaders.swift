internal import Foundation
internal import StrataCore

/// The header fields of revision 2026-07-28, which repeat parts of the body for proxies that do not read bodies. They
/// must say the same, or a proxy would let through what it does not see.
enum StatelessHeaders {
    /// Whether a message belongs to the stateless era: by its body or, where that says nothing, by its header.
    static func isStateless(_ body: JSONValue, in request: MCPHTTPRequest) -> Bool {
        if statedVersion(of: body) != nil { return true }
        return request.value("mcp-protocol-version").flatMap(ProtocolVersion.init(rawValue:))?.isStateless ?? false
    }

    /// What is wrong with the fields of a message; nil when nothing is.
    static func problem(with body: JSONValue, in request: MCPHTTPRequest) -> RPCError? {
        let versions = request.values("mcp-protocol-version")
        guard isStateless(body, in: request) else {
            guard let version = versions.first, ProtocolVersion(rawValue: version) == nil else { return nil }
            return .unsupportedVersion(version)
        }
        guard let members = body.members else {
            return .invalidRequest("the body must be one request or notification")
        }
        for name in ["mcp-protocol-version", "mcp-method", "mcp-name"] where request.values(name).count > 1 {
            return .headerMismatch("\(name) came more than once")
        }
        // Of a notification only the field that brought it here is checked; it asks for nothing.
        guard members["id"] != nil else { return nil }
        guard let stated = statedVersion(of: body) else {
            return .invalidParams("params._meta misses \(RPCMessage.MetaKey.protocolVersion)")
        }
        guard stated.stringValue == versions.first else {
            return .headerMismatch("MCP-Protocol-Version and params._meta name different revisions")
        }
        guard let method = members["method"]?.stringValue, request.value("mcp-method") == method else {
            return .headerMismatch("Mcp-Method and the body name different methods")
        }
        let named = ["tools/call": "name", "prompts/get": "name", "resources/read": "uri"]
        if let key = named[method], let name = members["params"]?.members?[key]?.stringValue,
            request.value("mcp-name").flatMap(decoded) != name
        {
            return .headerMismatch("Mcp-Name and params.\(key) differ")
        }
        return nil
    }

    private static func statedVersion(of body: JSONValue) -> JSONValue? {
        body.members?["params"]?.members?["_meta"]?.members?[RPCMessage.MetaKey.protocolVersion]
    }

    /// The text of a field that may be written as `=?base64?…?=`; nil when that form holds no text.
    static func decoded(_ value: String) -> String? {
        guard value.hasPrefix("=?base64?"), value.hasSuffix("?="), value.utf8.count >= 11 else { return value }
        let payload = String(value.dropFirst(9).dropLast(2))
        // Only the one canonical way to write the bytes counts, so that two readers cannot disagree.
        guard let data = Data(base64Encoded: payload), data.base64EncodedString() == payload else { return nil }
        return String(validating: data, as: UTF8.self)
    }
}
