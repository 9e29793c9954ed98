import Foundation
import HTTPTypes
import Strata
import StrataCore
import StrataServer
import Synchronization
import Testing

@Suite("Protection")
struct ProtectionTests {
    /// What every scoped route is asked with: a request that a key of its own namespace may send.
    private static func request(for route: Route, namespace: String, id: String) -> (path: String, body: String?) {
        var path = route.path.replacingOccurrences(of: "{namespace}", with: namespace)
            .replacingOccurrences(of: "{id}", with: id)
        if route.namespace == .query { path += "?namespace=\(namespace)" }
        switch route.documentation.operation {
        case "createMemories": return (path, #"{"text":"a secret of ann"}"#)
        case "deleteMemories": return (path + "&filter=%7B%22layer%22%3A%22interact%22%7D", nil)
        case "updateMemory": return (path, #"{"importance":0.7}"#)
        case "moveMemory": return (path, #"{"layer":"assets"}"#)
        case "recall": return (path, #"{"query":"secret"}"#)
        case "createEmbeddings": return (path, #"{"model":"none","input":"a"}"#)
        default: return (path, nil)
        }
    }

    @Test("No route shows, counts or changes a namespace to another's key, full or empty")
    func namespacesAreClosed() async throws {
        let secrets = Mutex<[String: String]>([:])
        try await TestServer.run(prepare: { keys in
            let (_, bob) = try keys.create(name: "bob", scopes: Scope.allCases, namespaces: ["bob"])
            let (_, ann) = try keys.create(name: "ann", scopes: Scope.allCases, namespaces: ["ann"])
            secrets.withLock { $0 = ["bob": bob, "ann": ann] }
        }) { server in
            let (bob, ann) = secrets.withLock { ($0["bob"]!, $0["ann"]!) }
            let record = try await server.engine.remember("a secret of ann", in: "ann").record
            var testedCount = 0
            for route in server.server.routes where route.namespace != .none {
                var answers: [Answer] = []
                for namespace in ["ann", "never-used"] {
                    let (path, body) = Self.request(for: route, namespace: namespace, id: record.id.description)
                    let answer = try await server.client.send(
                        route.method.rawValue, path, body, key: bob, headers: ["X-Request-ID": "same"])
                    #expect(answer.status == 403, "\(route.method) \(route.path)")
                    #expect(!answer.text.contains("secret"))
                    answers.append(answer)
                }
                // A namespace that holds something is refused with the same bytes as one that was never used.
                #expect(answers[0].body == answers[1].body, "\(route.method) \(route.path)")
                testedCount += 1
            }
            #expect(testedCount >= 14)
            // In his own namespace another's id is not there.
            let own = server.client
            #expect(try await own.send("GET", "/v1/memories/\(record.id)", key: bob).status == 404)
            #expect(try await own.send("GET", "/v1/memories/\(record.id)/history", key: bob).status == 404)
            #expect(
                try await own.send("PATCH", "/v1/memories/\(record.id)", #"{"pinned":true}"#, key: bob).status == 404)
            #expect(try await own.send("DELETE", "/v1/memories/\(record.id)", key: bob).status == 404)
            #expect(try await own.send("GET", "/v1/namespaces", key: bob).json["namespaces"] == [])
            #expect(try await own.send("GET", "/v1/stats", key: bob).json["recordCount"] == 0)
            #expect(try await own.send("GET", "/v1/changes", key: bob).json == ["changes": [], "next": 0])
            #expect(try await own.send("POST", "/v1/recall", #"{"query":"secret"}"#, key: bob).json["hits"] == [])
            #expect(try await own.send("GET", "/v1/configuration", key: bob).status == 403)
            #expect(try await own.send("GET", "/v1/memories/\(record.id)", key: ann).status == 200)
            #expect(try await server.engine.stats(in: "ann").store.recordCount == 1)
        }
    }

    @Test("Every scoped route asks for a key and for its scope")
    func scopes() async throws {
        let secrets = Mutex<[Scope: String]>([:])
        try await TestServer.run(prepare: { keys in
            for scope in Scope.allCases {
                let (_, secret) = try keys.create(name: scope.rawValue, scopes: [scope], namespaces: nil)
                secrets.withLock { $0[scope] = secret }
            }
        }) { server in
            let byScope = secrets.withLock { $0 }
            for route in server.server.routes {
                guard case .scope(let needed) = route.access else { continue }
                let (path, body) = Self.request(
                    for: route, namespace: "default", id: "01234567-89ab-7def-8123-456789abcdef")
                let bare = try await server.client.send(route.method.rawValue, path, body)
                #expect(bare.status == 401, "\(route.method) \(route.path)")
                #expect(bare.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
                for (scope, secret) in byScope {
                    let answer = try await server.client.send(route.method.rawValue, path, body, key: secret)
                    #expect(
                        (answer.status == 403) == (scope != needed),
                        "\(route.method) \(route.path) with \(scope): \(answer.status)")
                    #expect(answer.status < 500 || answer.status == 503)
                }
            }
        }
    }

    @Test("A key opens until it is rotated or revoked, and the door stays shut when the last one is gone")
    func keyLife() async throws {
        let first = Mutex<(APIKey, String)?>(nil)
        try await TestServer.run(prepare: { keys in
            let made = try keys.create(name: "first", scopes: [.read], namespaces: nil)
            first.withLock { $0 = made }
        }) { server in
            let (key, secret) = try #require(first.withLock { $0 })
            let client = server.client
            #expect(try await client.send("GET", "/v1/stats", key: secret).status == 200)
            #expect(try await client.send("GET", "/v1/stats", headers: ["X-API-Key": secret]).status == 200)
            #expect(try await client.send("GET", "/v1/stats", key: String(secret.dropLast()) + "x").status == 401)
            #expect(try await client.send("GET", "/v1/stats", key: "strata_000000000000_00").status == 401)
            let (_, renewed) = try server.keys.rotate(key.id)
            #expect(try await client.send("GET", "/v1/stats", key: secret).status == 401)
            #expect(try await client.send("GET", "/v1/stats", key: renewed).status == 200)
            try server.keys.revoke(key.id)
            #expect(try await client.send("GET", "/v1/stats", key: renewed).status == 401)
            try FileManager.default.removeItem(atPath: server.path + "/keys.json")
            #expect(try await client.send("GET", "/v1/stats").status == 401)
            #expect(throws: StrataError.self) { try server.keys.rotate(key.id) }
        }
    }

    @Test("The key file holds no secret and is its owner's alone")
    func keyFile() throws {
        let scratch = try Scratch()
        let keys = APIKeyFile(dataDirectory: scratch.path + "/data")
        let (key, secret) = try keys.create(name: "agent", scopes: [.write, .read], namespaces: ["a"])
        let path = scratch.path + "/data/keys.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!text.contains(secret))
        #expect(!text.contains(secret.suffix(64)))
        #expect(text.contains(SHA256.digest(of: secret).description))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try keys.list().map(\.id) == [key.id])
        #expect(key.scopes == [.read, .write])
        #expect(throws: StrataError.self) { try keys.create(name: "", scopes: [.read], namespaces: nil) }
        #expect(throws: StrataError.self) { try keys.create(name: "x", scopes: [], namespaces: nil) }
        #expect(throws: StrataError.self) { try keys.revoke("nothing") }
        try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: StrataError.self) { try keys.list() }
    }

    @Test("An address beyond this machine needs a key")
    func refusesOpenNetwork() async throws {
        for host in ["0.0.0.0", "::", "192.0.2.1"] {
            await #expect {
                try await TestServer.run(configure: { $0.address = .host(host, port: 0) }) { _ in }
            } throws: { error in
                (error as? StrataError)?.code == .invalidArgument
            }
        }
    }

    @Test("Requests beyond the budget are refused with the time to wait, and the budget comes back")
    func rateLimits() async throws {
        let time = Mutex(Duration.zero)
        try await TestServer.run(configure: { configuration in
            configuration.uptime = { time.withLock { $0 } }
            configuration.limits.costPerSecond = 2
            configuration.limits.costBurst = 4
        }) { server in
            let client = server.client
            let first = try await client.send("GET", "/v1/stats")
            #expect(first.headers["ratelimit-limit"] == "4")
            #expect(first.headers["ratelimit-remaining"] == "2")
            #expect(first.headers["ratelimit-reset"] == "1")
            #expect(try await client.send("GET", "/v1/stats").status == 200)
            let refused = try await client.send("GET", "/v1/stats")
            #expect(refused.status == 429)
            #expect(refused.code == "rate_limited")
            #expect(refused.headers["retry-after"] == "1")
            #expect(try await client.send("GET", "/livez").status == 200)
            time.withLock { $0 = .seconds(1) }
            #expect(try await client.send("GET", "/v1/stats").status == 200)
            #expect(try await client.send("GET", "/v1/stats").status == 429)
        }
    }

    @Test("Guessing keys is slowed by address and costs nobody else's budget")
    func guessing() async throws {
        let secret = Mutex("")
        let time = Mutex(Duration.zero)
        try await TestServer.run(
            configure: { configuration in
                configuration.uptime = { time.withLock { $0 } }
                configuration.limits.costBurst = 100
            },
            prepare: { keys in
                let made = try keys.create(name: "a", scopes: [.read], namespaces: nil).secret
                secret.withLock { $0 = made }
            }
        ) { server in
            var statuses: [Int] = []
            for number in 0..<7 {
                statuses.append(try await server.client.send("GET", "/v1/stats", key: "strata_x_\(number)").status)
            }
            #expect(statuses == [401, 401, 401, 401, 401, 429, 429])
            #expect(try await server.client.send("GET", "/v1/stats", key: secret.withLock { $0 }).status == 200)
        }
    }

    @Test("Names and origins of other sites are refused")
    func rebinding() async throws {
        try await TestServer.run(configure: {
            $0.allowedHosts = ["memory.internal"]
            $0.allowedOrigins = ["https://app.example"]
        }) { server in
            let client = server.client
            let cases: [([String: String], Int)] = [
                ([:], 200), (["Host": "localhost:1"], 200), (["Host": "[::1]:80"], 200),
                (["Host": "memory.internal"], 200), (["Host": "evil.example"], 421),
                (["Host": "127.0.0.1.evil.example"], 421), (["Origin": "https://evil.example"], 403),
                (["Origin": "null"], 403), (["Origin": "http://localhost:9999"], 403),
                (["Origin": "http://\(client.authority)"], 200), (["Origin": "https://app.example"], 200),
            ]
            for (headers, status) in cases {
                let answer = try await client.send("GET", "/v1/stats", headers: headers)
                #expect(answer.status == status, "\(headers)")
            }
        }
    }

    @Test("A page of an allowed origin is told that it may send and read, another is not")
    func crossOrigin() async throws {
        try await TestServer.run(configure: { $0.allowedOrigins = ["https://app.example"] }) { server in
            let asked = ["Access-Control-Request-Method": "POST", "Origin": "https://app.example"]
            let told = try await server.client.send("OPTIONS", "/v1/recall", headers: asked)
            #expect(told.status == 204)
            #expect(told.headers["access-control-allow-origin"] == "https://app.example")
            #expect(told.headers["access-control-allow-methods"] == "POST")
            #expect(told.headers["access-control-allow-headers"]?.contains("Authorization") == true)
            let read = try await server.client.send("GET", "/v1/stats", headers: ["Origin": "https://app.example"])
            #expect(read.headers["access-control-allow-origin"] == "https://app.example")
            let other = try await server.client.send(
                "OPTIONS", "/v1/recall", headers: asked.merging(["Origin": "https://evil.example"]) { $1 })
            #expect(other.status == 403)
            #expect(other.headers["access-control-allow-origin"] == nil)
        }
    }

    @Test("The access log tells routes and keys, and never a text, a query, a filter or a secret")
    func accessLog() async throws {
        try await TestServer.run { server in
            let client = server.client
            _ = try await client.send("POST", "/v1/memories", json: ["text": "zebra stripes"])
            _ = try await client.send("POST", "/v1/recall", json: ["query": "zebra"])
            _ = try await client.send("GET", "/v1/memories?filter=%7B%22speaker%22%3A%22zebra%22%7D")
            _ = try await client.send("POST", "/v1/memories", json: ["text": "x", "zebra": 1], key: "zebra-secret")
            _ = try await client.send("GET", "/zebra", headers: ["X-Request-ID": "my-id.1"])
            let lines = server.log.lines
            #expect(lines.count { $0.hasPrefix("info request") } == 5)
            #expect(lines.contains { $0.contains("/v1/memories") && $0.contains("201") })
            #expect(lines.contains { $0.contains("my-id.1") && $0.contains("404") })
            #expect(!lines.contains { $0.contains("zebra") })
        }
    }

    @Test("Removals by filter and of namespaces are written to the audit log")
    func audit() async throws {
        try await TestServer.run { server in
            try await server.engine.remember("secret words", in: "old")
            _ = try await server.client.send("DELETE", "/v1/namespaces/old")
            _ = try await server.client.send("DELETE", "/v1/memories?filter=%7B%22layer%22%3A%22assets%22%7D")
            let text = try String(contentsOfFile: server.path + "/audit.log", encoding: .utf8)
            let entries = try text.split(separator: "\n").map { try JSONValue(jsonText: String($0)) }
            #expect(entries.map { $0["act"] } == ["deleteNamespace", "deleteMemories"])
            #expect(entries[0]["namespace"] == "old")
            #expect(!text.contains("secret"))
        }
    }
}
