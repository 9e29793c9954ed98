import Foundation
import HTTPTypes
import ServiceLifecycle
import Strata
import StrataCore
import StrataServer
import StrataTesting
import Synchronization
import Testing

@Suite("Requests")
struct RequestTests {
    @Test(
        "Bad input is refused with a problem that names the field, and changes nothing",
        arguments: [
            ("POST", "/v1/memories", #"{"text":"a","txet":"b"}"#, "txet"),
            ("POST", "/v1/memories", #"{"speaker":"a"}"#, "text"),
            ("POST", "/v1/memories", #"{"text":1}"#, "text"),
            ("POST", "/v1/memories", #"{"text":"a","layer":"attic"}"#, "layer"),
            ("POST", "/v1/memories", #"{"text":"a","importance":2}"#, "importance"),
            ("POST", "/v1/memories", #"{"text":"a","tags":["x",2]}"#, "tags"),
            ("POST", "/v1/memories", #"{"text":"a","occurredAt":"yesterday"}"#, "occurredAt"),
            ("POST", "/v1/memories", #"{"text":"a","id":"7"}"#, "id"),
            ("POST", "/v1/memories", #"{"memories":[{"text":"a"},{"txt":"b"}]}"#, "memories[1]"),
            ("POST", "/v1/memories", #"{"memories":[],"more":1}"#, "more"),
            ("POST", "/v1/memories", #"[{"text":"a"}]"#, "object"),
            ("POST", "/v1/memories", #"{"text":"a""#, "JSON"),
            ("POST", "/v1/memories", "", "empty"),
            ("POST", "/v1/memories?onDuplicate=explode", #"{"text":"a"}"#, "onDuplicate"),
            ("POST", "/v1/memories?colour=red", #"{"text":"a"}"#, "colour"),
            ("POST", "/v1/memories?namespace=a&namespace=b", #"{"text":"a"}"#, "namespace"),
            ("POST", "/v1/memories?namespace=", #"{"text":"a"}"#, "namespace"),
            ("POST", "/v1/memories?namespace=%ff", #"{"text":"a"}"#, "percent"),
            ("GET", "/v1/memories?limit=0", nil, "limit"),
            ("GET", "/v1/memories?limit=many", nil, "limit"),
            ("GET", "/v1/memories?cursor=!!", nil, "cursor"),
            ("GET", "/v1/memories?filter=nonsense", nil, "filter"),
            ("GET", "/v1/memories?filter=%7B%22colour%22%3A1%7D", nil, "colour"),
            ("GET", "/v1/memories/not-an-id", nil, "UUID"),
            ("DELETE", "/v1/memories?filter=%7B%7D&dryRun=perhaps", nil, "dryRun"),
            ("PATCH", "/v1/memories/01234567-89ab-7def-8123-456789abcdef", #"{"pinned":null}"#, "pinned"),
            ("PATCH", "/v1/memories/01234567-89ab-7def-8123-456789abcdef", #"{"speaker":"x"}"#, "speaker"),
            ("PATCH", "/v1/memories/01234567-89ab-7def-8123-456789abcdef", "{}", "field"),
            ("POST", "/v1/memories/01234567-89ab-7def-8123-456789abcdef/move", #"{"layer":"x"}"#, "layer"),
            ("POST", "/v1/recall", #"{"limit":3}"#, "query"),
            ("POST", "/v1/recall", #"{"query":"a","limit":0}"#, "limit"),
            ("POST", "/v1/recall", #"{"query":"a","layers":[]}"#, "layers"),
            ("POST", "/v1/recall", #"{"query":"a","timeZone":"Mars/Base"}"#, "timeZone"),
            ("POST", "/v1/recall", #"{"query":"a","deadlineMs":0}"#, "deadlineMs"),
            ("POST", "/v1/recall", #"{"query":"a","filter":{"tags":{"some":[]}}}"#, "tags"),
            ("GET", "/v1/changes?since=-1", nil, "since"),
            ("GET", "/v1/changes?limit=0", nil, "limit"),
        ] as [(String, String, String?, String)])
    func badInput(method: String, path: String, body: String?, named: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.client.send(method, path, body)
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.headers["content-type"] == "application/problem+json")
            let problem = try answer.json
            #expect(problem["status"]?.integer == 400)
            #expect(problem["detail"]?.stringValue?.contains(named) == true, "\(answer.text)")
            #expect(problem["requestId"]?.stringValue == answer.headers["x-request-id"])
            #expect(try await server.engine.stats().store.change == 0)
        }
    }

    @Test("Paths and methods that are not there say so")
    func unknownPaths() async throws {
        try await TestServer.run { server in
            #expect(try await server.client.send("GET", "/nothing").status == 404)
            #expect(try await server.client.send("GET", "/v1/memories/").status == 404)
            let wrong = try await server.client.send("PUT", "/v1/memories")
            #expect(wrong.status == 405)
            #expect(wrong.headers["allow"] == "DELETE, GET, POST")
            for path in ["/v1/memories", "/v1/recall"] {
                let form = try await server.client.send(
                    "POST", path, "text=a", headers: ["Content-Type": "application/x-www-form-urlencoded"])
                #expect(form.status == 415)
                #expect(form.code == "unsupported_media_type")
            }
            let head = try await server.client.exchange([server.client.request("HEAD", "/livez")])
            let text = String(decoding: head, as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 200"))
            #expect(text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test("A request that comes in pieces is the request that comes whole, wherever it is cut")
    func everyByteBoundary() async throws {
        try await TestServer.run { server in
            let request = server.client.request(
                "POST", "/v1/recall", #"{"query":"Zoë","limit":1}"#, headers: ["X-Request-ID": "r"])
            let whole = try Answer(wire: try await server.client.exchange([request]))
            #expect(whole.status == 200)
            for cut in 1..<request.count {
                let pieces = [Array(request[..<cut]), Array(request[cut...])]
                let answer = try Answer(wire: try await server.client.exchange(pieces))
                #expect(answer.status == 200, "cut at byte \(cut)")
                #expect(try answer.json["hits"] == whole.json["hits"])
            }
            let bytes = try Answer(wire: try await server.client.exchange(request.map { [$0] }))
            #expect(bytes.status == 200)
        }
    }

    @Test("Requests that come glued together are answered in their order")
    func pipelining() async throws {
        try await TestServer.run { server in
            let client = server.client
            let first = client.request("GET", "/livez", headers: ["Connection": "keep-alive", "X-Request-ID": "one"])
            let second = client.request("GET", "/livez", headers: ["X-Request-ID": "two"])
            let text = String(decoding: try await client.exchange([first + second]), as: UTF8.self)
            let ids = text.components(separatedBy: "\r\n").filter { $0.lowercased().hasPrefix("x-request-id") }
            #expect(ids.map { $0.suffix(3) } == ["one", "two"])
        }
    }

    @Test("A client that offers an upgrade is answered and the connection ends")
    func upgradeOffer() async throws {
        try await TestServer.run { server in
            let request = server.client.request(
                "GET", "/livez",
                headers: ["Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABk"])
            let answer = try Answer(wire: try await server.client.exchange([request]))
            #expect(answer.status == 200)
            #expect(answer.headers["connection"] == "close")
        }
    }

    @Test("What is no HTTP is refused and the server goes on")
    func garbage() async throws {
        try await TestServer.run { server in
            for bytes in [
                Array("\u{0}\u{1}\u{2}\r\n\r\n".utf8), Array("GET\r\n\r\n".utf8), [UInt8](repeating: 0xFF, count: 999),
            ] {
                let text = String(decoding: try await server.client.exchange([bytes]), as: UTF8.self)
                #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 400"))
            }
            let long = server.client.request(
                "GET", "/livez", headers: ["X-Long": String(repeating: "a", count: 40_000)])
            let text = String(decoding: try await server.client.exchange([long]), as: UTF8.self)
            #expect(!text.hasPrefix("HTTP/1.1 200"))
            #expect(try await server.client.send("GET", "/livez").status == 200)
        }
    }

    @Test("Damaged requests are never the server's failure", arguments: [1, 2, 3] as [UInt64])
    func damagedRequests(seed: UInt64) async throws {
        // A damaged length or head has the server wait for what never comes.
        try await TestServer.run(configure: {
            $0.limits.headTimeout = .milliseconds(100)
            $0.limits.bodyTimeout = .milliseconds(100)
        }) { server in
            var random = SeededGenerator(seed: seed)
            let requests = [
                ("POST", "/v1/memories?onDuplicate=link", #"{"text":"a","metadata":{"k":[1,2.5,null]},"tags":["x"]}"#),
                ("POST", "/v1/memories", #"{"memories":[{"text":"b","occurredAt":"2026-05-04"},{"text":"c"}]}"#),
                ("POST", "/v1/recall", #"{"query":"a","filter":{"or":[{"tags":{"any":["x"]}}]},"limit":3}"#),
                ("GET", "/v1/memories?filter=%7B%22metadata.k%22%3A%7B%22contains%22%3A1%7D%7D&limit=2", nil),
            ].map { server.client.request($0.0, $0.1, $0.2) }
            var answeredCount = 0
            for _ in 0..<30 {
                var bytes = requests.randomElement(using: &random) ?? []
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes.remove(at: place)
                    default: bytes.insert(bytes[place], at: place)
                    }
                }
                // What is missing from a damaged body would be waited for; this much blank space completes any.
                bytes += Array(repeating: UInt8(ascii: " "), count: 8)
                let answer = try await server.client.exchange([bytes]) { received in
                    received.firstRange(of: Array("\r\n\r\n".utf8)) != nil
                }
                let status = Int(
                    String(decoding: answer, as: UTF8.self).split(separator: " ").dropFirst().first ?? "400")
                #expect((200..<500).contains(status ?? 0), "seed \(seed): \(status ?? 0)")
                if !answer.isEmpty { answeredCount += 1 }
            }
            #expect(answeredCount > 15)
            #expect(try await server.client.send("GET", "/livez").status == 200)
        }
    }

    @Test("Many clients at once each get their own answer, and nothing is lost or stored twice")
    func manyClients() async throws {
        try await TestServer.run { server in
            let client = server.client
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let text = "client \(number) says hello"
                        let made = try await client.send("POST", "/v1/memories", json: ["text": .string(text)])
                        #expect(made.status == 201)
                        let found = try await client.send(
                            "POST", "/v1/recall", json: ["query": .string(text), "limit": 1],
                            headers: ["X-Request-ID": "c\(number)"])
                        #expect(found.headers["x-request-id"] == "c\(number)")
                        #expect(try found.json["hits"]?[0]?["record"]?["text"]?.stringValue == text)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await server.engine.stats().store.recordCount == 40)
        }
    }

    @Test("A body beyond the limit is refused, told or not how long it is")
    func bodyLimit() async throws {
        try await TestServer.run(configure: { $0.limits.bodyBytesMax = 1000 }) { server in
            let client = server.client
            let long = String(repeating: "a", count: 2000)
            let told = try await client.send("POST", "/v1/memories", json: ["text": .string(long)])
            #expect(told.status == 413)
            #expect(told.code == "too_large")
            let chunk = "7d0\r\n\(long)\r\n0\r\n\r\n"
            let head = client.request("POST", "/v1/memories", headers: ["Transfer-Encoding": "chunked"])
            let chunked = try Answer(wire: try await client.exchange([head + Array(chunk.utf8)]))
            #expect(chunked.status == 413)
            let fits = try await client.send("POST", "/v1/memories", json: ["text": .string(String(long.prefix(900)))])
            #expect(fits.status == 201)
        }
    }

    @Test("A client that does not finish its request is cut off", arguments: [true, false])
    func slowClients(finishesHead: Bool) async throws {
        try await TestServer.run(configure: {
            $0.limits.headTimeout = .milliseconds(100)
            $0.limits.bodyTimeout = .milliseconds(100)
        }) { server in
            let head = "POST /v1/memories HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
            let bytes = Array((finishesHead ? head + "\r\n{" : head).utf8)
            // The exchange ends because the server closes; nothing else would end it.
            let answer = try await server.client.exchange([bytes])
            #expect(!String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 2"))
            #expect(try await server.engine.stats().store.change == 0)
        }
    }

    @Test("An Idempotency-Key carries a request out once, for one body and one caller")
    func idempotency() async throws {
        try await TestServer.run { server in
            let client = server.client
            func post(_ text: String, _ key: String) async throws -> Answer {
                try await client.send(
                    "POST", "/v1/memories?onDuplicate=keep", json: ["text": .string(text)],
                    headers: ["Idempotency-Key": key])
            }
            let first = try await post("once", "k1")
            let again = try await post("once", "k1")
            #expect(first.status == 201)
            #expect(again.status == 201)
            #expect(again.body == first.body)
            #expect(again.headers["idempotent-replayed"] == "true")
            #expect(first.headers["idempotent-replayed"] == nil)
            let other = try await post("twice", "k1")
            #expect(other.status == 422)
            #expect(other.code == "idempotency_mismatch")
            #expect(try await post("once", "k2").status == 201)
            #expect(try await post(" ", "k3").status == 400)
            #expect(try await post("after all", "k3").status == 201)
            #expect(try await server.engine.stats().store.recordCount == 3)
        }
    }

    @Test("Work that takes too long is cancelled and told as such")
    func timeouts() async throws {
        let isCancelled = Mutex(false)
        let slow = TestRoutes(path: "/slow") { _ in
            do {
                try await Task.sleep(for: .seconds(600))
            } catch {
                isCancelled.withLock { $0 = true }
                throw error
            }
            return Reply()
        }
        try await TestServer.run(mounts: [slow], configure: { $0.limits.requestTimeout = .milliseconds(50) }) {
            server in
            let answer = try await server.client.send("GET", "/slow")
            #expect(answer.status == 504)
            #expect(answer.code == "deadline_exceeded")
            #expect(isCancelled.withLock { $0 })
        }
    }

    @Test("Beyond the number of requests at once further ones are told to come back")
    func concurrencyLimit() async throws {
        let gate = AsyncStream<Void>.makeStream()
        let entered = AsyncStream<Void>.makeStream()
        let stuck = TestRoutes(path: "/stuck") { _ in
            entered.continuation.yield()
            for await _ in gate.stream { break }
            return Reply()
        }
        try await TestServer.run(mounts: [stuck], configure: { $0.limits.requestCountMax = 1 }) { server in
            async let first = server.client.send("GET", "/stuck")
            for await _ in entered.stream { break }
            let refused = try await server.client.send("GET", "/v1/stats")
            #expect(refused.status == 503)
            #expect(refused.code == "overloaded")
            #expect(refused.headers["retry-after"] != nil)
            gate.continuation.yield()
            #expect(try await first.status == 200)
            #expect(try await server.client.send("GET", "/v1/stats").status == 200)
        }
    }

    @Test("A request that was accepted is finished when the server stops")
    func acceptedRequestsAreFinished() async throws {
        let entered = AsyncStream<Void>.makeStream()
        let late = TestRoutes(path: "/late") { _ in
            entered.continuation.yield()
            // Returns when the server has been told to stop, so that the answer is sent after that.
            try await gracefulShutdown()
            return .json(["done": true])
        }
        let answer = Mutex<Task<Answer, any Error>?>(nil)
        try await TestServer.run(mounts: [late]) { server in
            let task = Task { try await server.client.send("GET", "/late") }
            answer.withLock { $0 = task }
            for await _ in entered.stream { break }
        }
        let done = try await #require(answer.withLock { $0 }).value
        #expect(done.status == 200)
        #expect(try done.json == ["done": true])
    }

    @Test("What a mount throws and nobody knows becomes 500 without its words")
    func unknownErrors() async throws {
        struct Secretive: Error { let words = "hidden words" }
        let faulty = TestRoutes(path: "/faulty") { _ in throw Secretive() }
        try await TestServer.run(mounts: [faulty]) { server in
            let answer = try await server.client.send("GET", "/faulty")
            #expect(answer.status == 500)
            #expect(answer.code == "internal")
            #expect(!answer.text.contains("hidden"))
            #expect(server.log.lines.contains { $0.hasPrefix("error") })
        }
    }

    @Test("Two mounts cannot serve the same path")
    func collidingMounts() async throws {
        let mount = TestRoutes(path: "/v1/stats") { _ in Reply() }
        await #expect(throws: StrataError.self) { try await TestServer.run(mounts: [mount]) { _ in } }
    }

    @Test("A Unix socket serves its owner and goes away with the server")
    func unixSocket() async throws {
        let scratch = try Scratch()
        let path = scratch.path + "/s"
        try await TestServer.run(configure: { $0.address = .unix(path: path) }) { server in
            #expect(try await server.client.send("GET", "/v1/stats").status == 200)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}

/// A mounted route that does what a test wants.
struct TestRoutes: RouteGroup {
    let path: String
    let handler: @Sendable (ServerRequest) async throws -> Reply

    var routes: [Route] {
        [
            Route(
                .get, path, access: .scope(.read), namespace: .none,
                documentation: RouteDocumentation("test", "A test.", responses: [200: [:]]), handler: handler)
        ]
    }
}
