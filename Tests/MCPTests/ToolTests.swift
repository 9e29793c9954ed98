import MCP
import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct ToolTests {
    @Test func theCoreToolsAreFewAndSayWhatTheyDo() async throws {
        let client = try await Bench().client()
        let tools = try #require(await client.send(method: "tools/list")?["result"]?["tools"]).array
        #expect(tools.count <= 10)
        #expect(Set(tools.map { $0["name"] }).count == tools.count)
        for tool in tools {
            #expect((tool["description"]?.stringValue ?? "").count > 40)
            #expect(tool["inputSchema"]?["type"] == "object" && tool["inputSchema"]?["additionalProperties"] == false)
            #expect(tool["outputSchema"]?["type"] == "object")
            #expect(tool["inputSchema"]?["properties"]?["namespace"] == nil)
            #expect(
                tool["annotations"]?.keys
                    == ["title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"])
        }
        let again = try #require(await client.send(method: "tools/list")?["result"]?["tools"]).array
        #expect(tools == again)
    }

    @Test func aMemoryGoesItsWholeWay() async throws {
        let client = try await Bench().client()
        let text = "Nora's locker code is \"17\\42\"\n(größer als früher 🦔)."
        let stored = try await client.value(
            "remember",
            [
                "text": .string(text), "speaker": "Nora", "layer": "insights", "tags": ["club"], "kind": "fact",
                "project": "club", "session": "s1", "importance": 0.9, "occurredAt": "2026-05-04T09:00:00Z",
                "metadata": ["row": 7],
            ])
        let id = try #require(stored["id"])
        #expect(stored["status"] == "stored")
        #expect(
            try await client.value("remember", ["text": .string(text), "speaker": "Nora"])["status"] == "duplicate")
        let record = try await client.value("get_memory", ["id": id])
        #expect(record["text"] == .string(text) && record["metadata"] == ["row": 7] && record["importance"] == 0.9)
        #expect(record["layer"] == "insights" && record["occurredAt"] == "2026-05-04T09:00:00.000Z")
        let hits = try await client.value("recall", ["query": "locker code", "limit": 3])
        #expect(hits["memories"]?[0]?["id"] == id)
        let change = try #require(record["change"])
        let updated = try await client.value(
            "update_memory", ["id": id, "text": "The locker is gone.", "layer": "assets", "ifChange": change])
        #expect(updated["text"] == "The locker is gone." && updated["layer"] == "assets")
        let stale = try await client.failure("update_memory", ["id": id, "pinned": true, "ifChange": change])
        #expect(stale.hasPrefix("conflict:"))
        let unknown = "00000000-0000-7000-8000-000000000000"
        let forgotten = try await client.value("forget", ["ids": [id, .string(unknown)]])
        #expect(forgotten == ["forgottenCount": 1, "ids": [id], "unknownIds": [.string(unknown)]])
        #expect(try await client.failure("get_memory", ["id": id]).hasPrefix("not_found:"))
        #expect(try await client.value("memory_stats")["memoryCount"] == 0)
    }

    @Test func longTextsAreCutInListsAndWholeByThemselves() async throws {
        let client = try await Bench().client()
        let text = "Minutes: " + String(repeating: "é🦔", count: 3000)
        let id = try #require(try await client.value("remember", ["text": .string(text)])["id"])
        for tool in ["recall", "list_memories"] {
            let arguments: JSONValue = tool == "recall" ? ["query": "minutes"] : [:]
            let memory = try await client.value(tool, arguments)["memories"]?[0]
            #expect(memory?["text"]?.stringValue?.count == 4000 && memory?["isCut"] == true)
        }
        let whole = try await client.value("get_memory", ["id": id])
        #expect(whole["text"] == .string(text) && whole["isCut"] == nil)
        #expect(try await client.value("remember", ["text": "Short."])["status"] == "stored")
        #expect(try await client.value("list_memories")["memories"]?[1]?["isCut"] == nil)
    }

    @Test func listsPageThroughAllOfAFilterAndNothingElse() async throws {
        let client = try await Bench().client()
        for number in 0..<7 {
            let tag: JSONValue = number % 2 == 0 ? "even" : "odd"
            _ = try await client.value("remember", ["text": .string("Page number \(number)."), "tags": [tag]])
        }
        var texts: [JSONValue?] = []
        var cursor: JSONValue = nil
        repeat {
            let page = try await client.value("list_memories", ["tags": ["even"], "limit": 3, "cursor": cursor])
            texts += (page["memories"]?.array ?? []).map { $0["text"] }
            cursor = page["nextCursor"] ?? nil
        } while cursor != .null
        #expect(texts == ["Page number 0.", "Page number 2.", "Page number 4.", "Page number 6."])
        #expect(try await client.failure("list_memories", ["cursor": "not a cursor!"]).hasPrefix("invalid_argument:"))
    }

    @Test func sinceAndUntilMeanWhenItHappenedOrElseWhenItWasStored() async throws {
        let bench = try await Bench()
        let client = try await bench.client()
        let stored = bench.clock.now
        _ = try await client.value("remember", ["text": "Long ago.", "occurredAt": "1999-01-01T00:00:00Z"])
        _ = try await client.value("remember", ["text": "Undated."])
        func texts(_ arguments: JSONValue) async throws -> [JSONValue?] {
            try await client.value("list_memories", arguments)["memories"]?.array.map { $0["text"] } ?? []
        }
        #expect(try await texts(["until": "2000-01-01T00:00:00Z"]) == ["Long ago."])
        #expect(try await texts(["since": .string(stored.description)]) == ["Undated."])
        #expect(try await texts(["since": "1999-01-01T00:00:00Z"]) == ["Long ago.", "Undated."])
        let filter: JSONValue = ["filter": ["not": ["createdAt": ["lt": .string(stored.description)]]]]
        #expect(try await texts(filter).count == 2)
    }

    @Test(
        arguments: [
            ("recall", [:], "query"), ("recall", ["query": 7], "query"), ("recall", ["query": nil], "query"),
            ("recall", ["query": "x", "limit": 0], "limit"), ("recall", ["query": "x", "limit": 1.5], "limit"),
            ("recall", ["query": "x", "limit": "3"], "limit"), ("recall", ["query": "x", "scoreMin": 2], "scoreMin"),
            ("recall", ["query": "x", "layers": ["attic"]], "layers"),
            ("recall", ["query": "x", "layers": []], "layers"),
            ("recall", ["query": "x", "since": "yesterday"], "since"),
            ("recall", ["query": "x", "filter": ["colour": 1]], "filter"),
            ("recall", ["query": "x", "colour": 1], "unknown argument"), ("recall", ["query": " \n"], "query"),
            ("remember", ["text": ""], "text"), ("remember", ["text": ["a"]], "text"),
            ("remember", ["text": "a", "importance": 7], "importance"),
            ("remember", ["text": "a", "tags": [1]], "tags"),
            ("remember", ["text": "a", "metadata": []], "metadata"),
            ("remember", ["text": "a", "pinned": 1], "pinned"),
            ("remember", ["text": "a\0b"], "NUL"), ("get_memory", ["id": "7"], "id"),
            ("update_memory", ["id": "01a204ac-a63e-7000-9871-18873c080f8e"], "changes nothing"),
            ("forget", ["ids": []], "ids"), ("forget", ["ids": ["x"]], "ids"), ("forget", [:], "ids"),
            ("memory_stats", ["namespace": "other"], "unknown argument"),
        ] as [(String, JSONValue, String)])
    func aBadArgumentIsAResultThatNamesIt(tool: String, arguments: JSONValue, word: String) async throws {
        let bench = try await Bench()
        let client = try await bench.client()
        let words = try await client.failure(tool, arguments)
        #expect(words.contains(word), "\(words)")
        #expect(words.hasPrefix("invalid_"))
        #expect(try await bench.engine.stats().store.change == 0)
    }

    @Test func argumentsThatAreNoObjectAreAResultAndAnUnknownToolIsAnError() async throws {
        let client = try await Bench().client()
        #expect(try await client.failure("recall", [1]).contains("object"))
        #expect(await client.send(["name": "drop_all"], method: "tools/call")?.errorCode == -32602)
        #expect(await client.send([:], method: "tools/call")?.errorCode == -32602)
        #expect(await client.send(["name": 7], method: "tools/call")?.errorCode == -32602)
        #expect(await client.send(["cursor": "x"], method: "tools/list")?.errorCode == -32602)
    }

    @Test func whoMayOnlyReadIsOfferedNothingElse() async throws {
        let bench = try await Bench()
        let stored = try await bench.client().value("remember", ["text": "The gate stays shut."])
        let reader = try await bench.client(access: MCPAccess(namespace: "tests", canWrite: false))
        let tools = try #require(await reader.send(method: "tools/list")?["result"]?["tools"]).array
        #expect(Set(tools.map { $0["name"] }) == ["recall", "get_memory", "list_memories", "memory_stats"])
        let id = try #require(stored["id"])
        for (tool, arguments) in [
            ("remember", ["text": "x"]), ("forget", ["ids": [id]]), ("update_memory", ["id": id, "pinned": true]),
        ] as [(String, JSONValue)] {
            #expect(try await reader.failure(tool, arguments).hasPrefix("forbidden:"))
        }
        #expect(try await reader.value("get_memory", ["id": id])["text"] == "The gate stays shut.")
    }

    @Test func aNamespaceThatIsNotTheCallersAnswersAsIfItWereEmpty() async throws {
        let bench = try await Bench()
        let owner = try await bench.client(access: MCPAccess(namespace: "ann"))
        let stored = try await owner.value("remember", ["text": "Ann's diary is blue."])
        let id = try #require(stored["id"])
        let uri: JSONValue = .string("strata://memories/ann/\(id.stringValue ?? "")")
        #expect(await owner.send(["uri": uri], method: "resources/read")?["result"] != nil)

        let other = try await bench.client(access: MCPAccess(namespace: "bob", namespaces: .listed(["club"])))
        #expect(try await other.failure("get_memory", ["id": id]).hasPrefix("not_found:"))
        for name in ["ann", "nobody"] {
            let words = try await other.failure("recall", ["query": "diary", "namespace": .string(name)])
            #expect(words == "forbidden: this connection may not use that namespace")
        }
        #expect(try await other.value("recall", ["query": "diary", "namespace": "club"])["memories"] == [])
        #expect(try await other.value("memory_stats")["namespaces"] == [])
        let missing: JSONValue = .string("strata://memories/nobody/\(id.stringValue ?? "")")
        let refused = await other.send(["uri": uri], method: "resources/read")?["error"]
        #expect(refused?["code"] == -32002)
        #expect(await other.send(["uri": missing], method: "resources/read")?["error"] == refused)

        let all = try await bench.client(access: MCPAccess(namespace: "bob", namespaces: .all))
        #expect(try await all.value("get_memory", ["id": id, "namespace": "ann"])["text"] == "Ann's diary is blue.")
        #expect(try await all.value("memory_stats")["namespaces"] == ["ann"])
    }

    @Test func theConnectorProfileHasTheShapesThatChatGPTExpects() async throws {
        let client = try await Bench(profiles: [.chatgpt]).client()
        let stored = try await client.value("remember", ["text": "The ferry leaves at six.", "metadata": ["a": 1]])
        let found = try await client.value("search", ["query": "ferry"])
        #expect(found.keys == ["results"])
        let hit = try #require(found["results"]?[0])
        #expect(hit.keys == ["id", "title", "url"] && hit["id"] == stored["id"])
        let fetched = try await client.value("fetch", ["id": try #require(hit["id"])])
        #expect(fetched.keys == ["id", "title", "text", "url", "metadata"])
        #expect(fetched["text"] == "The ferry leaves at six.")
        #expect(try await client.failure("fetch", ["id": "nonsense"]).hasPrefix("not_found:"))
    }

    @Test func withoutAModelTheAnswerSaysSo() async throws {
        let client = try await Bench(embedder: nil).client()
        let stored = try await client.value("remember", ["text": "The ladder is in the barn."])
        #expect(stored["notes"]?.array.count == 1)
        let found = try await client.value("recall", ["query": "ladder"])
        #expect(found["memories"]?[0]?["id"] == stored["id"] && found["notes"]?.array.count == 1)
    }

    @Test func memoriesAreResources() async throws {
        let bench = try await Bench()
        let access = MCPAccess(namespace: "größe/a b%")
        for client in [try await bench.client(access: access), bench.statelessClient(access: access)] {
            _ = try await client.value("remember", ["text": "The\nshed   is green.", "speaker": "Ann"])
            let list = try #require(await client.send(method: "resources/list")?["result"])
            let resource = try #require(list["resources"]?[0])
            #expect(resource["title"] == "Ann: The shed is green.")
            let uri = try #require(resource["uri"])
            #expect(uri.stringValue?.hasPrefix("strata://memories/gr%C3%B6%C3%9Fe%2Fa%20b%25/") == true)
            let content = try #require(await client.send(["uri": uri], method: "resources/read"))["result"]?[
                "contents"]?[0]
            #expect(content?["text"] == "Ann: The\nshed   is green." && content?["uri"] == uri)
            #expect(await client.send(["cursor": "!"], method: "resources/list")?.errorCode == -32602)
            for bad: JSONValue in ["file:///etc/passwd", "strata://memories/a", "strata://memories/%zz/1", ""] {
                let error = await client.send(["uri": bad], method: "resources/read")?.errorCode
                #expect(error == (client.isStateless ? -32602 : -32002))
            }
            #expect(await client.send([:], method: "resources/read")?.errorCode == -32602)
        }
    }

    @Test func promptsBringMemoriesAndAskForThem() async throws {
        let client = try await Bench().client()
        let names = try #require(await client.send(method: "prompts/list")?["result"]?["prompts"]).array
        #expect(names.map { $0["name"] } == ["recall_memories", "save_conversation"])
        _ = try await client.value("remember", ["text": "The boiler was serviced in May."])
        let ask: JSONValue = ["name": "recall_memories", "arguments": ["topic": "boiler"]]
        let message = try #require(await client.send(ask, method: "prompts/get"))["result"]?["messages"]?[0]
        #expect(message?["role"] == "user")
        #expect(message?["content"]?["text"]?.stringValue?.contains("serviced in May") == true)
        #expect(await client.send(["name": "save_conversation"], method: "prompts/get")?["result"] != nil)
        for bad: JSONValue in [
            [:], ["name": "x"], ["name": "recall_memories"], ["name": "recall_memories", "arguments": ["topic": " "]],
        ] {
            #expect(await client.send(bad, method: "prompts/get")?.errorCode == -32602)
        }
    }
}
