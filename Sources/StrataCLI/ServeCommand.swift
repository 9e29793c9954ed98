internal import ArgumentParser
internal import Foundation
internal import Logging
internal import MCP
internal import ServiceLifecycle
internal import Strata
internal import StrataCore
internal import StrataServer
internal import UnixSignals

/// `strata serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the memory over HTTP, to any program and language.",
        discussion: """
            Listens on this machine only, and lets every local program in, until `strata keys create` has made a key. \
            Other addresses need a key. The URL is printed as one line once the server answers. SIGTERM and Ctrl-C \
            stop it; requests that were accepted are finished.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("The address to listen on. Default: 127.0.0.1.", valueName: "address"))
    var host: String?

    @Option(help: ArgumentHelp("The port; 0 takes a free one. Default: 7331.", valueName: "number"))
    var port: Int?

    @Option(help: ArgumentHelp("Listen on a Unix domain socket instead.", valueName: "path"))
    var unix: String?

    @Option(help: ArgumentHelp("A PEM file with the certificate chain; speaks HTTPS.", valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("A PEM file with the certificate's private key.", valueName: "file"))
    var tlsKey: String?

    @Option(help: ArgumentHelp("Another host name that requests may address; may be repeated.", valueName: "name"))
    var allowHost: [String] = []

    @Option(help: ArgumentHelp("An origin whose web pages may send requests; may be repeated.", valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "What a key or an address may spend a second, a plain read costing 1. Default: 2000.", valueName: "number"))
    var rateLimit: Double?

    @Option(help: ArgumentHelp("How much is logged: debug, info, notice, warning or error.", valueName: "level"))
    var logLevel = "info"

    func run() async throws {
        let output = common.output
        let configuration = try serverConfiguration()
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw UsageError("--log-level is none of debug, info, notice, warning, error")
        }
        let path = try common.dataDirectory()
        var logger = Logger(label: "strata") { JSONLogHandler(label: $0) }
        logger.logLevel = level
        let log = logger
        // A process that stays has the time to promote, expire and clean up by itself.
        try await common.withEngine(CommonOptions.Need(makesDirectory: true, worksInBackground: true)) { engine in
            output.warnings(engine.modelDegradations)
            let server = try MemoryServer(
                engine: engine, configuration: configuration, keys: APIKeyFile(dataDirectory: path),
                audit: AuditLog(dataDirectory: path),
                mounts: [MCPRoutes(endpoint: MCPHTTPEndpoint(server: MCPServer(engine: engine)))], logger: log
            ) { url in
                if output.json {
                    output.result(JSONValue.object(["url": .string(url)]).jsonText)
                } else {
                    output.result("listening on \(url)")
                }
            }
            var services = ServiceGroupConfiguration(
                services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: Self.quiet(log))
            services.maximumGracefulShutdownDuration = configuration.limits.shutdownTimeout
            try await ServiceGroup(configuration: services).run()
        }
    }

    private func serverConfiguration() throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        if let unix {
            guard host == nil, port == nil else { throw UsageError("--unix takes the place of --host and --port") }
            guard !unix.isEmpty, unix.utf8.count <= 100 else {
                throw UsageError("--unix takes a path of 1 through 100 bytes")
            }
            configuration.address = .unix(path: unix)
        } else {
            let port = port ?? 7331
            guard (0...65_535).contains(port) else { throw UsageError("--port is \(port), expected 0 through 65535") }
            configuration.address = .host(host ?? "127.0.0.1", port: port)
        }
        switch (tlsCert, tlsKey) {
        case (nil, nil): break
        case (let certificate?, let key?):
            configuration.tls = TLSFiles(certificatePath: certificate, keyPath: key)
        default: throw UsageError("--tls-cert and --tls-key go together")
        }
        configuration.allowedHosts = Set(allowHost)
        configuration.allowedOrigins = Set(allowOrigin)
        if let rateLimit {
            guard rateLimit >= 1 else { throw UsageError("--rate-limit is \(rateLimit), expected 1 or more") }
            configuration.limits.costPerSecond = rateLimit
            configuration.limits.costBurst = 2 * rateLimit
        }
        return configuration
    }

    /// Services that start and stop are told by the URL and the end of the process.
    private static func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }
}
