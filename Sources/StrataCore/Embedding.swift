/// Vectors of one space can be compared with one another and with nothing else.
///
/// Two embedders share a space only when every field is equal.
public struct EmbeddingSpace: Sendable, Hashable, Codable {
    /// The model's name, for example `all-MiniLM-L6-v2`.
    public let model: String
    /// What tells two files of the model apart: the first 12 hexadecimal digits of the weights' SHA-256.
    public let revision: String
    /// The number of components, 1 through 4096.
    public let dimension: Int

    /// A space of that model, revision and dimension.
    public init(model: String, revision: String, dimension: Int) {
        self.model = model
        self.revision = revision
        self.dimension = dimension
    }

    /// All fields in one string: `model@revision/dimension`.
    public var identifier: String { "\(model)@\(revision)/\(dimension)" }
}

/// What a text is embedded for; models that were trained with prefixes treat the two differently.
public enum EmbeddingRole: String, Sendable, Hashable, Codable, CaseIterable {
    /// A text to be found.
    case document
    /// A text to find with.
    case query
}

/// One text's vector.
public struct Embedding: Sendable, Hashable {
    /// As many finite components as the space's dimension; unit length.
    public let vector: [Float]
    /// How many tokens the model saw, in all chunks together.
    public let tokenCount: Int
    /// Whether the text was longer than what was read of it, so that its end is not in the vector.
    public let isTruncated: Bool
    /// In how many parts the text was read; with more than one the vector is their mean.
    public let chunkCount: Int

    /// An embedding with its token count.
    public init(vector: [Float], tokenCount: Int, isTruncated: Bool, chunkCount: Int = 1) {
        self.vector = vector
        self.tokenCount = tokenCount
        self.isTruncated = isTruncated
        self.chunkCount = chunkCount
    }
}

/// Turns texts into vectors of one space.
public protocol Embedder: Sendable {
    /// The space of every vector this embedder makes.
    var space: EmbeddingSpace { get }
    /// The space and whatever else decides over a vector, such as prefixes and the treatment of long texts: embedders of
    /// the same fingerprint give the same vectors for the same texts.
    var fingerprint: String { get }

    /// Embeds texts, in their order.
    ///
    /// The vector of a text does not depend on the other texts of the call.
    ///
    /// - Parameters:
    ///   - texts: any strings, also empty ones; an empty array gives an empty one.
    ///   - role: what the vectors are for.
    /// - Returns: one embedding a text.
    /// - Throws: ``StrataError/Code/inferenceFailed``, ``StrataError/Code/overloaded``; `CancellationError`.
    func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding]
}

extension Embedder {
    /// The identifier of the space, when nothing else decides.
    public var fingerprint: String { space.identifier }
}
