internal import Strata
internal import StrataCore

/// The core tools: what an agent needs to remember, to recall and to forget. They are few, because every tool's
/// description is read with every request of the model.
enum MemoryTools {
    static let all = [remember, recall, get, list, update, forget, statistics]

    private static let layers = Layer.allCases.map(\.rawValue)

    private static let remember = Tool(
        name: "remember", title: "Remember",
        description: """
            Store one thing worth knowing in later conversations: a fact, a preference, a decision, an event. Write it \
            so that it stands by itself: name people and things instead of "he" or "it", and give dates in full. One \
            fact a call. Telling the same again stores nothing twice. Do not store secrets such as passwords.
            """,
        effect: .adds,
        parameters: [
            Parameter("text", .text, "What to remember: one self-contained statement.", isRequired: true),
            Parameter("speaker", .text, "Who said it, when that matters."),
            Parameter(
                "layer", .choice(layers),
                """
                How long it should last: interact (about a day unless it proves useful, the default), insights (about \
                three months), assets (for good: lasting facts and preferences).
                """),
            Parameter("tags", .texts, "Labels to find it by."),
            Parameter("kind", .text, "What kind of memory, for example fact, preference, decision, event."),
            Parameter("project", .text, "The project it belongs to."),
            Parameter("session", .text, "The conversation or run it belongs to."),
            Parameter("importance", .number(0...1), "How much it matters; 0.5 is usual."),
            Parameter("pinned", .flag, "Whether it must never expire."),
            Parameter("occurredAt", .moment, "When it happened, as an ISO 8601 time, when that is not now."),
            Parameter("metadata", .object, "Any further JSON object to keep beside it."),
        ],
        output: RecordJSON.schema([
            "id": ["type": "string"], "status": ["type": "string", "enum": ["stored", "duplicate", "replaced"]],
            "notes": RecordJSON.notesSchema,
        ])
    ) { arguments, context in
        var memory = NewMemory(arguments.text("text") ?? "")
        memory.speaker = arguments.text("speaker")
        memory.layer = arguments.text("layer").flatMap(Layer.init(rawValue:)) ?? memory.layer
        memory.tags = arguments.texts("tags") ?? []
        memory.kind = arguments.text("kind") ?? memory.kind
        memory.project = arguments.text("project")
        memory.session = arguments.text("session")
        memory.importance = arguments.number("importance") ?? memory.importance
        memory.pinned = arguments.flag("pinned") ?? false
        memory.occurredAt = arguments.moment("occurredAt")
        memory.metadata = arguments.object("metadata") ?? [:]
        // Who calls the tool is a model, whoever it heard the fact from.
        memory.source = .assistant
        let outcome = try await context.engine.remember(memory, in: context.namespace(arguments))
        return [
            "id": .string(outcome.record.id.description), "status": .string(outcome.status.rawValue),
            "notes": notes(outcome.degradations),
        ]
    }

    private static let recall = Tool(
        name: "recall", title: "Recall",
        description: """
            Find memories that help with a question, best first, by meaning and by words. Call it before you answer \
            anything that may depend on what was said, decided or learned earlier. Ask in a full question that names \
            the people and things meant. A score is 0 to 1; a low one means that the memory may not be about it. \
            Long texts are cut (isCut); get_memory gives all of one.
            """,
        effect: .reads,
        parameters: [
            Parameter("query", .text, "A question or a few words.", isRequired: true),
            Parameter("limit", .integer(1...100), "How many are wanted. Default: 8."),
            Parameter("scoreMin", .number(0...1), "Leave out memories of a lower score. Default: 0."),
            Parameter(
                "timeZone", .text, "Where the asker is, as an IANA name such as Europe/Riga: what \"yesterday\" means."),
        ] + FilterParameters.all,
        output: RecordJSON.schema([
            "memories": ["type": "array", "items": RecordJSON.briefSchema(with: ["score": ["type": "number"]])],
            "notes": RecordJSON.notesSchema,
        ])
    ) { arguments, context in
        let options = RecallOptions(
            layers: FilterParameters.layers(arguments) ?? Set(Layer.allCases),
            filter: try FilterParameters.filter(arguments), scoreMin: arguments.number("scoreMin") ?? 0,
            timeZone: arguments.text("timeZone"))
        let answer = try await context.engine.recall(
            arguments.text("query") ?? "", in: context.namespace(arguments), limit: arguments.integer("limit") ?? 8,
            options: options)
        let memories = answer.map { hit -> JSONValue in
            var json = RecordJSON.brief(hit.record)
            json["score"] = .number((hit.score * 1000).rounded() / 1000)
            return .object(json)
        }
        return ["memories": .array(memories), "notes": notes(answer.degradations)]
    }

    private static let get = Tool(
        name: "get_memory", title: "Get a memory",
        description:
            "Show everything that is known about one memory: its text, metadata, times, use and change number.",
        effect: .reads,
        parameters: [Parameter("id", .id, "The memory's id, as recall or list_memories gave it.", isRequired: true)],
        output: RecordJSON.fullSchema
    ) { arguments, context in
        let id = try required(arguments.id("id"))
        guard let record = try await context.engine.get(id, in: context.namespace(arguments)) else {
            throw StrataError(.notFound, "there is no memory of that id here; it may have been forgotten")
        }
        return RecordJSON.full(record)
    }

    private static let list = Tool(
        name: "list_memories", title: "List memories",
        description: """
            Page through memories in the order in which they were stored, oldest first, without ranking. To find what \
            helps with a question, use recall instead.
            """,
        effect: .reads,
        parameters: [
            Parameter("limit", .integer(1...200), "How many a page holds. Default: 20."),
            Parameter("cursor", .text, "nextCursor of the page before, for the next one."),
        ] + FilterParameters.all,
        output: RecordJSON.schema(
            [
                "memories": ["type": "array", "items": RecordJSON.briefSchema()], "nextCursor": ["type": "string"],
            ], optional: ["nextCursor"])
    ) { arguments, context in
        var filter = try FilterParameters.filter(arguments)
        if let layers = FilterParameters.layers(arguments) {
            filter = filter.map { .all([.layers(layers), $0]) } ?? .layers(layers)
        }
        let page = try await context.engine.list(
            in: context.namespace(arguments), matching: filter, cursor: arguments.text("cursor"),
            limit: arguments.integer("limit") ?? 20)
        var json: [String: JSONValue] = ["memories": .array(page.records.map { .object(RecordJSON.brief($0)) })]
        json["nextCursor"] = page.nextCursor.map(JSONValue.string)
        return .object(json)
    }

    private static let update = Tool(
        name: "update_memory", title: "Update a memory",
        description: """
            Change a memory that is no longer right: a new text replaces the old one, and other fields are set as \
            given; what is left out stays. Moving it to the layer assets, or pinning it, makes it last.
            """,
        effect: .overwrites,
        parameters: [
            Parameter("id", .id, "The memory's id.", isRequired: true),
            Parameter("text", .text, "The new text."),
            Parameter("layer", .choice(layers), "The layer to move it to."),
            Parameter("tags", .texts, "The tags that replace the old ones."),
            Parameter("kind", .text, "The new kind."),
            Parameter("importance", .number(0...1), "How much it matters."),
            Parameter("pinned", .flag, "Pins it, so that it never expires, or unpins it."),
            Parameter("occurredAt", .moment, "When it happened, as an ISO 8601 time."),
            Parameter("metadata", .object, "The JSON object that replaces the old metadata."),
            Parameter(
                "ifChange", .integer(0...Int.max),
                "Refuse the update unless the memory is still at this change number, as get_memory showed it."),
        ],
        output: RecordJSON.fullSchema
    ) { arguments, context in
        let patch = RecordPatch(
            text: arguments.text("text"), layer: arguments.text("layer").flatMap(Layer.init(rawValue:)),
            kind: arguments.text("kind"), tags: arguments.texts("tags"), metadata: arguments.object("metadata"),
            importance: arguments.number("importance"), pinned: arguments.flag("pinned"),
            occurredAt: arguments.moment("occurredAt"))
        let record = try await context.engine.update(
            required(arguments.id("id")), patch, in: context.namespace(arguments),
            ifChange: arguments.integer("ifChange").map(Int64.init))
        return RecordJSON.full(record)
    }

    private static let forget = Tool(
        name: "forget", title: "Forget",
        description: """
            Remove memories for good, everywhere: text, vectors, history. This cannot be undone. Forget what the user \
            asks you to forget, and what is wrong and not worth correcting.
            """,
        effect: .overwrites,
        parameters: [
            Parameter(
                "ids", .ids, "The ids of the memories to forget, as recall or list_memories gave them.",
                isRequired: true)
        ],
        output: RecordJSON.schema([
            "forgottenCount": ["type": "integer"], "ids": ["type": "array", "items": ["type": "string"]],
            "unknownIds": ["type": "array", "items": ["type": "string"]],
        ])
    ) { arguments, context in
        let ids = try required(arguments.ids("ids"))
        guard 1...1000 ~= ids.count else {
            throw StrataError(.invalidArgument, "argument ids holds \(ids.count) ids, expected 1 through 1000")
        }
        let receipt = try await context.engine.forget(.ids(ids), in: context.namespace(arguments))
        let gone = Set(receipt.ids)
        return [
            "forgottenCount": .integer(Int64(receipt.recordCount)),
            "ids": .array(receipt.ids.sorted().map { .string($0.description) }),
            "unknownIds": .array(Set(ids).subtracting(gone).sorted().map { .string($0.description) }),
        ]
    }

    private static let statistics = Tool(
        name: "memory_stats", title: "Memory statistics",
        description:
            "Count what is remembered, by layer, and say whether memories are found by meaning or by words only.",
        effect: .reads,
        parameters: [],
        output: RecordJSON.schema(
            [
                "namespace": ["type": "string"], "memoryCount": ["type": "integer"],
                "byLayer": ["type": "object", "additionalProperties": ["type": "integer"]],
                "pinnedCount": ["type": "integer"], "textBytes": ["type": "integer"],
                "withoutVectorCount": ["type": "integer"], "embeddingSpace": ["type": "string"],
                "namespaces": ["type": "array", "items": ["type": "string"]],
            ], optional: ["embeddingSpace", "namespaces"])
    ) { arguments, context in
        let namespace = try context.namespace(arguments)
        let statistics = try await context.engine.stats(in: namespace)
        let layers = Layer.allCases.map { layer in
            (layer.rawValue, JSONValue.integer(Int64(statistics.store.recordCounts[layer] ?? 0)))
        }
        var json: [String: JSONValue] = [
            "namespace": .string(namespace), "memoryCount": .integer(Int64(statistics.store.recordCount)),
            "byLayer": .object(Dictionary(layers) { first, _ in first }),
            "pinnedCount": .integer(Int64(statistics.store.pinnedCount)),
            "textBytes": .integer(Int64(statistics.store.textBytes)),
            "withoutVectorCount": .integer(Int64(statistics.vectorMissingCount)),
        ]
        json["embeddingSpace"] = statistics.embeddingSpace.map(JSONValue.string)
        if context.access.offersChoice {
            let names = try await context.engine.namespaces().filter(context.access.allows)
            json["namespaces"] = .array(names.map(JSONValue.string))
        }
        return .object(json)
    }

    /// An argument that the check has seen to be there.
    private static func required<Value>(_ value: Value?) throws(StrataError) -> Value {
        guard let value else { throw StrataError(.internal, "a required argument is missing after its check") }
        return value
    }

    private static func notes(_ degradations: [Degradation]) -> JSONValue {
        .array(degradations.map { .string($0.message) })
    }
}
