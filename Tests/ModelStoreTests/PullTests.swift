import Foundation
import ModelStore
import StrataCore
import Synchronization
import Testing
import TextModels

@Suite struct PullTests {
    let scratch: Scratch
    let pauses = Pauses()

    init() throws { scratch = try Scratch() }

    func store(_ variables: [String: String] = [:]) -> LocalModelStore {
        LocalModelStore(folder: scratch.path + "/models", environment: pauses.environment(variables))
    }

    func pull(
        _ server: MisbehavingServer, token: String? = nil, _ change: (inout PullOptions) -> Void = { _ in }
    ) async throws -> PullOutcome {
        var options = PullOptions()
        options.silenceMax = .seconds(20)
        change(&options)
        return try await store().pull(
            "team/sample", from: ModelHub(base: server.address, token: token), options: options)
    }

    /// The folder holds exactly what the repository has.
    func expectWhole(_ model: InstalledModel, _ sample: SampleModel) async throws {
        #expect(FileManager.default.contents(atPath: model.folder + "/model.onnx") == Data(sample.weights))
        #expect(try await store().verify(model.name).isGood)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: model.folder).sorted() == [
                ".strata-manifest.json", "model.onnx", "strata-model.json", "tokenizer.json",
            ])
        let rest = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/models")
        #expect(!rest.contains { $0.hasPrefix(".pull") })
    }

    @Test func aPulledModelIsWholeListedAndVerified() async throws {
        let sample = SampleModel()
        let server = try MisbehavingServer { sample.serve($0) }
        let outcome = try await pull(server)
        #expect(!outcome.isKnown)
        try await expectWhole(outcome.model, sample)
        #expect(outcome.model.manifest?.commit == sample.commit)
        #expect(try await store().list().map(\.name) == ["sample"])
        #expect(!server.requests.contains { $0.path.hasSuffix("README.md") })
    }

    @Test func aSecondPullOfTheSameCommitFetchesNothing() async throws {
        let sample = SampleModel()
        let server = try MisbehavingServer { sample.serve($0) }
        _ = try await pull(server)
        let count = server.requests.count
        #expect(try await pull(server).isKnown)
        #expect(server.requests.count == count + 2)  // the list and the card
    }

    @Test func offlineFindsWhatIsThereAndAsksNobody() async throws {
        let sample = SampleModel()
        let server = try MisbehavingServer { sample.serve($0) }
        let missing = await failure { _ = try await pull(server) { $0.isOffline = true } }
        #expect(missing?.code == .notFound && server.requests.isEmpty)
        _ = try await pull(server)
        let count = server.requests.count
        #expect(try await pull(server) { $0.isOffline = true }.isKnown)
        #expect(server.requests.count == count)
    }

    @Test func aConnectionThatBreaksAgainAndAgainIsTakenUpWhereItBroke() async throws {
        let sample = SampleModel()
        let server = try MisbehavingServer { exchange in
            guard let (path, bytes) = sample.file(of: exchange.request), path.hasSuffix(".onnx") else {
                return sample.serve(exchange)
            }
            let start = SampleModel.rangeStart(exchange.request) ?? 0
            let end = min(bytes.count, start + 40_000)
            exchange.head(
                start == 0 ? 200 : 206,
                [
                    "ETag": "\"v1\"", "Content-Length": "\(bytes.count - start)",
                    "Content-Range": "bytes \(start)-\(bytes.count - 1)/\(bytes.count)",
                ])
            exchange.send(Array(bytes[start..<end]))
            // The receiver takes the bytes before it learns of the end.
        }
        try await expectWhole(pull(server).model, sample)
        let starts = server.requests.filter { $0.path.hasSuffix(".onnx") }.map { SampleModel.rangeStart($0) ?? 0 }
        // Each attempt goes on behind what had arrived, never before it.
        #expect(starts.count >= 8 && starts == starts.sorted() && Set(starts).count >= 8)
    }

    @Test func aResetIsRepeatedWithGrowingPauses() async throws {
        let sample = SampleModel()
        let counter = Counter()
        let server = try MisbehavingServer { exchange in
            if exchange.request.path.hasSuffix("tokenizer.json"), counter.next() <= 3 { return exchange.reset() }
            sample.serve(exchange)
        }
        try await expectWhole(pull(server).model, sample)
        #expect(pauses.all.count == 3)
        #expect(pauses.all[0] >= .milliseconds(250) && pauses.all[0] <= .milliseconds(500))
        #expect(pauses.all[2] >= .milliseconds(1000) && pauses.all[2] <= .milliseconds(2000))
    }

    @Test func aServerThatNeverRecoversIsGivenUp() async throws {
        let server = try MisbehavingServer { $0.answer(503) }
        let error = await failure { _ = try await pull(server) }
        #expect(error?.code == .unreachable && error?.isRetryable == true)
        #expect(server.requests.count == 6 && pauses.all.count == 5)
    }

    @Test func tooManyRequestsWaitsAsLongAsTheServerSays() async throws {
        let sample = SampleModel()
        let counter = Counter()
        let server = try MisbehavingServer { exchange in
            if counter.next() == 1 { return exchange.answer(429, ["Retry-After": "17"]) }
            sample.serve(exchange)
        }
        try await expectWhole(pull(server).model, sample)
        #expect(pauses.all == [.seconds(17)])
    }

    @Test func aWaitOfAnHourIsNotWaitedFor() async throws {
        let server = try MisbehavingServer { $0.answer(429, ["Retry-After": "3600"]) }
        #expect(await failure { _ = try await pull(server) }?.code == .unreachable)
        #expect(pauses.all.isEmpty && server.requests.count == 1)
    }

    @Test func wrongBytesAreFetchedOnceMoreAndThenRefused() async throws {
        let sample = SampleModel()
        let server = try MisbehavingServer { exchange in
            guard let (path, bytes) = sample.file(of: exchange.request), path.hasSuffix(".onnx") else {
                return sample.serve(exchange)
            }
            exchange.answer(200, ["ETag": "\"bad\""], bytes.map { $0 ^ 1 })
        }
        let error = await failure { _ = try await pull(server) }
        #expect(error?.code == .corrupted)
        #expect(server.requests.filter { $0.path.hasSuffix(".onnx") }.count == 2)
        #expect(try await store().list().isEmpty)
    }

    @Test func bytesThatComeWrongOnceAreFetchedAnew() async throws {
        let sample = SampleModel()
        let counter = Counter()
        let server = try MisbehavingServer { exchange in
            guard let (path, bytes) = sample.file(of: exchange.request), path.hasSuffix(".onnx"), counter.next() == 1
            else { return sample.serve(exchange) }
            exchange.answer(200, ["ETag": "\"bad\""], bytes.map { $0 ^ 1 })
        }
        try await expectWhole(pull(server).model, sample)
    }

    @Test func aFileOfAnotherLengthThanListedIsRefused() async throws {
        let sample = SampleModel()
        let server = try MisbehavingServer { exchange in
            guard let (path, bytes) = sample.file(of: exchange.request), path.hasSuffix(".onnx") else {
                return sample.serve(exchange)
            }
            exchange.answer(200, [:], bytes + [0])
        }
        #expect(await failure { _ = try await pull(server) }?.code == .unreachable)
    }

    @Test func aServerThatIgnoresRangesIsReadFromTheBeginning() async throws {
        let sample = SampleModel()
        let counter = Counter()
        let server = try MisbehavingServer { exchange in
            guard let (path, bytes) = sample.file(of: exchange.request), path.hasSuffix(".onnx") else {
                return sample.serve(exchange)
            }
            exchange.head(200, ["ETag": "\"v1\"", "Content-Length": "\(bytes.count)"])
            exchange.send(counter.next() == 1 ? Array(bytes.prefix(100_000)) : bytes)
        }
        try await expectWhole(pull(server).model, sample)
        #expect(server.requests.filter { SampleModel.rangeStart($0) != nil }.count == 1)
    }

    @Test func anotherVersionOnTheServerStartsOver() async throws {
        let (old, new) = (SampleModel(statesDigest: false, seed: 1), SampleModel(statesDigest: false, seed: 2))
        let counter = Counter()
        let server = try MisbehavingServer { exchange in
            guard let (path, _) = old.file(of: exchange.request), path.hasSuffix(".onnx") else {
                if exchange.request.path.hasPrefix("/api/") {
                    return exchange.answer(200, [:], new.listing())
                }
                return new.serve(exchange)
            }
            if counter.next() > 1 { return new.serve(exchange) }
            exchange.head(200, ["ETag": "\"old\"", "Content-Length": "\(old.weights.count)"])
            exchange.send(Array(old.weights.prefix(100_000)))
        }
        try await expectWhole(pull(server).model, new)
    }

    @Test func aServerThatHangsIsGivenUpAndItsBytesAreKept() async throws {
        let sample = SampleModel()
        let counter = Counter()
        let server = try MisbehavingServer { exchange in
            guard let (path, bytes) = sample.file(of: exchange.request), path.hasSuffix(".onnx"), counter.next() == 1
            else { return sample.serve(exchange) }
            let tag = "\"\(SampleModel.digest(bytes).prefix(16))\""
            exchange.head(200, ["ETag": tag, "Content-Length": "\(bytes.count)"])
            exchange.send(Array(bytes.prefix(100_000)))
            exchange.hang()
        }
        try await expectWhole(pull(server) { $0.silenceMax = .seconds(1) }.model, sample)
        let last = server.requests.last { $0.path.hasSuffix(".onnx") }
        // As much as had arrived when the silence was too long.
        #expect((1...100_000).contains(try #require(last.flatMap(SampleModel.rangeStart))))
    }

    @Test func anInterruptedPullGoesOnInTheNextOne() async throws {
        let sample = SampleModel()
        let isWell = Mutex(false)
        let server = try MisbehavingServer { exchange in
            guard let (path, bytes) = sample.file(of: exchange.request), path.hasSuffix(".onnx"),
                !isWell.withLock(\.self)
            else { return sample.serve(exchange) }
            guard SampleModel.rangeStart(exchange.request) == nil else { return exchange.answer(500) }
            let tag = "\"\(SampleModel.digest(bytes).prefix(16))\""
            exchange.head(200, ["ETag": tag, "Content-Length": "\(bytes.count)"])
            exchange.send(Array(bytes.prefix(200_000)))
        }
        #expect(await failure { _ = try await pull(server) }?.code == .unreachable)
        #expect(try await store().list().isEmpty)
        // How much of what was sent before the break arrives is the network's business; what did is kept.
        let part = scratch.path + "/models/.pull-sample/model.onnx.part"
        let kept = try #require(FileManager.default.contents(atPath: part)).count
        #expect(kept > 0 && kept <= 200_000)
        isWell.withLock { $0 = true }
        let shown = Mutex<PullProgress?>(nil)
        let outcome = try await store().pull("team/sample", from: ModelHub(base: server.address)) { progress in
            shown.withLock { $0 = progress }
        }
        try await expectWhole(outcome.model, sample)
        let last = server.requests.last { $0.path.hasSuffix(".onnx") }
        #expect(last.flatMap(SampleModel.rangeStart) == kept)
        let latest = shown.withLock { $0 }
        let progress = try #require(latest)
        #expect(
            progress.bytesResumed >= kept && progress.filesDone == 2 && progress.bytesDone == progress.bytesTotal)
    }

    @Test func theTokenStaysWithTheHubWhenItRedirects() async throws {
        let sample = SampleModel()
        let elsewhere = try MisbehavingServer { exchange in
            exchange.answer(200, ["ETag": "\"w\""], sample.weights)
        }
        let target = elsewhere.address
        let server = try MisbehavingServer { exchange in
            guard sample.file(of: exchange.request)?.path.hasSuffix(".onnx") == true else {
                return sample.serve(exchange)
            }
            exchange.answer(302, ["Location": "\(target)/weights?signature=1"])
        }
        try await expectWhole(pull(server, token: "hub-secret").model, sample)
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer hub-secret" })
        #expect(elsewhere.requests.count == 1 && elsewhere.requests[0].headers["authorization"] == nil)
    }

    @Test func redirectsInACircleEnd() async throws {
        let server = try MisbehavingServer { $0.answer(302, ["Location": $0.request.path]) }
        #expect(await failure { _ = try await pull(server) } != nil)
        #expect(server.requests.count == 9)
    }

    @Test func aRefusedTokenIsNotRepeatedAndNotShown() async throws {
        let server = try MisbehavingServer { $0.answer(401) }
        let error = await failure { _ = try await pull(server, token: "hub-secret") }
        #expect(server.requests.count == 1 && error?.message.contains("token") == true)
        #expect(error.map { "\($0) \($0.cause.debugDescription)".contains("hub-secret") } == false)
    }

    @Test func aProxyOfTheEnvironmentIsUsed() async throws {
        let sample = SampleModel()
        let proxy = try MisbehavingServer { sample.serve($0) }
        let variables = ["http_proxy": "http://user:pass@127.0.0.1:\(proxy.port)"]
        let hub = try ModelHub(base: "http://models.invalid", token: "hub-secret")
        let outcome = try await store(variables).pull("team/sample", from: hub)
        try await expectWhole(outcome.model, sample)
        let tunnels = proxy.requests.filter { $0.method == "CONNECT" }
        #expect(!tunnels.isEmpty && tunnels.allSatisfy { $0.path == "models.invalid:80" })
        // The proxy learns its own password and not the token.
        #expect(tunnels.allSatisfy { $0.headers["proxy-authorization"] == "Basic dXNlcjpwYXNz" })
        #expect(tunnels.allSatisfy { $0.headers["authorization"] == nil })
        let direct = await failure {
            var options = PullOptions()
            options.retries.attemptCountMax = 1
            let store = LocalModelStore(
                folder: scratch.path + "/other",
                environment: pauses.environment(variables.merging(["no_proxy": "invalid"]) { $1 }))
            _ = try await store.pull("team/sample", from: hub, options: options)
        }
        #expect(direct?.code == .unreachable)  // straight to a host that does not exist
    }

    @Test func aPlainFileServerIsEnoughWithACard() async throws {
        let sample = SampleModel()
        let server = try MisbehavingServer { exchange in
            let prefix = "/team/sample/resolve/main/"
            guard exchange.request.path.hasPrefix(prefix),
                let bytes = sample.files[String(exchange.request.path.dropFirst(prefix.count))]
            else { return exchange.answer(404) }
            exchange.answer(200, [:], bytes)
        }
        let outcome = try await pull(server) {
            $0.paths = ["onnx/model.onnx"]
            $0.card = sample.files["strata-model.json"]
        }
        try await expectWhole(outcome.model, sample)
        #expect(outcome.model.manifest?.commit == nil)
    }

    @Test func aTakenNameIsOnlyReplacedWhenAskedTo() async throws {
        let (old, new) = (SampleModel(seed: 1), SampleModel(seed: 2))
        let first = try MisbehavingServer { old.serve($0) }
        _ = try await pull(first)
        try FileManager.default.removeItem(atPath: scratch.path + "/models/sample/.strata-manifest.json")
        let second = try MisbehavingServer { new.serve($0) }
        #expect(await failure { _ = try await pull(second) }?.code == .conflict)
        #expect(FileManager.default.contents(atPath: scratch.path + "/models/sample/model.onnx") == Data(old.weights))
        try await expectWhole(pull(second) { $0.replaces = true }.model, new)
    }

    @Test(arguments: ["../x", "a/b/c", "a//b", "a b", "", "a/..", "a/b?x"])
    func namesThatWouldLeadElsewhereAreRefused(repository: String) async throws {
        let error = await failure {
            _ = try await store().pull(repository, from: ModelHub(base: "http://127.0.0.1:9"))
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test func cancellationEndsAHangingPull() async throws {
        let server = try MisbehavingServer { $0.hang() }
        let task = Task { try await pull(server) { $0.silenceMax = .seconds(60) } }
        while server.requests.isEmpty { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
