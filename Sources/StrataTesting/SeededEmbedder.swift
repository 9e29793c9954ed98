internal import Foundation
public import StrataCore
internal import Synchronization

/// An embedder without a model: a text's vector is the sum of a fixed random direction for each of its words.
///
/// Texts that share words are near one another, equal texts are equal, and nothing else is promised. For tests of what
/// is built over embedders, where the vectors' meaning does not matter but their behaviour does.
public final class SeededEmbedder: Embedder {
    /// The space, named after the seed.
    public let space: EmbeddingSpace
    private let seed: UInt64
    private let failure = Mutex<StrataError?>(nil)
    private let calls = Mutex<[[String]]>([])

    /// An embedder of that many components; embedders of the same seed and dimension agree.
    public init(dimension: Int = 32, seed: UInt64 = 1) {
        space = EmbeddingSpace(model: "seeded", revision: String(seed, radix: 16), dimension: dimension)
        self.seed = seed
    }

    /// Has every call fail with this error until it is set to nil.
    public func fail(with error: StrataError?) { failure.withLock { $0 = error } }

    /// The texts of every call so far.
    public var embeddedTexts: [[String]] { calls.withLock { $0 } }

    /// Embeds texts; words are what lies between white space, lower-cased.
    public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        calls.withLock { $0.append(texts) }
        if let error = failure.withLock({ $0 }) { throw error }
        return texts.map { text in
            let words = text.lowercased().split(whereSeparator: \.isWhitespace)
            return Embedding(vector: vector(of: words.map(String.init)), tokenCount: words.count, isTruncated: false)
        }
    }

    private func vector(of words: [String]) -> [Float] {
        var sum = [Float](repeating: 0, count: space.dimension)
        for word in words.isEmpty ? [""] : words {
            let digest = SHA256.digest(of: word).bytes.prefix(8)
            var generator = SeededGenerator(seed: digest.reduce(seed) { $0 &* 257 &+ UInt64($1) })
            for index in sum.indices { sum[index] += Float.random(in: -1...1, using: &generator) }
        }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? sum.map { $0 / length } : [1] + sum.dropFirst()
    }
}
