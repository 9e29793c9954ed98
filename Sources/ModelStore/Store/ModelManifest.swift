internal import Foundation
internal import StrataCore

/// What was put into a model folder: where it came from, and each file's size and hash, kept in
/// `.strata-manifest.json` so that `verify` can tell later whether it is still that.
public struct ModelManifest: Sendable, Hashable, Codable {
    /// A file of the folder.
    public struct File: Sendable, Hashable, Codable {
        /// Its plain name in the folder.
        public let name: String
        /// Its path in the repository or archive.
        public let path: String
        /// Its length.
        public let sizeBytes: Int
        /// 64 hexadecimal digits.
        public let sha256: String
    }

    /// The manifest's name in a model folder.
    public static let fileName = ".strata-manifest.json"

    /// 1.
    public let schemaVersion: Int
    /// The hub's address or the imported file or folder.
    public let source: String
    /// The repository on the hub; nil for an import.
    public let repository: String?
    /// The revision that was asked for; nil for an import.
    public let revision: String?
    /// The commit that the revision stood for; nil where nobody said.
    public let commit: String?
    /// In the order of their names.
    public let files: [File]

    /// The manifest of a folder; nil without one.
    ///
    /// - Throws: ``StrataError/Code/corrupted`` for one that cannot be read.
    static func read(from folder: String) throws -> ModelManifest? {
        guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(fileName)") else { return nil }
        do {
            return try JSONDecoder().decode(ModelManifest.self, from: bytes)
        } catch {
            throw StrataError(
                .corrupted, "\(folder)/\(fileName) cannot be read; pull or import the model again with --replace",
                cause: error)
        }
    }

    func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DurableFile.write(Array(try encoder.encode(self)), to: "\(folder)/\(Self.fileName)")
    }
}
