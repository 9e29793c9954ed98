public import StrataCore

/// What a key allows.
public enum Scope: String, Sendable, Hashable, Codable, CaseIterable {
    /// Recall, list, get, count.
    case read
    /// Remember, change, forget.
    case write
    /// Forget a whole namespace; see the server's configuration.
    case admin
}

/// An API key as it is kept: everything but its secret.
public struct APIKey: Sendable, Hashable, Codable, Identifiable {
    /// Its name in lists and logs; also a part of the secret, by which it is found.
    public let id: String
    /// What its owner calls it.
    public let name: String
    /// The SHA-256 of the secret, 64 hexadecimal digits. The secret has 256 random bits, so a slow hash would add nothing.
    var digest: String
    /// What it allows.
    public let scopes: [Scope]
    /// The namespaces that it is bound to; nil for all.
    public let namespaces: [String]?
    /// When it was made.
    public let createdAt: Timestamp
    /// When its secret was last replaced.
    public var rotatedAt: Timestamp?
    /// When it was revoked.
    public var revokedAt: Timestamp?

    /// Whether it still opens anything.
    public var isActive: Bool { revokedAt == nil }
}

/// Who sent a request, and what it may do.
public struct Caller: Sendable, Hashable {
    /// The key that was given; nil where none is needed.
    public let key: APIKey?
    /// Where the connection comes from: an IP address, or `unix`.
    public let address: String

    /// Whether this caller sees every namespace.
    public var seesAllNamespaces: Bool { key?.namespaces == nil }

    /// Whether a namespace is this caller's.
    public func sees(_ namespace: String) -> Bool { key?.namespaces?.contains(namespace) ?? true }

    /// The namespace of a call that names none.
    func defaultNamespace(_ standard: String) -> String {
        if let bound = key?.namespaces, bound.count == 1 { bound[0] } else { standard }
    }

    /// Refuses what the key does not allow, in the same words whether or not the namespace holds anything.
    ///
    /// - Parameter namespace: nil when the operation concerns none.
    /// - Throws: `forbidden`.
    public func authorize(_ scope: Scope, in namespace: String?) throws {
        guard let key else { return }
        guard key.scopes.contains(scope) else {
            throw StrataError(.forbidden, "key \(key.id) lacks the scope \(scope.rawValue)")
        }
        if let namespace, !sees(namespace) {
            throw StrataError(.forbidden, "key \(key.id) is bound to other namespaces")
        }
    }
}

/// Whether two digests are equal, in a time that does not depend on where they differ.
func isEqualInConstantTime(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
}
