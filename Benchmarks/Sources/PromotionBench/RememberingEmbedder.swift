internal import Foundation
internal import StrataCore
internal import Synchronization

/// Embeds every text once and keeps the vectors, in a file too when asked: the same texts go through many engines here.
final class RememberingEmbedder: Embedder {
    private let base: any Embedder
    private let vectors: Mutex<[String: [Float]]>

    var space: EmbeddingSpace { base.space }
    var fingerprint: String { base.fingerprint }

    /// - Parameter path: a file that ``save(to:)`` wrote, if it is there.
    init(_ base: any Embedder, path: String?) {
        self.base = base
        let data = path.flatMap { FileManager.default.contents(atPath: $0) } ?? Data()
        vectors = Mutex(Self.decode(data, dimension: base.space.dimension))
    }

    func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        let prefix = role == .query ? "q" : "d"
        let known = vectors.withLock { vectors in texts.map { vectors[prefix + $0] } }
        let missing = texts.indices.filter { known[$0] == nil }
        let made = missing.isEmpty ? [] : try await base.embed(missing.map { texts[$0] }, as: role)
        return vectors.withLock { vectors in
            for (place, embedding) in zip(missing, made) { vectors[prefix + texts[place]] = embedding.vector }
            return texts.map { text in
                Embedding(vector: vectors[prefix + text] ?? [], tokenCount: 0, isTruncated: false)
            }
        }
    }

    /// Writes texts and vectors: length and bytes of each text, then its components.
    func save(to path: String) throws {
        var data = Data()
        for (text, vector) in vectors.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { data.append(contentsOf: $0) }
            data.append(contentsOf: text.utf8)
            vector.withUnsafeBytes { data.append(contentsOf: $0) }
        }
        try data.write(to: URL(fileURLWithPath: path))
    }

    private static func decode(_ data: Data, dimension: Int) -> [String: [Float]] {
        var vectors: [String: [Float]] = [:]
        data.withUnsafeBytes { bytes in
            var offset = 0
            while offset + 4 <= bytes.count {
                let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
                let start = offset + 4 + length
                let end = start + 4 * dimension
                guard end <= bytes.count else { return }
                let text = String(decoding: bytes[offset + 4..<start], as: UTF8.self)
                vectors[text] = (0..<dimension).map {
                    bytes.loadUnaligned(fromByteOffset: start + 4 * $0, as: Float.self)
                }
                offset = end
            }
        }
        return vectors
    }
}
