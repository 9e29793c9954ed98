internal import Strata
internal import StrataCore

/// The two tools that ChatGPT's connectors look for, with exactly the names and shapes that it expects.
enum ConnectorTools {
    static let all = [search, fetch]

    private static let search = Tool(
        name: "search", title: "Search",
        description: "Search the memory. Gives ids and titles; fetch gives the text of one.",
        effect: .reads,
        parameters: [Parameter("query", .text, "A question or a few words.", isRequired: true)],
        output: RecordJSON.schema([
            "results": [
                "type": "array",
                "items": RecordJSON.schema([
                    "id": ["type": "string"], "title": ["type": "string"], "url": ["type": "string"],
                ]),
            ]
        ])
    ) { arguments, context in
        let answer = try await context.engine.recall(
            arguments.text("query") ?? "", in: context.namespace(arguments), limit: 10)
        return ["results": .array(answer.map { .object(head($0.record)) })]
    }

    private static let fetch = Tool(
        name: "fetch", title: "Fetch",
        description: "Give the whole text of one search result.",
        effect: .reads,
        parameters: [Parameter("id", .text, "The id of a search result.", isRequired: true)],
        output: RecordJSON.schema([
            "id": ["type": "string"], "title": ["type": "string"], "url": ["type": "string"],
            "text": ["type": "string"], "metadata": ["type": "object"],
        ])
    ) { arguments, context in
        guard let id = arguments.id("id"),
            let record = try await context.engine.get(id, in: context.namespace(arguments))
        else { throw StrataError(.notFound, "there is no memory of that id") }
        var json = head(record)
        json["text"] = .string(record.searchableText)
        json["metadata"] = .object(record.metadata)
        return .object(json)
    }

    private static func head(_ record: MemoryRecord) -> [String: JSONValue] {
        [
            "id": .string(record.id.description), "title": .string(MemoryURI.title(of: record)),
            "url": .string(MemoryURI(namespace: record.namespace, id: record.id).description),
        ]
    }
}
