import Foundation
import Logging
import ServiceLifecycle
import Strata
import StrataCore
import StrataServer
import StrataTesting
import Synchronization
import Testing

/// A folder that goes away with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        // A Unix socket's path has little room, so the folder's is short.
        path = "/tmp/st-" + UUID().uuidString.prefix(13)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Keeps what is logged.
final class LogKeeper: LogHandler, Sendable {
    private struct State {
        var metadata: Logger.Metadata = [:]
        var lines: [String] = []
    }

    private let state = Mutex(State())
    /// Everything is kept.
    var logLevel: Logger.Level {
        get { .debug }
        set {}
    }

    var lines: [String] { state.withLock { $0.lines } }
    var metadata: Logger.Metadata {
        get { state.withLock { $0.metadata } }
        set { state.withLock { $0.metadata = newValue } }
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { state.withLock { $0.metadata[key] = newValue } }
    }

    func log(event: LogEvent) {
        state.withLock { $0.lines.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
}

/// A server over a seeded memory on a free port, in this process.
struct TestServer: Sendable {
    let engine: MemoryEngine
    let client: HTTPClient
    let keys: APIKeyFile
    let path: String
    let log: LogKeeper
    let server: MemoryServer

    /// Runs `body` beside a server and shuts it down gracefully.
    ///
    /// - Parameters:
    ///   - prepare: makes keys before the server starts.
    static func run(
        embedder: (any Embedder)? = SeededEmbedder(), mounts: [any RouteGroup] = [],
        configure: (inout ServerConfiguration) -> Void = { _ in }, prepare: (APIKeyFile) throws -> Void = { _ in },
        _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        let scratch = try Scratch()
        let path = scratch.path + "/data"
        var engineConfiguration = EngineConfiguration()
        engineConfiguration.model = embedder.map { .embedder($0) } ?? .none
        let engine = try await MemoryEngine.open(at: path, configuration: engineConfiguration)
        let keys = APIKeyFile(dataDirectory: path)
        try prepare(keys)
        var configuration = ServerConfiguration()
        configure(&configuration)
        let log = LogKeeper()
        let (urls, found) = AsyncStream.makeStream(of: String.self)
        let server = try MemoryServer(
            engine: engine, configuration: configuration, keys: keys, audit: AuditLog(dataDirectory: path),
            mounts: mounts, logger: Logger(label: "test") { _ in log }
        ) { found.yield($0) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [server], logger: Logger(label: "test") { _ in log }))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                var iterator = urls.makeAsyncIterator()
                let url = try #require(await iterator.next())
                let test = TestServer(
                    engine: engine, client: try HTTPClient(url: url), keys: keys, path: path, log: log, server: server)
                do {
                    try await body(test)
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
        }
        try await engine.close()
        withExtendedLifetime(scratch) {}
    }
}

extension JSONValue {
    subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    subscript(index: Int) -> JSONValue? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    var keys: Set<String> { if case .object(let members) = self { Set(members.keys) } else { [] } }
    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
}
