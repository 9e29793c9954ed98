import StrataCore

/// A memory as mem0 returns and exports it.
///
/// `memory` is the text, `run_id` the session, `categories` are tags; whose memory it is (`user_id`, `agent_id`) and all
/// else stays in the metadata.
enum Mem0Memory {
    static func read(
        _ fields: ObjectFields, _ make: ItemMaker
    ) throws(IngestProblem.Reason) -> [IngestEvent] {
        var fields = fields
        guard let text = try fields.string("memory", "data") else {
            throw .unknownElement(expected: "a memory of mem0, which has `memory`")
        }
        let id = try fields.name("id")
        let session = try fields.string("run_id")
        let categories = fields.take("categories")?.elements.compactMap(\.stringValue) ?? []
        let moment = fields.looseMoment("created_at")
        // What mem0 works out anew from the text or the query says nothing about the memory.
        for name in ["hash", "score", "embedding"] { _ = fields.take(name) }
        let metadata = try fields.rest(including: "metadata")
        return [
            make.event(text) { item in
                item.session = session
                item.externalID = id
                item.tags = categories.withoutRepeats()
                item.occurredAt = moment
                item.metadata = metadata
            }
        ]
    }
}

/// A line of the reference MCP memory server: an entity with its observations, or a relation of two.
///
/// Each observation is a memory behind its entity's name, so that it can be understood and found alone; the parts stay
/// apart in the metadata.
enum MCPMemoryLine {
    static func read(
        _ fields: ObjectFields, _ make: ItemMaker
    ) throws(IngestProblem.Reason) -> [IngestEvent] {
        var fields = fields
        switch try fields.string("type") {
        case "entity":
            guard let name = try fields.string("name") else { throw .badField(name: "name", expected: "a string") }
            let type = try fields.string("entityType")
            let observations = try fields.strings("observations")
            var metadata: [String: JSONValue] = ["entity": .string(name)]
            metadata["entityType"] = type.map(JSONValue.string)
            guard !observations.isEmpty else {
                return [
                    make.event(type.map { "\(name) (\($0))" } ?? name) { item in
                        item.kind = "entity"
                        item.metadata = metadata
                    }
                ]
            }
            return observations.map { observation in
                make.event(observation.trimmingBothEnds().isEmpty ? nil : "\(name): \(observation)") { item in
                    item.kind = "observation"
                    item.metadata = metadata.merging(["observation": .string(observation)]) { $1 }
                }
            }
        case "relation":
            guard let from = try fields.string("from"), let to = try fields.string("to"),
                let relation = try fields.string("relationType")
            else { throw .badField(name: "from, to, relationType", expected: "strings") }
            return [
                make.event("\(from) \(relation.replacing("_", with: " ")) \(to)") { item in
                    item.kind = "relation"
                    item.metadata = ["from": .string(from), "to": .string(to), "relationType": .string(relation)]
                }
            ]
        default: throw .unknownElement(expected: "an entity or a relation of the MCP memory server")
        }
    }
}
