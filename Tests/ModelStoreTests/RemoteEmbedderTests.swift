import Foundation
import ModelStore
import StrataCore
import StrataTesting
import Synchronization
import Testing
import TextModels

@Suite struct RemoteEmbedderTests {
    let pauses = Pauses()

    /// The texts of a request.
    private struct Question: Decodable {
        let model: String
        let input: [String]
        let dimensions: Int?
    }

    private static func question(_ exchange: MisbehavingServer.Exchange) throws -> Question {
        try JSONDecoder().decode(Question.self, from: Data(exchange.request.body))
    }

    /// A vector that tells a text apart from others.
    private static func vector(_ text: String) -> [Double] {
        let sum = Double(text.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % 1009 })
        return [sum + 1, Double(text.utf8.count), 1, 2]
    }

    private static func unit(_ vector: [Double]) -> [Float] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { Float($0 / length) }
    }

    private static func answer(_ exchange: MisbehavingServer.Exchange, _ items: [(Int, String)]) {
        let data = items.map { "{\"object\":\"embedding\",\"index\":\($0.0),\"embedding\":\($0.1)}" }
        exchange.answer(
            200, [:], Array("{\"data\":[\(data.joined(separator: ","))],\"usage\":{\"prompt_tokens\":5}}".utf8))
    }

    /// Answers as a server that behaves, the vectors in another order than the texts.
    private static func serve(_ exchange: MisbehavingServer.Exchange) {
        guard let question = try? question(exchange) else { return exchange.answer(400) }
        let items = question.input.enumerated().map { ($0.offset, "\(vector($0.element))") }
        answer(exchange, items.reversed())
    }

    private func embedder(
        _ server: MisbehavingServer, _ variables: [String: String] = [:],
        _ change: (inout RemoteEmbedderConfiguration) -> Void = { _ in }
    ) async throws -> RemoteEmbedder {
        var configuration = RemoteEmbedderConfiguration(endpoint: server.address + "/v1", model: "words")
        configuration.dimension = 4
        configuration.silenceMax = .seconds(20)
        change(&configuration)
        return try await RemoteEmbedder.connect(configuration, environment: pauses.environment(variables))
    }

    @Test func textsComeBackInTheirOrderAtUnitLengthWhateverTheBatches() async throws {
        let server = try MisbehavingServer { Self.serve($0) }
        let embedder = try await embedder(server) { $0.textCountMax = 7 }
        let texts = (0..<100).map { "text number \($0)" }
        let embeddings = try await embedder.embed(texts, as: .document)
        for (text, embedding) in zip(texts, embeddings) {
            #expect(zip(embedding.vector, Self.unit(Self.vector(text))).allSatisfy { abs($0 - $1) < 1e-6 })
        }
        #expect(embeddings.count == 100 && server.requests.count == 15)
        #expect(server.requests.allSatisfy { $0.path == "/v1/embeddings" && $0.method == "POST" })
        #expect(try await embedder.embed([], as: .query).isEmpty)
    }

    @Test func prefixesGoByTheRoleAndDecideOverTheFingerprint() async throws {
        let seen = Mutex<[String]>([])
        let server = try MisbehavingServer { exchange in
            let input = (try? Self.question(exchange).input) ?? []
            seen.withLock { $0 += input }
            Self.serve(exchange)
        }
        let embedder = try await embedder(server) { $0.queryPrefix = "query: " }
        _ = try await embedder.embed(["a"], as: .query)
        _ = try await embedder.embed(["a"], as: .document)
        #expect(seen.withLock(\.self) == ["query: a", "a"])
        let other = try await self.embedder(server)
        #expect(other.space == embedder.space && other.fingerprint != embedder.fingerprint)
    }

    @Test func theDimensionIsLearntWhenNobodyStatesIt() async throws {
        let server = try MisbehavingServer { Self.serve($0) }
        let embedder = try await embedder(server) { $0.dimension = nil }
        #expect(embedder.space.dimension == 4)
    }

    @Test func theSameModelAtAnotherAddressIsAnotherSpaceUnlessARevisionSaysSo() async throws {
        let (first, second) = (try MisbehavingServer { Self.serve($0) }, try MisbehavingServer { Self.serve($0) })
        let spaces = try await (embedder(first).space, embedder(second).space)
        #expect(spaces.0 != spaces.1)
        let named = try await (
            embedder(first) { $0.revision = "r1" }.space, embedder(second) { $0.revision = "r1" }.space
        )
        #expect(named.0 == named.1)
    }

    @Test func aVectorOfAnotherDimensionIsRefused() async throws {
        let server = try MisbehavingServer { Self.answer($0, [(0, "[1, 2, 3]")]) }
        let embedder = try await embedder(server)
        #expect(await failure { _ = try await embedder.embed(["a"], as: .query) }?.code == .dimensionMismatch)
    }

    @Test(arguments: [
        "[1, 2, null, 4]", "[0, 0, 0, 0]", "\"AAAA\"", "[1, 2, \"NaN\", 4]", "[1e39, 0, 0, 0]",
        // NaN, 0, 0, 0 as floats in Base64
        "\"AADAfwAAAAAAAAAAAAAAAA==\"",
    ])
    func numbersThatAreNoneAreRefused(vector: String) async throws {
        let server = try MisbehavingServer { Self.answer($0, [(0, vector)]) }
        let embedder = try await embedder(server)
        let code = await failure { _ = try await embedder.embed(["a"], as: .query) }?.code
        #expect(code == .inferenceFailed || code == .dimensionMismatch)
    }

    @Test func floatsInBase64AreRead() async throws {
        // 3, 0, 4, 0
        let server = try MisbehavingServer { Self.answer($0, [(0, "\"AABAQAAAAAAAAIBAAAAAAA==\"")]) }
        let vector = try await embedder(server).embed(["a"], as: .query)[0].vector
        #expect(vector == [0.6, 0, 0.8, 0])
    }

    @Test(arguments: [[(0, "[1,2,3,4]")], [(0, "[1,2,3,4]"), (0, "[1,2,3,4]")], [(0, "[1,2,3,4]"), (2, "[1,2,3,4]")]])
    func answersForOtherTextsAreRefused(items: [(Int, String)]) async throws {
        let server = try MisbehavingServer { Self.answer($0, items) }
        let embedder = try await embedder(server)
        #expect(await failure { _ = try await embedder.embed(["a", "b"], as: .query) }?.code == .inferenceFailed)
    }

    @Test func aBusyServerIsAskedAgainWhenItSaysSo() async throws {
        let counter = Counter()
        let server = try MisbehavingServer { exchange in
            switch counter.next() {
            case 1: exchange.answer(429, ["Retry-After": "9"])
            case 2: exchange.answer(503)
            case 3: exchange.reset()
            case 4: exchange.hang()
            default: Self.serve(exchange)
            }
        }
        #expect(try await embedder(server) { $0.silenceMax = .seconds(1) }.embed(["a"], as: .query).count == 1)
        #expect(pauses.all.count == 4 && pauses.all[0] == .seconds(9))
    }

    @Test func aRefusedKeyIsNotRepeatedAndNeverShown() async throws {
        let server = try MisbehavingServer { $0.answer(401, [:], Array("bad key sk-secret".utf8)) }
        let embedder = try await embedder(server, ["STRATA_EMBEDDING_KEY": "sk-secret"])
        let error = await failure { _ = try await embedder.embed(["private words"], as: .query) }
        #expect(error?.code == .unreachable && error?.isRetryable == false)
        #expect(server.requests.count == 1 && server.requests[0].headers["authorization"] == "Bearer sk-secret")
        let shown = error.map { "\($0) \($0.cause.debugDescription)" } ?? "sk-secret"
        #expect(!shown.contains("sk-secret") && !shown.contains("private words"))
    }

    @Test func theKeyMayLieInAFile() async throws {
        let scratch = try Scratch()
        let path = try scratch.write("key", Array("sk-from-file\n".utf8))
        let server = try MisbehavingServer { Self.serve($0) }
        _ = try await embedder(server) { $0.key = .file(path) }.embed(["a"], as: .query)
        #expect(server.requests[0].headers["authorization"] == "Bearer sk-from-file")
        let missing = await failure { _ = try await embedder(server) { $0.key = .file(path + "x") } }
        #expect(missing?.code == .invalidArgument)
    }

    @Test func aServerThatKeepsFailingIsLeftAloneAndTriedAgain() async throws {
        let isWell = Mutex(false)
        let server = try MisbehavingServer { exchange in
            if isWell.withLock(\.self) { Self.serve(exchange) } else { exchange.answer(500) }
        }
        let embedder = try await embedder(server) {
            $0.breakerFailureCountMax = 2
            $0.retries.attemptCountMax = 1
        }
        for _ in 0..<2 {
            #expect(await failure { _ = try await embedder.embed(["a"], as: .query) }?.code == .unreachable)
        }
        #expect(embedder.breakerState == .open)
        for _ in 0..<5 {
            #expect(await failure { _ = try await embedder.embed(["a"], as: .query) }?.isRetryable == true)
        }
        #expect(server.requests.count == 2)  // refused without a request
        isWell.withLock { $0 = true }
        pauses.clock.advance(by: .seconds(31))
        #expect(try await embedder.embed(["a"], as: .query).count == 1)
        #expect(embedder.breakerState == .closed)
    }

    @Test func cancellationEndsAHangingCall() async throws {
        let server = try MisbehavingServer { $0.hang() }
        let embedder = try await embedder(server) { $0.silenceMax = .seconds(60) }
        let task = Task { try await embedder.embed(["a"], as: .query) }
        while server.requests.isEmpty { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func tooManyCallsAreToldSoAtOnce() async throws {
        let server = try MisbehavingServer { $0.hang() }
        let embedder = try await embedder(server) {
            $0.silenceMax = .seconds(60)
            $0.callCountMax = 1
        }
        let task = Task { try await embedder.embed(["a"], as: .query) }
        while server.requests.isEmpty { await Task.yield() }
        #expect(await failure { _ = try await embedder.embed(["b"], as: .query) }?.code == .overloaded)
        task.cancel()
        _ = try? await task.value
    }

    @Test(arguments: ["ftp://host/v1", "http://", "not a url", "http://user:pass@host/v1"])
    func endpointsThatAreNoneAreRefused(endpoint: String) async throws {
        let configuration = RemoteEmbedderConfiguration(endpoint: endpoint, model: "m")
        let error = await failure {
            _ = try await RemoteEmbedder.connect(configuration, environment: pauses.environment())
        }
        #expect(error?.code == .invalidArgument)
    }
}
