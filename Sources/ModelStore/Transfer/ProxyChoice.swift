internal import Foundation

/// Which proxy a host is reached through, by the usual variables: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and
/// `NO_PROXY`, in capitals or small letters. Pure.
struct ProxyChoice: Sendable, Hashable {
    /// An HTTP proxy.
    struct Proxy: Sendable, Hashable {
        var host: String
        var port: Int
        /// `user:password` as it stands in the variable, decoded.
        var credentials: String?
    }

    private let proxies: [String: Proxy]
    private let exceptions: [String]

    init(variables: [String: String]) {
        func variable(_ name: String) -> String? {
            // HTTP_PROXY in capitals can be set by a request header where programs run as CGI scripts; small letters
            // come first, as in curl.
            [name.lowercased(), name].lazy.compactMap { variables[$0] }.first { !$0.isEmpty }
        }
        let any = variable("ALL_PROXY")
        proxies = ["http": variable("HTTP_PROXY") ?? any, "https": variable("HTTPS_PROXY") ?? any]
            .compactMapValues { $0.flatMap(Self.proxy) }
        exceptions = (variable("NO_PROXY") ?? "").lowercased().split(separator: ",").map {
            String($0.filter { !$0.isWhitespace })
        }
    }

    /// The proxy for a URL; nil goes straight to the host.
    func proxy(for url: URL) -> Proxy? {
        guard let host = url.host?.lowercased(), let scheme = url.scheme?.lowercased() else { return nil }
        if ["localhost", "127.0.0.1", "::1"].contains(host) { return nil }
        let isExcepted = exceptions.contains { name in
            let domain = name.hasPrefix(".") ? String(name.dropFirst()) : name
            return name == "*" || host == domain || host.hasSuffix("." + domain)
        }
        return isExcepted ? nil : proxies[scheme]
    }

    private static func proxy(_ text: String) -> Proxy? {
        let url = URL(string: text.contains("://") ? text : "http://\(text)")
        guard let url, let host = url.host, !host.isEmpty else { return nil }
        let user = url.user(percentEncoded: false).map { "\($0):\(url.password(percentEncoded: false) ?? "")" }
        return Proxy(host: host, port: url.port ?? 80, credentials: user)
    }
}
