import MCP
import StrataCore
import StrataTesting
import Testing

/// Whatever comes in, what goes out is nothing or a message of JSON-RPC, and the session goes on.
@Suite struct MalformedInputTests {
    @Test(arguments: [
        ("", -32700), ("{", -32700), ("nul", -32700), ("{\"a\":1,}", -32700), ("{}{}", -32700), ("\u{FEFF}{}", -32700),
        ("\"\\ud800\"", -32700), ("7", -32600), ("null", -32600), ("\"ping\"", -32600), ("{}", -32600), ("[]", -32600),
        (#"{"id":1,"method":"ping"}"#, -32600), (#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
        (#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, -32600), (#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#, -32602),
        (#"{"jsonrpc":"2.0","id":1,"method":"a\u0000\u001b[2Jb"}"#, -32601),
    ])
    func whatIsNoMessageIsAnsweredWithTheFittingError(text: String, code: Int) async throws {
        let client = try await Bench().client()
        #expect(await client.raw(text)?.errorCode == .integer(Int64(code)))
        #expect(await client.send(method: "ping")?["result"] == [:])
    }

    @Test func responsesAndNotificationsAreNotAnswered() async throws {
        let client = try await Bench().client()
        for text in [
            #"{"jsonrpc":"2.0","id":1,"result":{}}"#, #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#,
            #"{"jsonrpc":"2.0","method":"notifications/unheard_of","params":[]}"#,
            #"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}"#,
            #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"remember","arguments":{"text":"x"}}}"#,
        ] { #expect(await client.raw(text) == nil) }
        #expect(try await client.value("memory_stats")["memoryCount"] == 0)
    }

    @Test func bytesThatAreNotUTF8AreRefused() async throws {
        let client = try await Bench().client()
        for bytes: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80]] {
            let message = Array(#"{"jsonrpc":"2.0","id":1,"method":""#.utf8) + bytes + Array(#""}"#.utf8)
            #expect(await client.raw(bytes: message)?.errorCode == -32700)
        }
    }

    @Test func deepNestingIsRefusedAndNotRecursedInto() async throws {
        let client = try await Bench().client()
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = String(repeating: open, count: 100_000) + "1" + String(repeating: close, count: 100_000)
            #expect(await client.raw(deep)?.errorCode == -32700)
            let inside = #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":\#(deep)}}"#
            #expect(await client.raw(inside)?.errorCode == -32700)
        }
        let allowed = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        let metadata = try JSONValue(jsonText: allowed)
        let words = try await client.call("remember", ["text": "Deep.", "metadata": ["a": metadata]])
        #expect(words["isError"] != nil)
    }

    @Test func aHugeTextIsRefusedByTheEnginesLimitAndALargeOneIsKept() async throws {
        let client = try await Bench().client()
        let large = String(repeating: "word ", count: 10_000)
        #expect(try await client.value("remember", ["text": .string(large)])["status"] == "stored")
        let huge = String(repeating: "word ", count: 400_000)
        let words = try await client.failure("remember", ["text": .string(huge)])
        #expect(words.hasPrefix("too_large:") && words.count < 300)
    }

    @Test(arguments: Seeds.ci)
    func mutatedMessagesNeverBreakTheConversation(seed: UInt64) async throws {
        let bench = try await Bench(profiles: [.chatgpt])
        var random = SeededGenerator(seed: seed)
        let clients = [
            try await bench.client(), try await bench.client("2025-03-26"), bench.statelessClient(),
            bench.newcomer(),
        ]
        let requests: [(String, JSONValue)] = [
            (
                "tools/call",
                ["name": "remember", "arguments": ["text": "Tea at five.", "tags": ["tea"], "importance": 0.5]]
            ),
            (
                "tools/call",
                ["name": "recall", "arguments": ["query": "tea", "limit": 3, "filter": ["tags": ["tea"]]]]
            ),
            ("tools/call", ["name": "list_memories", "arguments": ["limit": 2, "since": "2020-01-01T00:00:00Z"]]),
            ("tools/call", ["name": "forget", "arguments": ["ids": ["01a204ac-a63e-7000-9871-18873c080f8e"]]]),
            ("tools/list", [:]),
            ("resources/read", ["uri": "strata://memories/tests/01a204ac-a63e-7000-9871-18873c080f8e"]),
            ("prompts/get", ["name": "recall_memories", "arguments": ["topic": "tea"]]), ("ping", [:]),
            ("initialize", ["protocolVersion": "2025-06-18"]),
        ]
        var answerCount = 0
        for _ in 0..<1500 {
            let client = clients.randomElement(using: &random) ?? clients[0]
            let (method, parameters) = requests.randomElement(using: &random) ?? requests[0]
            var bytes = Array(client.request(parameters, method: method).jsonText.utf8)
            mutate(&bytes, with: &random)
            guard let answer = await client.raw(bytes: bytes) else { continue }
            answerCount += 1
            for message in answer.array.isEmpty ? [answer] : answer.array {
                #expect(message["jsonrpc"] == "2.0" && message["id"] != nil)
                #expect((message["result"] == nil) != (message["error"] == nil))
            }
        }
        #expect(answerCount > 1000)
        #expect(await clients[0].send(method: "ping", id: "last")?["result"] == [:])
    }

    private func mutate(_ bytes: inout [UInt8], with random: inout SeededGenerator) {
        let alphabet = Array("{}[]\":,\\0189-.eE tfnul\u{7F}".utf8) + [0, 0x0A, 0xC3, 0xFF]
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let place = Int.random(in: 0..<max(1, bytes.count), using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: min(place, bytes.count))
            case 1 where !bytes.isEmpty: bytes.remove(at: place)
            case 2 where !bytes.isEmpty: bytes[place] = alphabet.randomElement(using: &random) ?? 0
            case 3: bytes = Array(bytes.prefix(place))
            default:
                let part = bytes[place..<min(bytes.count, place + 20)]
                bytes.insert(contentsOf: part, at: min(place, bytes.count))
            }
        }
    }
}
