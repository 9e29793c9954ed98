internal import Foundation
internal import StrataCore

/// The question and the answer of `POST /v1/embeddings`, as OpenAI defined them. Pure.
enum EmbeddingsExchange {
    struct Question: Encodable {
        let model: String
        let input: [String]
        let dimensions: Int?
        let encodingFormat = "float"

        private enum CodingKeys: String, CodingKey {
            case model, input, dimensions
            case encodingFormat = "encoding_format"
        }
    }

    private struct Answer: Decodable {
        struct Item: Decodable {
            let index: Int?
            let embedding: Vector
        }

        struct Usage: Decodable {
            let promptTokens: Int?

            private enum CodingKeys: String, CodingKey { case promptTokens = "prompt_tokens" }
        }

        let data: [Item]
        let usage: Usage?
    }

    /// Numbers, or little-endian 32-bit floats in Base64, which some servers send unasked.
    private struct Vector: Decodable {
        let numbers: [Float]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            guard let text = try? container.decode(String.self) else {
                numbers = try container.decode([Float].self)
                return
            }
            guard let bytes = Data(base64Encoded: text), bytes.count % 4 == 0 else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "no Base64 of floats")
            }
            let raw = [UInt8](bytes)
            numbers = stride(from: 0, to: raw.count, by: 4).map { start in
                Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(raw[start + $1]) << (8 * UInt32($1)) })
            }
        }
    }

    /// The vectors of an answer, in the order of the texts, at unit length.
    ///
    /// - Parameter dimension: what each must have; nil accepts any that is common to all.
    /// - Throws: ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/inferenceFailed`` for an answer with a text too
    ///   many or too few, NaN, infinity or a vector without length.
    static func embeddings(
        in body: [UInt8], textCount: Int, dimension: Int?, space: String
    ) throws -> [Embedding] {
        let answer: Answer
        do {
            answer = try JSONDecoder().decode(Answer.self, from: Data(body))
        } catch {
            throw broken("it is no list of embeddings", space)
        }
        guard answer.data.count == textCount else {
            throw broken("it has \(answer.data.count) vectors for \(textCount) texts", space)
        }
        var vectors = [[Float]?](repeating: nil, count: textCount)
        for (position, item) in answer.data.enumerated() {
            let index = item.index ?? position
            guard vectors.indices.contains(index), vectors[index] == nil else {
                throw broken("its indices are not 0 through \(textCount - 1), each once", space)
            }
            vectors[index] = item.embedding.numbers
        }
        let expected = dimension ?? vectors.first??.count ?? 0
        return try vectors.map { vector in
            let vector = vector ?? []
            guard vector.count == expected else {
                throw StrataError.dimensionMismatch(expected: expected, received: vector.count, space: space)
            }
            let length = vector.reduce(Double(0)) { $0 + Double($1) * Double($1) }.squareRoot()
            guard length.isFinite, length > 1e-12 else {
                throw broken("it has a vector with NaN or infinity or without length", space)
            }
            // Only a lone text's tokens are known: the answer counts those of all texts together.
            return Embedding(
                vector: vector.map { Float(Double($0) / length) },
                tokenCount: textCount == 1 ? answer.usage?.promptTokens ?? 0 : 0, isTruncated: false)
        }
    }

    private static func broken(_ reason: String, _ space: String) -> StrataError {
        StrataError(.inferenceFailed, "the answer of the embedding server cannot be used (\(space)): \(reason)")
    }
}
