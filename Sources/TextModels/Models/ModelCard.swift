public import StrataCore

/// What a model folder says about itself in `strata-model.json`; `docs/models.md` documents each key.
public struct ModelCard: Sendable, Hashable, Codable {
    /// What a model is for.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// One vector a text, by a transformer in an ONNX graph.
        case embedding
        /// One vector a text, by a table of token vectors in a safetensors file.
        case `static`
        /// One score for a query and a text, by a cross-encoder in an ONNX graph.
        case reranker
    }

    /// How token states become the vector of a text.
    public enum Pooling: String, Sendable, Codable, CaseIterable {
        /// The mean over the text's tokens.
        case mean
        /// The first token, as BERT's `[CLS]`.
        case cls
        /// The last token, as decoders do.
        case last
        /// The graph gives pooled vectors already.
        case none
    }

    /// Where shorter texts of a batch are filled up.
    public enum PaddingSide: String, Sendable, Codable, CaseIterable {
        /// After the text.
        case right
        /// Before the text.
        case left
    }

    /// What becomes of a text that is longer than the model reads.
    public enum LongText: String, Sendable, Codable, CaseIterable {
        /// Its end is left out.
        case truncate
        /// It is cut into overlapping windows, whose vectors are averaged by their tokens.
        case chunk
    }

    /// The files of the folder, as plain names.
    public struct Files: Sendable, Hashable, Codable {
        /// The ONNX graph, or the token table of a static model.
        public let model: String
        /// External weights that the graph names, in the order in which they enter the SHA-256.
        public let data: [String]
        /// The tokenizer as a Hugging Face `tokenizer.json`.
        public let tokenizer: String

        enum CodingKeys: String, CodingKey {
            case model, data, tokenizer
        }
    }

    /// The only schema that this version reads.
    public static let schemaVersionKnown = 1

    /// ``schemaVersionKnown``.
    public let schemaVersion: Int
    /// The name in the embedding space: letters, digits, dots, dashes and underscores.
    public let name: String
    /// What the model is for.
    public let kind: Kind
    /// What its numbers are, in words; informs people only.
    public let precision: String
    /// Where the files come from, in words.
    public let source: String
    /// The weights' licence as an SPDX expression.
    public let license: String
    /// The files of the folder.
    public let files: Files
    /// The SHA-256 of the model file followed by the data files; nil accepts whatever is there.
    public let sha256: String?
    /// Which output of the graph to read; nil takes the only one that fits the pooling.
    public let output: String?
    /// How token states become a vector; ``Pooling/none`` for a reranker.
    public let pooling: Pooling
    /// Whether vectors are to be scaled to unit length; without it the graph has to give unit length itself.
    public let normalize: Bool
    /// What is put before a text to find with; an instruction, for models that take one.
    public let queryPrefix: String
    /// What is put before a text to be found.
    public let documentPrefix: String
    /// How many tokens the model reads, special ones included: 2 through 1 048 576.
    public let tokenCountMax: Int
    /// What becomes of a longer text; ``LongText/chunk`` when the card says nothing.
    public let longText: LongText
    /// How many tokens two neighbouring windows of a long text share: 0 through half of ``tokenCountMax``; an eighth of
    /// it and at most 32 when the card says nothing.
    public let chunkOverlap: Int
    /// Where shorter texts of a batch are filled up.
    public let paddingSide: PaddingSide
    /// Components of a vector, 1 through 4096; fewer than the graph gives takes the first ones. 1 for a reranker.
    public let dimension: Int
    /// Whether a text's vector is the same alone and in a batch; if not, each text runs alone.
    public let batchInvariant: Bool
    /// What an embedding model has to reproduce before it is used; empty for a reranker.
    public let selfTest: SelfTest
    /// How the output of a reranker becomes a score; nil for the other kinds.
    public let reranking: Reranking?

    // Spelt out, because the reading in the other file has to see them.
    enum CodingKeys: String, CodingKey {
        case schemaVersion, name, kind, precision, source, license, files, sha256, output, pooling, normalize
        case queryPrefix, documentPrefix, tokenCountMax, longText, chunkOverlap, paddingSide, dimension, batchInvariant,
            selfTest, reranking
    }

    /// What is put before a text of that role.
    public func prefix(for role: EmbeddingRole) -> String {
        switch role {
        case .query: queryPrefix
        case .document: documentPrefix
        }
    }
}
