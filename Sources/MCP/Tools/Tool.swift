internal import Strata
internal import StrataCore

/// Something that a model may do: how it is described, what it takes and gives, and the deed itself.
struct Tool: Sendable {
    /// What a tool does to the memory, as hints for the client's question "may it?".
    enum Effect: Sendable {
        /// Changes nothing.
        case reads
        /// Adds; the same call again changes nothing more.
        case adds
        /// Changes or removes what was there; the same call again changes nothing more.
        case overwrites
    }

    let name: String
    let title: String
    let description: String
    let effect: Effect
    let parameters: [Parameter]
    /// The JSON schema of what it gives.
    let output: JSONValue
    /// Whether it works in a namespace.
    var takesNamespace = true
    let run: @Sendable (Arguments, ToolContext) async throws -> JSONValue

    /// Its entry in `tools/list`.
    func listing(_ version: ProtocolVersion, access: MCPAccess) -> JSONValue {
        var entry: [String: JSONValue] = [
            "name": .string(name), "description": .string(description),
            "inputSchema": Parameter.schema(of: parameters(for: access)),
        ]
        if version.hasAnnotations {
            entry["annotations"] = [
                "title": .string(title), "readOnlyHint": .bool(effect == .reads),
                "destructiveHint": .bool(effect == .overwrites), "idempotentHint": true, "openWorldHint": false,
            ]
        }
        if version.hasTitles { entry["title"] = .string(title) }
        if version.hasStructuredContent { entry["outputSchema"] = output }
        return .object(entry)
    }

    /// What it takes from this caller.
    func parameters(for access: MCPAccess) -> [Parameter] {
        guard takesNamespace, access.offersChoice else { return parameters }
        let choice = Parameter(
            "namespace", .text,
            "The namespace to work in; memories of one never show in another. Default: \(access.namespace).")
        return parameters + [choice]
    }
}

/// What a tool works with.
struct ToolContext: Sendable {
    let engine: MemoryEngine
    let access: MCPAccess

    /// The namespace of a call.
    ///
    /// - Throws: `forbidden`, in the same words whether the namespace exists or not.
    func namespace(_ arguments: Arguments) throws(StrataError) -> String {
        guard let name = arguments.text("namespace") else { return access.namespace }
        guard access.allows(name) else { throw .forbidden("this connection may not use that namespace") }
        return name
    }
}

extension StrataError {
    /// The caller lacks the right.
    static func forbidden(_ message: String) -> Self { Self(Code("forbidden"), message) }
}
