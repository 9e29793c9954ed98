import Foundation
import Strata
import StrataCore
import StrataServer
import StrataTesting
import Synchronization
import Testing

@Suite("Routes")
struct RouteTests {
    @Test("A memory is made, read, changed, moved, pinned and removed")
    func lifeOfAMemory() async throws {
        try await TestServer.run { server in
            let client = server.client
            let made = try await client.send(
                "POST", "/v1/memories", json: ["text": "Nora is allergic to hazelnuts.", "tags": ["health"]])
            #expect(made.status == 201)
            let id = try #require(try made.json["record"]?["id"]?.stringValue)
            #expect(made.headers["location"] == "/v1/memories/\(id)?namespace=default")
            let again = try await client.send("POST", "/v1/memories", json: ["text": "Nora is allergic to hazelnuts."])
            #expect(again.status == 200)
            #expect(try again.json["status"] == "duplicate")

            let read = try await client.send("GET", "/v1/memories/\(id)")
            #expect(read.status == 200)
            #expect(try read.json["text"] == "Nora is allergic to hazelnuts.")
            let tag = try #require(read.headers["etag"])
            let known = try await client.send("GET", "/v1/memories/\(id)", headers: ["If-None-Match": tag])
            #expect(known.status == 304)

            let patched = try await client.send(
                "PATCH", "/v1/memories/\(id)", json: ["importance": 0.9], headers: ["If-Match": tag])
            #expect(patched.status == 200)
            #expect(try patched.json["importance"]?.doubleValue == 0.9)
            let stale = try await client.send(
                "PATCH", "/v1/memories/\(id)", json: ["importance": 0.1], headers: ["If-Match": tag])
            #expect(stale.status == 412)
            #expect(stale.code == "precondition_failed")

            let moved = try await client.send("POST", "/v1/memories/\(id)/move", json: ["layer": "assets"])
            #expect(try moved.json["layer"] == "assets")
            #expect(try await client.send("PUT", "/v1/memories/\(id)/pin").json["pinned"] == true)
            #expect(try await client.send("DELETE", "/v1/memories/\(id)/pin").json["pinned"] == false)
            let history = try await client.send("GET", "/v1/memories/\(id)/history").json["changes"]?.elements ?? []
            #expect(history.contains { $0["operation"] == "promoted" })

            #expect(try await client.send("DELETE", "/v1/memories/\(id)").json["recordCount"] == 1)
            #expect(try await client.send("DELETE", "/v1/memories/\(id)").status == 404)
            #expect(try await client.send("GET", "/v1/memories/\(id)").status == 404)
            #expect(try await server.engine.stats().store.recordCount == 0)
        }
    }

    @Test("Many memories are made at once, as JSON and as JSON Lines, and refused ones are named")
    func batches() async throws {
        try await TestServer.run { server in
            let client = server.client
            let batch = try await client.send(
                "POST", "/v1/memories",
                json: ["memories": [["text": "one"], ["text": "two"], ["text": "one"], ["text": " "]]]
            ).json
            #expect(
                batch["results"]?.elements.map { $0["status"]?.stringValue }
                    == ["stored", "stored", "duplicate", "refused"])
            #expect(batch["results"]?[3]?["error"]?["code"] == "invalid_argument")
            #expect(
                [batch["storedCount"], batch["duplicateCount"], batch["refusedCount"]] == [2, 1, 1])

            let lines = try await client.send(
                "POST", "/v1/memories?onDuplicate=keep", "{\"text\":\"three\"}\r\n\n{\"text\":\"one\"}\n",
                headers: ["Content-Type": "application/x-ndjson"])
            #expect(lines.headers["content-type"] == "application/x-ndjson")
            #expect(lines.text.split(separator: "\n").count == 2)
            #expect(try await server.engine.stats().store.recordCount == 4)

            let bad = try await client.send(
                "POST", "/v1/memories", "{\"text\":\"four\"}\n{\"txet\":\"five\"}\n",
                headers: ["Content-Type": "application/x-ndjson"])
            #expect(bad.status == 400)
            #expect(try bad.json["detail"]?.stringValue?.contains("line 2") == true)
            #expect(try await server.engine.stats().store.recordCount == 4)
        }
    }

    @Test("Pages of a list hold each record once, and a filter chooses")
    func listing() async throws {
        try await TestServer.run { server in
            let client = server.client
            for number in 0..<7 {
                try await server.engine.remember(
                    .init("memory \(number)", tags: number % 2 == 0 ? ["even"] : []))
            }
            var seen: [String] = []
            var cursor = ""
            repeat {
                let page = try await client.send(
                    "GET", "/v1/memories?limit=3\(cursor.isEmpty ? "" : "&cursor=\(cursor)")"
                ).json
                seen += page["records"]?.elements.compactMap { $0["text"]?.stringValue } ?? []
                cursor = page["nextCursor"]?.stringValue ?? ""
            } while !cursor.isEmpty
            #expect(seen == (0..<7).map { "memory \($0)" })
            let filter = "%7B%22tags%22%3A%5B%22even%22%5D%7D"
            #expect(try await client.send("GET", "/v1/memories?filter=\(filter)").json["records"]?.elements.count == 4)
            let dry = try await client.send("DELETE", "/v1/memories?filter=\(filter)&dryRun=true").json
            #expect(dry == ["dryRun": true, "recordCount": 4])
            #expect(try await client.send("DELETE", "/v1/memories?filter=\(filter)").json["recordCount"] == 4)
            #expect(try await server.engine.stats().store.recordCount == 3)
            #expect(try await client.send("DELETE", "/v1/memories").status == 400)
            #expect(try await client.send("DELETE", "/v1/namespaces/default").json["recordCount"] == 3)
        }
    }

    @Test("Recall over HTTP gives what the library gives, with every option")
    func recall() async throws {
        try await TestServer.run { server in
            let client = server.client
            for text in ["the cat sleeps", "the dog barks", "the cat eats", "rain falls"] {
                try await server.engine.remember(.init(text, layer: text.contains("cat") ? .insights : .interact))
            }
            let wanted = try await server.engine.recall(
                "cat", limit: 3, options: .init(layers: [.insights], countsUse: false, timeZone: "Europe/Berlin"))
            let body: JSONValue = [
                "query": "cat", "limit": 3, "layers": ["insights"], "countsUse": false, "timeZone": "Europe/Berlin",
                "scoreMin": 0, "signals": "hybrid", "candidateCount": 50, "deadlineMs": 20_000,
            ]
            let plain = try await client.send("POST", "/v1/recall", json: body).json
            #expect(
                plain["hits"]?.elements.compactMap { $0["record"]?["id"]?.stringValue }
                    == wanted.hits.map(\.record.id.description))
            #expect(plain["stages"] == nil)
            var explained = body
            if case .object(var members) = body {
                members["explain"] = true
                explained = .object(members)
            }
            let full = try await client.send("POST", "/v1/recall", json: explained).json
            #expect(full["hits"]?[0]?["parts"]?.elements.isEmpty == false)
            #expect(full["stages"]?.elements.isEmpty == false)
            let filtered = try await client.send(
                "POST", "/v1/recall", json: ["query": "cat", "filter": ["layer": "interact"]]
            ).json
            #expect(filtered["hits"]?.elements.allSatisfy { $0["record"]?["layer"] == "interact" } == true)
        }
    }

    @Test("Namespaces are apart, and each is counted alone")
    func namespaces() async throws {
        try await TestServer.run { server in
            let client = server.client
            for name in ["ann", "ben"] {
                _ = try await client.send(
                    "POST", "/v1/memories?namespace=\(name)", json: ["text": .string("I am \(name)")])
            }
            let odd = try await client.send("POST", "/v1/memories?namespace=a%20%26%2Fb", json: ["text": "odd"])
            let place = try #require(odd.headers["location"])
            #expect(try await client.send("GET", place).json["namespace"] == "a &/b")
            #expect(try await client.send("DELETE", "/v1/namespaces/a%20%26%2Fb").json["recordCount"] == 1)
            #expect(try await client.send("GET", "/v1/namespaces").json["namespaces"] == ["ann", "ben"])
            let settings = try await client.send("GET", "/v1/configuration").json
            #expect(settings["limits"]?["bodyBytesMax"] == 4_194_304)
            #expect(settings["keysRequired"] == false)
            #expect(try await client.send("GET", "/v1/namespaces/ann").json["recordCount"] == 1)
            #expect(try await client.send("GET", "/v1/stats?namespace=ben").json["recordCount"] == 1)
            #expect(try await client.send("GET", "/v1/stats").json["recordCount"] == 0)
            let found = try await client.send("POST", "/v1/recall?namespace=ann", json: ["query": "who am I"]).json
            #expect(found["hits"]?.elements.allSatisfy { $0["record"]?["namespace"] == "ann" } == true)
        }
    }

    @Test("Changes come as pages and as events, and a stream goes on from the last one seen")
    func changes() async throws {
        try await TestServer.run { server in
            let client = server.client
            for number in 0..<3 { try await server.engine.remember(.init("memory \(number)")) }
            let page = try await client.send("GET", "/v1/changes?since=0&limit=2").json
            #expect(page["changes"]?.elements.count == 2)
            let next = try #require(page["next"]?.integer)
            #expect(try await client.send("GET", "/v1/changes?since=\(next)").json["changes"]?.elements.count == 1)

            let events = client.request(
                "GET", "/v1/changes", headers: ["Accept": "text/event-stream", "Last-Event-ID": String(next)])
            async let stream = client.exchange([events]) { received in
                String(decoding: received, as: UTF8.self).components(separatedBy: "event: change").count > 2
            }
            try await server.engine.remember("one more")
            let text = String(decoding: try await stream, as: UTF8.self)
            #expect(
                text.contains("content-type: text/event-stream") || text.contains("Content-Type: text/event-stream"))
            #expect(!text.contains("id: \(next)\n"))
            #expect(text.contains("id: \(next + 1)\n"))
            #expect(text.contains("\"operation\":\"remembered\""))
        }
    }

    @Test("A stream ends when the server stops, and so does the server")
    func streamsEnd() async throws {
        let stream = Mutex<Task<[UInt8], any Error>?>(nil)
        try await TestServer.run { server in
            let request = server.client.request("GET", "/v1/changes", headers: ["Accept": "text/event-stream"])
            let opened = AsyncStream<Void>.makeStream()
            let task = Task {
                try await server.client.exchange([request]) { received in
                    if String(decoding: received, as: UTF8.self).contains(": open") { opened.continuation.yield() }
                    return false
                }
            }
            stream.withLock { $0 = task }
            var iterator = opened.stream.makeAsyncIterator()
            await iterator.next()
        }
        let bytes = try await #require(stream.withLock { $0 }).value
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("0\r\n\r\n"))
    }

    @Test("Probes answer without a key, and readiness names what is missing")
    func probes() async throws {
        try await TestServer.run(
            embedder: nil,
            prepare: { keys in
                _ = try keys.create(name: "some", scopes: [.read], namespaces: nil)
            }
        ) { server in
            for path in ["/healthz", "/livez"] {
                #expect(try await server.client.send("GET", path).json["status"] == "ok")
            }
            let ready = try await server.client.send("GET", "/readyz")
            #expect(ready.status == 200)
            #expect(try ready.json["status"] == "degraded")
            try await server.engine.close()
            #expect(try await server.client.send("GET", "/readyz").status == 503)
            #expect(try await server.client.send("GET", "/livez").status == 200)
        }
    }

    @Test("The OpenAPI document describes every route and nothing else")
    func openAPI() async throws {
        try await TestServer.run { server in
            let document = try await server.client.send("GET", "/openapi.json").json
            #expect(document["openapi"] == "3.1.0")
            var described: Set<String> = []
            var operations: [String] = []
            guard case .object(let paths) = try #require(document["paths"]) else { return }
            for (path, item) in paths {
                guard case .object(let methods) = item else { continue }
                for (method, operation) in methods {
                    described.insert("\(method.uppercased()) \(path)")
                    operations.append(operation["operationId"]?.stringValue ?? "")
                }
            }
            #expect(described == Set(server.server.routes.map { "\($0.method) \($0.path)" }))
            #expect(Set(operations).count == operations.count)
            let text = document.jsonText
            let schemas = document["components"]?["schemas"]?.keys ?? []
            for part in text.components(separatedBy: "#/components/schemas/").dropFirst() {
                #expect(schemas.contains(String(part.prefix { $0 != "\"" })))
            }
        }
    }
}
