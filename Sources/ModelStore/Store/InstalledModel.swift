public import StrataCore
public import TextModels

/// A model folder in the store.
public struct InstalledModel: Sendable {
    /// The folder's name.
    public let name: String
    /// The folder's path.
    public let folder: String
    /// The card, or why there is none to go by.
    public let card: Result<ModelCard, StrataError>
    /// Where it came from; nil for a folder that the store did not fill.
    public let manifest: ModelManifest?
    /// The lengths of its files in all.
    public let sizeBytes: Int
}

/// What a check of a model folder found.
public struct ModelCheck: Sendable, Hashable, Codable {
    /// How a file compares with what was put there.
    public enum Finding: String, Sendable, Codable {
        /// Size and hash are as noted.
        case ok
        /// The card or the manifest names it, and it is not there.
        case missing
        /// Another size or hash than noted.
        case changed
        /// Nothing says what it should be; what is there was only hashed.
        case unknown
    }

    /// One file.
    public struct File: Sendable, Hashable, Codable {
        /// Its plain name.
        public let name: String
        /// What was found.
        public let finding: Finding
        /// The hash of what is there; nil when it is missing.
        public let sha256: String?
    }

    /// The model's name.
    public let name: String
    /// Each file that the card or the manifest names.
    public let files: [File]
    /// Whether the weights have the hash that the card states; nil when it states none.
    public let weightsFitCard: Bool?

    /// Whether nothing is missing or changed.
    public var isGood: Bool {
        weightsFitCard != false && files.allSatisfy { $0.finding == .ok || $0.finding == .unknown }
    }
}
