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

    /// The authority without its port.
    private static func host(of authority: String) -> String {
        if authority.hasPrefix("[") {
            return String(authority.prefix { $0 != "]" }) + "]"
        }
        return String(authority.prefix { $0 != ":" })
    }
}
