internal import Foundation
public import Strata
internal import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The file of a data directory that holds its API keys, hashed: `keys.json`, mode 0600.
///
/// It stands outside the engine's lock, so that keys can be made and revoked while a server runs; the server sees a change
/// with the next request. Calls block for file access: they are for commands and for the server's key ring.
public struct APIKeyFile: Sendable {
    private struct Content: Codable {
        var version = 1
        var keys: [APIKey] = []
    }

    let path: String
    private let environment: EngineEnvironment

    /// The keys of that data directory.
    public init(dataDirectory: String, environment: EngineEnvironment = .system) {
        path = dataDirectory + "/keys.json"
        self.environment = environment
    }

    /// All keys ever made, revoked ones included, oldest first.
    ///
    /// - Throws: ``StrataError/Code/corrupted``, ``StrataError/Code/storageFailure``.
    public func list() throws -> [APIKey] { try read().keys }

    /// Makes a key.
    ///
    /// - Parameters:
    ///   - name: what its owner calls it, 1 through 256 bytes.
    ///   - scopes: at least one.
    ///   - namespaces: those it is bound to; nil for all.
    /// - Returns: the key and its secret, which is shown here and never again.
    public func create(name: String, scopes: [Scope], namespaces: [String]?) throws -> (key: APIKey, secret: String) {
        guard (1...256).contains(name.utf8.count) else {
            throw StrataError(.invalidArgument, "the key's name has \(name.utf8.count) bytes, expected 1 through 256")
        }
        guard !scopes.isEmpty else {
            throw StrataError(.invalidArgument, "the key has no scope; name at least one of read, write, admin")
        }
        guard namespaces.map({ !$0.isEmpty && !$0.contains("") }) ?? true else {
            throw StrataError(.invalidArgument, "the key is bound to no namespace, or to one without a name")
        }
        return try change { content in
            var id = ""
            repeat { id = String(hexadecimal().prefix(12)) } while content.keys.contains { $0.id == id }
            let secret = newSecret(of: id)
            let key = APIKey(
                id: id, name: name, digest: SHA256.digest(of: secret).description,
                scopes: Scope.allCases.filter(scopes.contains), namespaces: namespaces, createdAt: environment.now())
            content.keys.append(key)
            return (key, secret)
        }
    }

    /// Revokes a key for good; revoking it again changes nothing.
    ///
    /// - Throws: ``StrataError/Code/notFound``.
    @discardableResult
    public func revoke(_ id: String) throws -> APIKey {
        try change { content in
            let index = try position(of: id, in: content)
            content.keys[index].revokedAt = content.keys[index].revokedAt ?? environment.now()
            return content.keys[index]
        }
    }

    /// Gives a key a new secret; the old one opens nothing from now on.
    ///
    /// - Throws: ``StrataError/Code/notFound``, also for a revoked key.
    public func rotate(_ id: String) throws -> (key: APIKey, secret: String) {
        try change { content in
            let index = try position(of: id, in: content)
            guard content.keys[index].isActive else {
                throw StrataError(.notFound, "key \(id) is revoked; make a new one")
            }
            let secret = newSecret(of: id)
            content.keys[index].digest = SHA256.digest(of: secret).description
            content.keys[index].rotatedAt = environment.now()
            return (content.keys[index], secret)
        }
    }

    private func position(of id: String, in content: Content) throws -> Int {
        guard let index = content.keys.firstIndex(where: { $0.id == id }) else {
            throw StrataError(.notFound, "there is no key of that id; `strata keys list` shows them")
        }
        return index
    }

    private func hexadecimal() -> String {
        let digits = String(environment.randomBits(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func newSecret(of id: String) -> String {
        "strata_\(id)_" + (0..<4).map { _ in hexadecimal() }.joined()
    }

    // MARK: The file

    private func read() throws -> Content {
        guard let data = FileManager.default.contents(atPath: path) else {
            guard access(path, F_OK) != 0 else {
                throw StrataError(.storageFailure, "cannot read \(path); it must be readable by this user")
            }
            return Content()
        }
        guard let content = try? JSONDecoder().decode(Content.self, from: data), content.version == 1 else {
            throw StrataError(
                .corrupted, "\(path) is no key file of this version; restore it, or move it away and make new keys")
        }
        return content
    }

    /// Changes the content under a lock of its own: a new file takes the old one's place when it is on disk.
    private func change<Result>(_ body: (inout Content) throws -> Result) throws -> Result {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else { throw failure("lock") }
        defer { close(lock) }
        var content = try read()
        let result = try body(&content)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let bytes = Array(try encoder.encode(content))
        let aside = path + ".new"
        let file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("write") }
        let isWritten = write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
        close(file)
        guard isWritten, rename(aside, path) == 0 else { throw failure("write") }
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_CLOEXEC)
        defer { close(folder) }
        guard folder >= 0, fsync(folder) == 0 else { throw failure("sync the folder of") }
        return result
    }

    private func failure(_ verb: String) -> StrataError {
        StrataError(
            .storageFailure, "cannot \(verb) \(path) (\(String(cString: strerror(errno)))); free space or grant access")
    }

    /// What tells one content of the file from another without reading it; nil when there is no file.
    func mark() -> FileStatus? { FileStatus(path: path) }
}
