/// Where a server listens.
public enum ListeningAddress: Sendable, Hashable {
    /// A host name or IP address, and a port; port 0 has the system choose one.
    case host(String, port: Int)
    /// A Unix domain socket at that path, which only its owner may open.
    case unix(path: String)

    /// Whether only programs of this machine can reach it.
    public var isLocal: Bool {
        switch self {
        case .host(let host, _): ["127.0.0.1", "::1", "localhost"].contains(host)
        case .unix: true
        }
    }
}

/// The files that a server identifies itself with.
public struct TLSFiles: Sendable, Hashable {
    /// A PEM file: the certificate, then those that lead to a root.
    public var certificatePath: String
    /// A PEM file with the private key.
    public var keyPath: String

    /// Those two files.
    public init(certificatePath: String, keyPath: String) {
        self.certificatePath = certificatePath
        self.keyPath = keyPath
    }
}

/// The bounds of what a server takes on at once.
public struct ServerLimits: Sendable, Hashable {
    /// The bytes of a request's body. 4 MiB.
    public var bodyBytesMax = 4 << 20
    /// The bytes of all header fields of a request. 32 KiB.
    public var headerBytesMax = 32 << 10
    /// Connections that are open at once; further ones wait in the system's queue. 1024.
    public var connectionCountMax = 1024
    /// Requests that are worked on at once; one more is answered `overloaded`. 256.
    public var requestCountMax = 256
    /// Event streams that are open at once. 128.
    public var streamCountMax = 128
    /// How long a new connection may take until its first request's head is complete. 10 s.
    public var headTimeout: Duration = .seconds(10)
    /// How long a request's body may take. 30 s.
    public var bodyTimeout: Duration = .seconds(30)
    /// How long a connection may rest between requests. 60 s.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a request may be worked on; then the work is cancelled. 30 s.
    public var requestTimeout: Duration = .seconds(30)
    /// How long accepted requests may take once the server is told to stop. 30 s.
    public var shutdownTimeout: Duration = .seconds(30)
    /// What a key, or an address without one, may spend a second; a plain read costs 1. 2000.
    public var costPerSecond = 2000.0
    /// What it may spend at once after a rest. 4000.
    public var costBurst = 4000.0

    /// The default limits.
    public init() {}
}

/// Everything that can be set about a server.
public struct ServerConfiguration: Sendable {
    /// Where it listens; by default a port of its own choice on this machine only.
    public var address: ListeningAddress = .host("127.0.0.1", port: 0)
    /// What it identifies itself with; nil speaks plain HTTP.
    public var tls: TLSFiles?
    /// The bounds.
    public var limits = ServerLimits()
    /// Host names that requests may address besides those of this machine.
    public var allowedHosts: Set<String> = []
    /// Origins (`https://app.example`) of web pages that may send requests; the server's own pages may in any case.
    public var allowedOrigins: Set<String> = []
    /// The time since some moment, for limits and time-outs.
    public var uptime: @Sendable () -> Duration

    /// The default configuration.
    public init() {
        let clock = ContinuousClock()
        let start = clock.now
        uptime = { clock.now - start }
    }
}
