internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
public import Logging
internal import NIOCore
internal import NIOSSL
public import ServiceLifecycle
public import Strata
internal import StrataCore

/// A memory behind one port: REST, the dialects of others, and whatever route groups are mounted beside.
///
/// It runs as a service until it is shut down gracefully, which finishes the requests that it has accepted. It does not
/// close the engine, which belongs to the caller.
public struct MemoryServer: Service {
    /// The memory that it serves.
    public let engine: MemoryEngine
    /// How it was set up.
    public let configuration: ServerConfiguration
    /// Who may enter; for mounts that do not come as routes.
    public let gate: Gate

    private let ring: KeyRing
    private let table: RouteTable
    private let audit: AuditLog?
    private let logger: Logger
    private let load = ServerLoad()
    private let onListening: @Sendable (String) async -> Void

    /// A server of that memory; it listens when it runs.
    ///
    /// - Parameters:
    ///   - keys: the keys that open it; nil or an empty file lets every local program in.
    ///   - audit: where administrative acts are written down.
    ///   - mounts: further interfaces on the same port; their routes pass the same gate.
    ///   - onListening: told the URL, with the chosen port, once connections are accepted.
    /// - Throws: ``StrataError/Code/invalidArgument`` for an address beyond this machine without keys, and for routes
    ///   that collide; what the key file throws.
    public init(
        engine: MemoryEngine, configuration: ServerConfiguration = ServerConfiguration(), keys: APIKeyFile? = nil,
        audit: AuditLog? = nil, mounts: [any RouteGroup] = [], logger: Logger,
        onListening: @escaping @Sendable (String) async -> Void = { _ in }
    ) throws {
        self.engine = engine
        self.configuration = configuration
        self.audit = audit
        self.logger = logger
        self.onListening = onListening
        ring = try KeyRing(file: keys)
        guard configuration.address.isLocal || ring.hasActiveKeys else {
            throw StrataError(
                .invalidArgument,
                """
                without API keys the server listens on this machine only (127.0.0.1, ::1, localhost or a Unix socket); \
                make a key with `strata keys create` first
                """)
        }
        gate = Gate(configuration: configuration, ring: ring)
        let groups: [any RouteGroup] =
            [
                HealthRoutes(engine: engine), MemoryRoutes(engine: engine),
                RecallRoutes(engine: engine), NamespaceRoutes(engine: engine),
                ChangeRoutes(engine: engine, limits: configuration.limits, load: load),
                StatusRoutes(engine: engine, configuration: configuration, ring: ring), OpenAIRoutes(engine: engine),
            ] + mounts
        var routes = groups.flatMap(\.routes)
        routes.append(OpenAPIDocument.route(describing: routes))
        var seen: Set<String> = []
        for route in routes where !seen.insert("\(route.method) \(route.path)").inserted {
            throw StrataError(.invalidArgument, "two mounts serve \(route.method) \(route.path)")
        }
        table = RouteTable(routes)
    }

    /// All routes, those of mounts included.
    public var routes: [Route] { table.routes }

    /// Listens and answers until it is shut down.
    ///
    /// - Throws: ``StrataError/Code/storageFailure`` for TLS files that cannot be read; what binding the address throws.
    public func run() async throws {
        if case .unix(let path) = configuration.address { try Self.removeStaleSocket(path) }
        let application = Application(
            responder: pipeline, server: try channels(),
            configuration: ApplicationConfiguration(
                address: bindAddress, serverName: "strata",
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.limits.connectionCountMax)),
            onServerRunning: { channel in
                if case .unix(let path) = configuration.address { chmod(path, 0o600) }
                await onListening(url(port: channel.localAddress?.port))
            },
            logger: quietLogger)
        try await application.run()
        if case .unix(let path) = configuration.address { unlink(path) }
    }

    private var pipeline: RequestPipeline {
        RequestPipeline(
            table: table, gate: gate, limits: configuration.limits,
            standardNamespace: MemoryEngine.defaultNamespace, environment: engine.configuration.environment,
            uptime: configuration.uptime, audit: audit, logger: logger, load: load)
    }

    /// The HTTP stack reports its own life at `info`; the server's log is about requests.
    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }

    private var bindAddress: BindAddress {
        switch configuration.address {
        case .host(let host, let port): .hostname(host, port: port)
        case .unix(let path): .unixDomainSocket(path: path)
        }
    }

    private func url(port: Int?) -> String {
        switch configuration.address {
        case .unix(let path): return "unix:\(path)"
        case .host(let host, let given):
            let name = host.contains(":") ? "[\(host)]" : host
            return "\(configuration.tls == nil ? "http" : "https")://\(name):\(port ?? given)"
        }
    }

    private func channels() throws -> HTTPServerBuilder {
        let limits = configuration.limits
        var decoder = HTTP1Channel.Configuration.DecoderConfiguration()
        decoder.maxHeaderFieldSize = limits.headerBytesMax
        decoder.maxHeaderListSize = limits.headerBytesMax
        decoder.maxHeaderFieldCount = 100
        let plain = HTTPServerBuilder.http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [ConnectionGuard(limits: limits)], httpDecoderConfiguration: decoder))
        guard let tls = configuration.tls else { return plain }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(tls.certificatePath).map(NIOSSLCertificateSource.certificate)
            let key = try NIOSSLPrivateKey(file: tls.keyPath, format: .pem)
            return try .tls(
                plain,
                tlsConfiguration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
        } catch {
            throw StrataError(
                .storageFailure, "cannot use the TLS files; both must be readable PEM files that belong together",
                cause: error)
        }
    }

    /// A socket file that nobody listens on is left from a process that was killed.
    ///
    /// The data directory's lock has already made sure that no other server of this memory runs.
    private static func removeStaleSocket(_ path: String) throws {
        guard let status = FileStatus(path: path) else { return }
        guard status.isSocket else {
            throw StrataError(.invalidArgument, "\(path) exists and is no socket; name another path")
        }
        unlink(path)
    }
}
