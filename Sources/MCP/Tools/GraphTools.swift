internal import StrataCore

/// The tools of the reference memory server, with its names and shapes, over its file: whoever has used it goes on.
struct GraphTools {
    let file: KnowledgeGraphFile

    var all: [Tool] {
        [
            createEntities, createRelations, addObservations, deleteEntities, deleteObservations, deleteRelations,
            readGraph, searchNodes, openNodes,
        ]
    }

    private static let entity = [
        Parameter("name", .text, "The name of the entity.", isRequired: true),
        Parameter("entityType", .text, "The type of the entity.", isRequired: true),
        Parameter("observations", .texts, "What is known about the entity.", isRequired: true),
    ]
    private static let relation = [
        Parameter("from", .text, "The name of the entity where the relation starts.", isRequired: true),
        Parameter("to", .text, "The name of the entity where the relation ends.", isRequired: true),
        Parameter("relationType", .text, "The type of the relation, in active voice.", isRequired: true),
    ]
    private static let relations = Parameter("relations", .objects(relation), "Relations.", isRequired: true)

    private static let entitiesSchema: JSONValue = ["type": "array", "items": Parameter.schema(of: entity)]
    private static let relationsSchema: JSONValue = ["type": "array", "items": Parameter.schema(of: relation)]
    private static let graphSchema = RecordJSON.schema(["entities": entitiesSchema, "relations": relationsSchema])
    private static let deletionSchema = RecordJSON.schema([
        "success": ["type": "boolean"], "message": ["type": "string"],
    ])

    private var createEntities: Tool {
        tool(
            "create_entities", "Create entities",
            "Add entities to the knowledge graph; names that exist are passed over.",
            .adds, [Parameter("entities", .objects(Self.entity), "Entities.", isRequired: true)],
            RecordJSON.schema(["entities": Self.entitiesSchema])
        ) { arguments in
            let entities = arguments.objects("entities").map { entity in
                KnowledgeGraph.Entity(
                    name: entity.text("name") ?? "", type: entity.text("entityType") ?? "",
                    observations: entity.texts("observations") ?? [])
            }
            let new = try await file.change { $0.addEntities(entities) }
            return ["entities": .array(new.map { .object($0.members) })]
        }
    }

    private var createRelations: Tool {
        tool(
            "create_relations", "Create relations", "Add relations between entities that exist, in active voice.",
            .adds, [Self.relations], RecordJSON.schema(["relations": Self.relationsSchema])
        ) { arguments in
            let relations = Self.relations(in: arguments)
            let new = try await file.change { try $0.addRelations(relations) }
            return ["relations": .array(new.map { .object($0.members) })]
        }
    }

    private var addObservations: Tool {
        tool(
            "add_observations", "Add observations", "Add observations to entities that exist.",
            .adds,
            [
                Parameter(
                    "observations",
                    .objects([
                        Parameter("entityName", .text, "The name of the entity.", isRequired: true),
                        Parameter("contents", .texts, "What to add.", isRequired: true),
                    ]), "Observations by entity.", isRequired: true)
            ],
            RecordJSON.schema([
                "results": [
                    "type": "array",
                    "items": RecordJSON.schema([
                        "entityName": ["type": "string"],
                        "addedObservations": ["type": "array", "items": ["type": "string"]],
                    ]),
                ]
            ])
        ) { arguments in
            let additions = arguments.objects("observations").map {
                (name: $0.text("entityName") ?? "", contents: $0.texts("contents") ?? [])
            }
            return try await file.change { graph in
                let results = try additions.map { addition -> JSONValue in
                    let added = try graph.addObservations(addition.contents, to: addition.name)
                    return [
                        "entityName": .string(addition.name), "addedObservations": .array(added.map(JSONValue.string)),
                    ]
                }
                return ["results": .array(results)]
            }
        }
    }

    private var deleteEntities: Tool {
        tool(
            "delete_entities", "Delete entities", "Remove entities and their relations from the knowledge graph.",
            .overwrites, [Parameter("entityNames", .texts, "The names of the entities.", isRequired: true)],
            Self.deletionSchema
        ) { arguments in
            let names = Set(arguments.texts("entityNames") ?? [])
            return Self.deleted(try await file.change { $0.removeEntities(names) }, of: names.count, "entities")
        }
    }

    private var deleteObservations: Tool {
        tool(
            "delete_observations", "Delete observations", "Remove observations from entities.", .overwrites,
            [
                Parameter(
                    "deletions",
                    .objects([
                        Parameter("entityName", .text, "The name of the entity.", isRequired: true),
                        Parameter("observations", .texts, "What to remove.", isRequired: true),
                    ]), "Observations by entity.", isRequired: true)
            ], Self.deletionSchema
        ) { arguments in
            let deletions = arguments.objects("deletions").map {
                (name: $0.text("entityName") ?? "", observations: Set($0.texts("observations") ?? []))
            }
            let count = try await file.change { graph in
                deletions.reduce(0) { $0 + graph.removeObservations($1.observations, from: $1.name) }
            }
            return Self.deleted(count, of: deletions.reduce(0) { $0 + $1.observations.count }, "observations")
        }
    }

    private var deleteRelations: Tool {
        tool(
            "delete_relations", "Delete relations", "Remove relations from the knowledge graph.", .overwrites,
            [Self.relations], Self.deletionSchema
        ) { arguments in
            let relations = Set(Self.relations(in: arguments))
            return Self.deleted(
                try await file.change { $0.removeRelations(relations) }, of: relations.count, "relations")
        }
    }

    private var readGraph: Tool {
        tool("read_graph", "Read graph", "Read the entire knowledge graph.", .reads, [], Self.graphSchema) { _ in
            try await file.read().json
        }
    }

    private var searchNodes: Tool {
        tool(
            "search_nodes", "Search nodes",
            "Find the entities whose name, type or observations hold a text, with the relations that touch them.",
            .reads,
            [Parameter("query", .text, "The text to look for.", isRequired: true)], Self.graphSchema
        ) { arguments in
            let query = arguments.text("query") ?? ""
            return try await file.read().part { $0.mentions(query) }
        }
    }

    private var openNodes: Tool {
        tool(
            "open_nodes", "Open nodes", "Read entities by their names, with the relations that touch them.", .reads,
            [Parameter("names", .texts, "The names of the entities.", isRequired: true)], Self.graphSchema
        ) { arguments in
            let names = Set(arguments.texts("names") ?? [])
            return try await file.read().part { names.contains($0.name) }
        }
    }

    private func tool(
        _ name: String, _ title: String, _ description: String, _ effect: Tool.Effect, _ parameters: [Parameter],
        _ output: JSONValue, _ run: @escaping @Sendable (Arguments) async throws -> JSONValue
    ) -> Tool {
        Tool(
            name: name, title: title, description: description, effect: effect, parameters: parameters, output: output,
            takesNamespace: false
        ) { arguments, _ in try await run(arguments) }
    }

    private static func relations(in arguments: Arguments) -> [KnowledgeGraph.Relation] {
        arguments.objects("relations").map { relation in
            KnowledgeGraph.Relation(
                from: relation.text("from") ?? "", to: relation.text("to") ?? "",
                type: relation.text("relationType") ?? "")
        }
    }

    private static func deleted(_ count: Int, of wanted: Int, _ what: String) -> JSONValue {
        ["success": true, "message": .string("Deleted \(count) of \(wanted) \(what).")]
    }
}
