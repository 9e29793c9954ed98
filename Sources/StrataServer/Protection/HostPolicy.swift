internal import HTTPTypes
internal import StrataCore

/// Which names a request may address and which web pages may send it.
///
/// A page of another site can have its name resolve to this machine (DNS rebinding) and then read what a server without
/// keys answers; it cannot choose the `Host` and `Origin` that the browser sends.
struct HostPolicy: Sendable {
    private let hosts: Set<String>?
    private let origins: Set<String>

    init(_ configuration: ServerConfiguration) {
        origins = Set(configuration.allowedOrigins.map { $0.lowercased() })
        let named = Set(configuration.allowedHosts.map { $0.lowercased() })
        switch configuration.address {
        case .unix: hosts = nil
        case .host(let host, _) where configuration.address.isLocal:
            hosts = named.union(["localhost", "127.0.0.1", "[::1]", host])
        case .host(let host, _):
            // Keys are required there, and a foreign page has none; names are checked when some are given.
            hosts = named.isEmpty ? nil : named.union(["localhost", "127.0.0.1", "[::1]", host])
        }
    }

    /// - Throws: `misdirected`, `forbidden`.
    func check(authority: String?, origin: String?) throws {
        if let hosts {
            guard let authority, hosts.contains(Self.host(of: authority.lowercased())) else {
                throw StrataError(
                    .misdirected, "the Host header names no host of this server; allow it with --allow-host")
            }
        }
        guard let origin = origin?.lowercased(), !origins.contains(origin) else { return }
        guard let authority = authority?.lowercased(),
            origin == "http://\(authority)" || origin == "https://\(authority)"
        else {
            throw StrataError(
                .forbidden, "pages of this origin may not send requests; allow it with --allow-origin")
        }
    }

    /// Whether pages of that origin were allowed by name.
    func allows(origin: String?) -> Bool { origin.map { origins.contains($0.lowercased()) } ?? false }

    /// What a browser is told that asks whether a page of an allowed origin may send a request; nil for all else.
    func preflight(_ head: HTTPRequest, _ methods: [HTTPRequest.Method]) -> HTTPFields? {
        guard head.method == .options, allows(origin: head.headerFields[.origin]),
            head.headerFields[.accessControlRequestMethod] != nil
        else { return nil }
        return [
            .accessControlAllowMethods: methods.map(\.rawValue).sorted().joined(separator: ", "),
            .accessControlAllowHeaders:
                "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, X-API-Key, X-Request-ID",
            .accessControlMaxAge: "600",
        ]
    }

    /// The authority without its port.
    private static func host(of authority: String) -> String {
        if authority.hasPrefix("[") {
            return String(authority.prefix { $0 != "]" }) + "]"
        }
        return String(authority.prefix { $0 != ":" })
    }
}
