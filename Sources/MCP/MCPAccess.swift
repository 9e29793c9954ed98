/// What a caller may touch. Whoever accepts connections decides it, for each message anew.
public struct MCPAccess: Sendable, Hashable {
    /// Which namespaces a call may name.
    public enum Namespaces: Sendable, Hashable {
        /// None: every call works in ``MCPAccess/namespace``, and tools have no argument for it.
        case one
        /// These, and ``MCPAccess/namespace``.
        case listed(Set<String>)
        /// Any.
        case all
    }

    /// The namespace of calls that name none.
    public var namespace: String
    /// Which others may be named.
    public var namespaces: Namespaces
    /// Whether memories may be stored, changed and forgotten.
    public var canWrite: Bool

    /// An access to one namespace, or to more.
    public init(namespace: String, namespaces: Namespaces = .one, canWrite: Bool = true) {
        self.namespace = namespace
        self.namespaces = namespaces
        self.canWrite = canWrite
    }

    /// Whether calls may name a namespace at all.
    var offersChoice: Bool { namespaces != .one }

    /// Whether a namespace is open to the caller.
    func allows(_ name: String) -> Bool {
        switch namespaces {
        case .one: name == namespace
        case .listed(let names): name == namespace || names.contains(name)
        case .all: true
        }
    }
}
