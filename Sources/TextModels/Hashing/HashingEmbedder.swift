import COnnxRuntime
public import StrataCore

/// Embeds texts without any model: words and their letter groups are hashed to components.
///
/// Texts are near one another when they share words, or words that are spelt alike. It knows no meaning, so an engine
/// that has to make do with it says so. It needs no file and cannot fail, which is what it is for.
///
/// Signed feature hashing (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning",
/// <https://arxiv.org/abs/0902.2206>) of words and, as fastText does (<https://arxiv.org/abs/1607.04606>), of groups of
/// three to five characters of each word with its borders.
public final class HashingEmbedder: Embedder {
    /// The space: `feature-hashing`, the revision of the method, the dimension.
    public let space: EmbeddingSpace

    private let worker = TextWorker(name: "hashing")
    /// Lengths of the letter groups.
    private static let groupLengths = 3...5
    /// A word counts as much as this many of its groups.
    private static let wordWeight: Float = 2

    /// An embedder of that many components, 16 through 4096.
    public init(dimension: Int = 256) {
        precondition((16...4096).contains(dimension), "a hashing embedder has 16 through 4096 components")
        space = EmbeddingSpace(model: "feature-hashing", revision: "1", dimension: dimension)
    }

    /// Embeds texts, in their order; both roles alike. A text without letters and digits gets the first axis.
    public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        let dimension = space.dimension
        return try await worker.embed(texts, as: role) { Self.embedding(of: $0, dimension: dimension) }
    }

    static func embedding(of text: String, dimension: Int) -> Embedding {
        var vector = [Float](repeating: 0, count: dimension)
        func add(_ feature: some Sequence<UInt32>, weight: Float) {
            // FNV-1a over the scalars: the same on every machine and in every process.
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for scalar in feature { hash = (hash ^ UInt64(scalar)) &* 0x100_0000_01b3 }
            hash ^= hash >> 32
            vector[Int(hash >> 1 & 0x7fff_ffff) % dimension] += hash & 1 == 0 ? weight : -weight
        }
        var wordCount = 0
        for word in text.lowercased().unicodeScalars.split(whereSeparator: { !isWordScalar($0) }) {
            wordCount += 1
            // The borders keep the beginning of one word apart from the inside of another.
            let scalars = [0x3c] + word.map(\.value) + [0x3e]
            add(scalars, weight: wordWeight)
            for length in groupLengths where length < scalars.count {
                for start in 0...scalars.count - length { add(scalars[start..<start + length], weight: 1) }
            }
        }
        if !strata_scale_to_unit_length(&vector, dimension) {
            vector = [1] + [Float](repeating: 0, count: dimension - 1)
        }
        return Embedding(vector: vector, tokenCount: wordCount, isTruncated: false)
    }

    private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }
}
