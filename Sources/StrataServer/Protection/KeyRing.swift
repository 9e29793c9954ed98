internal import StrataCore
internal import Synchronization

/// The keys of a running server: those of the key file, read anew when the file has changed.
final class KeyRing: Sendable {
    private struct State {
        var mark: FileStatus?
        var keys: [String: APIKey] = [:]
        var isRequired = false
    }

    private let file: APIKeyFile?
    private let state = Mutex(State())

    /// - Parameter file: nil for a server that knows no keys.
    init(file: APIKeyFile?) throws {
        self.file = file
        try refresh()
    }

    /// Whether a key must be given: from the first key on, also when all were revoked or the file went away since.
    var isRequired: Bool { state.withLock { $0.isRequired } }

    /// Whether some key opens something.
    var hasActiveKeys: Bool { state.withLock { $0.keys.values.contains(where: \.isActive) } }

    /// Looks whether the file has changed; that is one `stat` call, so that a revoked key is refused at once.
    func refresh() throws {
        guard let file else { return }
        let mark = file.mark()
        guard state.withLock({ $0.mark != mark }) else { return }
        let keys = try file.list()
        state.withLock { state in
            state.mark = mark
            state.keys = Dictionary(keys.map { ($0.id, $0) }) { $1 }
            state.isRequired = state.isRequired || !keys.isEmpty
        }
    }

    /// The active key of a secret, or nil. An unknown id takes as long as a wrong secret.
    func key(of secret: String) -> APIKey? {
        let parts = secret.split(separator: "_", omittingEmptySubsequences: false)
        let key = state.withLock { parts.count == 3 ? $0.keys[String(parts[1])] : nil }
        let digest = SHA256.digest(of: secret).description
        let isSame = isEqualInConstantTime(digest, key?.digest ?? String(repeating: "0", count: digest.count))
        guard let key, isSame, key.isActive else { return nil }
        return key
    }
}
