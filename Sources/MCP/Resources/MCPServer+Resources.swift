internal import Strata
internal import StrataCore

/// Memories as resources, for clients whose users pick context by hand.
extension MCPServer {
    /// `resources/list`: a page of the namespace's memories.
    func listResources(
        _ parameters: [String: JSONValue], _ version: ProtocolVersion, _ access: MCPAccess
    ) async throws -> [String: JSONValue] {
        let cursor = try optionalText("cursor", in: parameters)
        let page: RecordPage
        do {
            page = try await engine.list(in: access.namespace, cursor: cursor, limit: 100)
        } catch let error as StrataError where error.code == .invalidArgument {
            throw RPCError.invalidParams(error.message)
        }
        var result: [String: JSONValue] = [
            "resources": .array(
                page.records.map { record in
                    let uri = MemoryURI(namespace: record.namespace, id: record.id).description
                    var entry: [String: JSONValue] = [
                        "uri": .string(uri), "name": .string(record.id.description), "mimeType": "text/plain",
                    ]
                    entry[version.hasTitles ? "title" : "description"] = .string(MemoryURI.title(of: record))
                    return .object(entry)
                })
        ]
        result["nextCursor"] = page.nextCursor.map(JSONValue.string)
        return result
    }

    /// `resources/templates/list`
    func listTemplates(_ version: ProtocolVersion) -> [String: JSONValue] {
        var entry: [String: JSONValue] = [
            "uriTemplate": .string(MemoryURI.template), "name": "memory", "description": "One memory by its id.",
            "mimeType": "text/plain",
        ]
        if version.hasTitles { entry["title"] = "Memory" }
        return ["resourceTemplates": [.object(entry)]]
    }

    /// `resources/read`
    func readResource(
        _ parameters: [String: JSONValue], _ version: ProtocolVersion, _ access: MCPAccess
    ) async throws -> [String: JSONValue] {
        guard let text = try optionalText("uri", in: parameters) else {
            throw RPCError.invalidParams("params.uri is missing")
        }
        // An address in a namespace that is not the caller's answers like one that does not exist.
        guard let uri = MemoryURI(text), access.allows(uri.namespace) else { throw RPCError.resourceNotFound(version) }
        let record: MemoryRecord?
        do {
            record = try await engine.get(uri.id, in: uri.namespace)
        } catch let error as StrataError where error.code == .invalidArgument || error.code == .tooLarge {
            record = nil
        }
        guard let record else { throw RPCError.resourceNotFound(version) }
        return [
            "contents": [["uri": .string(text), "mimeType": "text/plain", "text": .string(record.searchableText)]]
        ]
    }

    /// A string parameter; nil when it is left out.
    func optionalText(_ name: String, in parameters: [String: JSONValue]) throws(RPCError) -> String? {
        switch parameters[name] {
        case nil, .null?: return nil
        case .string(let text)?: return text
        default: throw .invalidParams("params.\(name) must be a string")
        }
    }
}
