public import Foundation
internal import StrataCore

/// Where models are fetched from: any server that speaks the model hubs' interface, or a mirror of one.
///
/// Two addresses are used: `BASE/api/models/REPOSITORY/revision/REVISION?blobs=true`, which lists the files, and
/// `BASE/REPOSITORY/resolve/REVISION/PATH`, which gives one.
public struct ModelHub: Sendable {
    /// The server's address, without a slash at its end.
    public let base: URL
    /// What the server is to know the caller by; sent to this server's origin only, never logged.
    let token: String?

    /// A hub at that address.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` for an address that is not http or https.
    public init(base: String, token: String? = nil) throws {
        let trimmed = base.hasSuffix("/") ? String(base.dropLast()) : base
        guard let url = URL(string: trimmed), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme),
            url.host?.isEmpty == false, url.user == nil
        else {
            throw StrataError(
                .invalidArgument, "the hub's address must look like https://HOST, without user name and password")
        }
        self.base = url
        self.token = token?.isEmpty == false ? token : nil
    }

    /// The hub that the environment names: address in `STRATA_HUB` or `HF_ENDPOINT`, token in `STRATA_HUB_TOKEN` or
    /// `HF_TOKEN`.
    ///
    /// - Parameter address: an address that goes before the environment's.
    /// - Throws: ``StrataError/Code/invalidArgument`` when neither names one.
    public init(address: String?, environment: TransferEnvironment) throws {
        guard let base = address ?? environment.variable("STRATA_HUB", "HF_ENDPOINT") else {
            throw StrataError(
                .invalidArgument, "no model hub is named; give --hub https://HOST or set STRATA_HUB (or HF_ENDPOINT)")
        }
        try self.init(base: base, token: environment.variable("STRATA_HUB_TOKEN", "HF_TOKEN"))
    }

    /// Refuses what would not stay one address below ``base``.
    static func check(repository: String, revision: String) throws {
        let parts = repository.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ isPlain(String($0)) }) else {
            throw StrataError(
                .invalidArgument, "a repository is written NAME or OWNER/NAME with letters, digits, '.', '-', '_'")
        }
        let pieces = revision.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.allSatisfy({ isPlain(String($0)) }) else {
            throw StrataError(.invalidArgument, "a revision is a branch, a tag or a commit")
        }
    }

    static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128 && name != "." && name != ".."
            && name.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains($0)
            }
    }

    func listingURL(_ repository: String, revision: String) throws -> URL {
        try url("/api/models/\(repository)/revision/\(Self.escaped(revision))?blobs=true")
    }

    func fileURL(_ repository: String, revision: String, path: String) throws -> URL {
        try url("/\(repository)/resolve/\(Self.escaped(revision))/\(Self.escaped(path, keeping: "/"))")
    }

    private func url(_ path: String) throws -> URL {
        guard let url = URL(string: base.absoluteString + path) else {
            throw StrataError(.invalidArgument, "the hub's address and the repository's name make no URL")
        }
        return url
    }

    private static func escaped(_ text: String, keeping kept: String = "") -> String {
        var allowed = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\0"..."\u{7F}"))
        allowed.insert(charactersIn: "-._~" + kept)
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    }
}

/// What a repository holds at one commit.
struct RepositoryListing: Sendable, Decodable {
    struct File: Sendable, Decodable {
        /// A weight file that lies outside the repository's own storage, with its hash.
        struct Large: Sendable, Decodable {
            let sha256: String?
            let size: Int?
        }

        let rfilename: String
        let size: Int?
        let lfs: Large?
    }

    /// The commit that the revision stood for.
    let sha: String
    let siblings: [File]
}
