import Foundation
import MCP
import Strata
import StrataCore
import StrataTesting
import Testing

/// The reference memory server's tools on its file.
@Suite struct KnowledgeGraphTests {
    private struct Desk {
        let bench: Bench
        let client: Client
        let path: String

        init(_ text: String? = nil, access: MCPAccess = .tests) async throws {
            bench = try await Bench()
            path = bench.scratch.path + "/memory.jsonl"
            if let text { try text.write(toFile: path, atomically: false, encoding: .utf8) }
            let server = MCPServer(engine: bench.engine, graphPath: path)
            client = Client(scratch: bench.scratch, session: server.session(), access: access, isStateless: true)
        }

        var lines: [JSONValue] {
            get throws {
                try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
                    try JSONValue(jsonText: String($0))
                }
            }
        }
    }

    private static let ann: JSONValue = ["name": "Ann", "entityType": "person", "observations": ["plays the oboe"]]
    private static let ben: JSONValue = ["name": "Ben", "entityType": "person", "observations": []]
    private static let knows: JSONValue = ["from": "Ann", "to": "Ben", "relationType": "knows"]

    @Test func aGraphIsMadeReadAndUnmade() async throws {
        let desk = try await Desk()
        let client = desk.client
        #expect(try await client.value("read_graph") == ["entities": [], "relations": []])
        let made = try await client.value("create_entities", ["entities": [Self.ann, Self.ben, Self.ann]])
        #expect(made == ["entities": [Self.ann, Self.ben]])
        #expect(try await client.value("create_entities", ["entities": [Self.ann]]) == ["entities": []])
        #expect(
            try await client.value("create_relations", ["relations": [Self.knows, Self.knows]])["relations"] == [
                Self.knows
            ])
        let added = try await client.value(
            "add_observations", ["observations": [["entityName": "Ben", "contents": ["sings", "sings", "cooks"]]]])
        #expect(added == ["results": [["entityName": "Ben", "addedObservations": ["sings", "cooks"]]]])
        #expect(
            try desk.lines == [
                ["type": "entity", "name": "Ann", "entityType": "person", "observations": ["plays the oboe"]],
                ["type": "entity", "name": "Ben", "entityType": "person", "observations": ["sings", "cooks"]],
                ["type": "relation", "from": "Ann", "to": "Ben", "relationType": "knows"],
            ])
        let found = try await client.value("search_nodes", ["query": "OBOE"])
        #expect(found == ["entities": [Self.ann], "relations": [Self.knows]])
        #expect(try await client.value("open_nodes", ["names": ["Ben", "Cid"]])["entities"]?.array.count == 1)
        let fewer = try await client.value(
            "delete_observations", ["deletions": [["entityName": "Ben", "observations": ["sings", "flies"]]]])
        #expect(fewer == ["success": true, "message": "Deleted 1 of 2 observations."])
        #expect(try await client.value("delete_relations", ["relations": [Self.knows]])["success"] == true)
        _ = try await client.value("create_relations", ["relations": [Self.knows]])
        _ = try await client.value("delete_entities", ["entityNames": ["Ben"]])
        #expect(try await client.value("read_graph") == ["entities": [Self.ann], "relations": []])
    }

    @Test func linesThatItDoesNotUnderstandStay() async throws {
        let odd = ["not json", "{\"type\":\"note\",\"text\":\"mine\"}", "{\"type\":\"entity\",\"name\":7}", "[1]"]
        let desk = try await Desk((odd + [Self.ann.jsonText]).joined(separator: "\r\n"))
        #expect(try await desk.client.value("read_graph")["entities"] == [])
        _ = try await desk.client.value("create_entities", ["entities": [Self.ben]])
        let text = try String(contentsOfFile: desk.path, encoding: .utf8)
        for line in odd + [Self.ann.jsonText] { #expect(text.contains(line + "\n")) }
    }

    @Test func onlyALineFeedEndsALine() async throws {
        let observation = "one\u{2028}two\u{85}three"
        let line = #"{"type":"entity","name":"Ann","entityType":"person","observations":["\#(observation)"]}"#
        let desk = try await Desk(line + "\r\n\r\n")
        let graph = try await desk.client.value("read_graph")
        #expect(graph["entities"]?[0]?["observations"] == [.string(observation)])
        _ = try await desk.client.value("create_entities", ["entities": [Self.ben]])
        #expect(try desk.lines.count == 2)
    }

    @Test func whatFailsChangesNothing() async throws {
        let desk = try await Desk(#"{"type":"entity","name":"Ann","entityType":"person","observations":[]}"# + "\n")
        let before = try String(contentsOfFile: desk.path, encoding: .utf8)
        for (tool, arguments) in [
            ("create_relations", ["relations": [Self.knows]]),
            (
                "add_observations",
                ["observations": [["entityName": "Ann", "contents": ["x"]], ["entityName": "Zoe", "contents": []]]]
            ),
            ("create_entities", ["entities": [Self.ben, ["name": "Zoe"]]]),
            ("create_entities", ["entities": [["name": "Zoe", "entityType": 1, "observations": []]]]),
            ("create_entities", ["entities": ["Zoe"]]), ("delete_entities", ["entityNames": "Ann"]),
        ] as [(String, JSONValue)] {
            let words = try await desk.client.failure(tool, arguments)
            #expect(words.hasPrefix("not_found:") || words.hasPrefix("invalid_argument:"))
            #expect(!words.contains("Zoe") && !words.contains("Ben"))
        }
        #expect(try String(contentsOfFile: desk.path, encoding: .utf8) == before)
        try Data([0xFF, 0x0A]).write(to: URL(fileURLWithPath: desk.path))
        #expect(try await desk.client.failure("create_entities", ["entities": [Self.ben]]).hasPrefix("corrupted:"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: desk.path)) == Data([0xFF, 0x0A]))
    }

    @Test func callsAtTheSameTimeLoseNothing() async throws {
        let desk = try await Desk()
        let client = desk.client
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let entity: JSONValue = [
                        "name": .string("e\(number)"), "entityType": "t", "observations": [.string("\(number)")],
                    ]
                    let request = client.request(
                        ["name": "create_entities", "arguments": ["entities": [entity]]], method: "tools/call",
                        id: .integer(Int64(number)))
                    try #require(await client.raw(request.jsonText)?["result"]?["isError"] == false)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await client.value("read_graph")["entities"]?.array.count == 40)
    }

    @Test func aReaderMayNotChangeTheGraph() async throws {
        let desk = try await Desk(access: MCPAccess(namespace: "tests", namespaces: .all, canWrite: false))
        #expect(try await desk.client.failure("create_entities", ["entities": [Self.ann]]).hasPrefix("forbidden:"))
        #expect(!FileManager.default.fileExists(atPath: desk.path))
        let tools = try #require(await desk.client.send(method: "tools/list")?["result"]?["tools"]).array
        let graph = tools.filter { $0["inputSchema"]?["properties"]?["namespace"] == nil }
        #expect(Set(graph.map { $0["name"] }) == ["read_graph", "search_nodes", "open_nodes"])
    }
}
