internal import Foundation
public import StrataCore
internal import Synchronization
public import TextModels

/// Embeds texts with a server that speaks OpenAI's `/v1/embeddings`, as many do, local ones among them.
///
/// A call's texts go in requests of bounded size, some side by side; failed requests are repeated with growing pauses;
/// a server that keeps failing is left alone for a while. What the server counts or cuts off is not known:
/// `Embedding.tokenCount` is 0 unless a text went alone, and `isTruncated` is false.
public final class RemoteEmbedder: Embedder {
    /// Model, revision and dimension; see ``RemoteEmbedderConfiguration/revision``.
    public let space: EmbeddingSpace
    /// The space and the prefixes.
    public let fingerprint: String

    private let configuration: RemoteEmbedderConfiguration
    private let client: Client
    private let state: Mutex<State>

    private struct State {
        var breaker: CircuitBreaker
        var callCount = 0
    }

    /// Sends requests. It holds the key, and nothing prints it.
    private struct Client: Sendable {
        let transport: HTTPTransport
        let url: URL
        let key: String?
        let slots: Slots
        let environment: TransferEnvironment
    }

    /// What the server does at the moment, as the breaker sees it.
    public var breakerState: CircuitBreaker.State { state.withLock { $0.breaker.state } }

    private init(
        _ configuration: RemoteEmbedderConfiguration, _ client: Client, dimension: Int, breaker: CircuitBreaker
    ) {
        self.configuration = configuration
        self.client = client
        state = Mutex(State(breaker: breaker))
        let identity = SHA256.digest(
            of: "\(configuration.endpoint.utf8.count):\(configuration.endpoint)\(configuration.model)")
        space = EmbeddingSpace(
            model: configuration.model, revision: configuration.revision ?? String(identity.description.prefix(12)),
            dimension: dimension)
        let prefixes = [configuration.queryPrefix, configuration.documentPrefix].map { "\($0.utf8.count):\($0)" }
            .joined()
        fingerprint = "\(space.identifier)#\(SHA256.digest(of: prefixes).description.prefix(12))"
    }

    /// An embedder for a server; asks it for one vector when the configuration does not state the dimension.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` for a bad configuration or a missing key;
    ///   ``StrataError/Code/unreachable``, ``StrataError/Code/inferenceFailed`` when the dimension cannot be learnt.
    public static func connect(
        _ configuration: RemoteEmbedderConfiguration, environment: TransferEnvironment
    ) async throws -> RemoteEmbedder {
        let endpoint = configuration.endpoint.hasSuffix("/") ? configuration.endpoint : configuration.endpoint + "/"
        guard let base = URL(string: endpoint), let scheme = base.scheme?.lowercased(),
            ["http", "https"].contains(scheme), base.host?.isEmpty == false, base.user == nil,
            let url = URL(string: endpoint + "embeddings"), url.host == base.host
        else {
            throw StrataError(
                .invalidArgument, "the endpoint must look like https://HOST/v1, without user name and password")
        }
        guard !configuration.model.isEmpty, configuration.model.utf8.count <= 256,
            (1...2048).contains(configuration.textCountMax), configuration.textBytesMax > 0,
            configuration.requestCountMax > 0, configuration.callCountMax > 0,
            configuration.breakerFailureCountMax > 0, (1...4096).contains(configuration.dimension ?? 1)
        else {
            throw StrataError(
                .invalidArgument,
                "remote embedder: model must be named, dimension 1 … 4096, textCountMax 1 … 2048, other limits at least 1"
            )
        }
        let key = try await BlockingLane("key").run { try Self.key(configuration.key, environment) }
        let client = Client(
            transport: HTTPTransport(environment: environment, options: .init(silenceMax: configuration.silenceMax)),
            url: url, key: key, slots: Slots(configuration.requestCountMax), environment: environment)
        var limits = CircuitBreaker.Limits()
        limits.failureCountMax = configuration.breakerFailureCountMax
        limits.openTime = configuration.breakerOpenTime
        let breaker = CircuitBreaker(limits: limits)
        if let dimension = configuration.dimension {
            return RemoteEmbedder(configuration, client, dimension: dimension, breaker: breaker)
        }
        let probe = RemoteEmbedder(configuration, client, dimension: 0, breaker: breaker)
        let learnt = try await probe.ask(["dimension"], dimension: nil)[0].vector.count
        guard (1...4096).contains(learnt) else {
            throw StrataError(.inferenceFailed, "the embedding server gives \(learnt) components, expected 1 … 4096")
        }
        return RemoteEmbedder(configuration, client, dimension: learnt, breaker: breaker)
    }

    private static func key(
        _ source: RemoteEmbedderConfiguration.Key, _ environment: TransferEnvironment
    ) throws -> String? {
        switch source {
        case .none: return nil
        case .variable(let name): return environment.variable(name)
        case .file(let path):
            guard let bytes = FileManager.default.contents(atPath: path),
                let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first
            else { throw StrataError(.invalidArgument, "the key file \(path) cannot be read or is empty") }
            return line.trimmingCharacters(in: .whitespaces)
        }
    }

    /// Embeds texts, in their order.
    ///
    /// - Throws: ``StrataError/Code/unreachable`` when the server fails or is left alone for a while;
    ///   ``StrataError/Code/inferenceFailed`` for an answer that cannot be used; ``StrataError/Code/dimensionMismatch``;
    ///   ``StrataError/Code/overloaded``; `CancellationError`.
    public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        guard !texts.isEmpty else { return [] }
        let isAdmitted = state.withLock { state in
            guard state.callCount < configuration.callCountMax else { return false }
            state.callCount += 1
            return true
        }
        guard isAdmitted else {
            throw StrataError(
                .overloaded, "\(configuration.callCountMax) embedding calls are under way; try again later",
                isRetryable: true)
        }
        defer { state.withLock { $0.callCount -= 1 } }
        let prefix = role == .query ? configuration.queryPrefix : configuration.documentPrefix
        let prefixed = prefix.isEmpty ? texts : texts.map { prefix + $0 }
        let batches = Self.batches(
            prefixed.map(\.utf8.count), countMax: configuration.textCountMax, bytesMax: configuration.textBytesMax)
        var answers = [[Embedding]](repeating: [], count: batches.count)
        try await withThrowingTaskGroup(of: (Int, [Embedding]).self) { group in
            var next = 0
            func addOne() {
                guard next < batches.count else { return }
                let (number, range) = (next, batches[next])
                next += 1
                group.addTask { (number, try await self.ask(Array(prefixed[range]), dimension: self.space.dimension)) }
            }
            for _ in 0..<min(configuration.requestCountMax, batches.count) { addOne() }
            while let (number, answer) = try await group.next() {
                answers[number] = answer
                addOne()
            }
        }
        return answers.flatMap(\.self)
    }

    /// Cuts a row of texts into requests. Pure.
    static func batches(_ sizes: [Int], countMax: Int, bytesMax: Int) -> [Range<Int>] {
        var batches: [Range<Int>] = []
        var (start, bytes) = (0, 0)
        for (index, size) in sizes.enumerated() {
            if index > start, index - start == countMax || bytes + size > bytesMax {
                batches.append(start..<index)
                (start, bytes) = (index, 0)
            }
            bytes += size
        }
        if start < sizes.count { batches.append(start..<sizes.count) }
        return batches
    }

    /// One request with its repetitions.
    private func ask(_ texts: [String], dimension: Int?) async throws -> [Embedding] {
        let admission = state.withLock { $0.breaker.admit(at: client.environment.now()) }
        guard let admission else {
            throw StrataError(
                .unreachable,
                """
                the embedding server \(client.url.host ?? "") failed \(configuration.breakerFailureCountMax) times in a \
                row and is left alone for up to \(Int(configuration.breakerOpenTime / .seconds(1))) s; check it
                """, isRetryable: true)
        }
        do {
            let embeddings = try await askRepeatedly(texts, dimension: dimension)
            state.withLock { $0.breaker.succeed(admission) }
            return embeddings
        } catch let error as StrataError where error.isRetryable || error.code == .inferenceFailed {
            let now = client.environment.now()
            state.withLock { $0.breaker.fail(admission, at: now) }
            throw error
        } catch {
            // A refused key or text says nothing about the server's health.
            state.withLock { $0.breaker.abandon(admission) }
            throw error
        }
    }

    private func askRepeatedly(_ texts: [String], dimension: Int?) async throws -> [Embedding] {
        let question = EmbeddingsExchange.Question(
            model: configuration.model, input: texts,
            dimensions: configuration.sendsDimension ? configuration.dimension : nil)
        let request = HTTPTransport.Request(
            url: client.url, method: "POST", headers: [("content-type", "application/json")], token: client.key,
            body: Array(try JSONEncoder().encode(question)))
        var failureCount = 0
        while true {
            do {
                let body = try await client.slots.use {
                    // Digits of a number, its comma and some room for what servers add.
                    try await self.client.transport.send(request)
                        .collect(bytesMax: texts.count * (dimension ?? 4096) * 32 + (64 << 10))
                }
                return try EmbeddingsExchange.embeddings(
                    in: body, textCount: texts.count, dimension: dimension, space: space.identifier)
            } catch let failure as TransferFailure {
                failureCount += 1
                let pause = configuration.retries.pause(
                    afterFailure: failureCount, retryAfter: failure.retryAfter,
                    random: client.environment.randomBits())
                guard failure.isRetryable, let pause else {
                    throw failure.error(during: "embedding \(texts.count) texts with \(configuration.model)")
                }
                try await client.environment.pause(pause)
            }
        }
    }
}
