public import Foundation
internal import StrataCore

/// Ranking weights as a file that people can read, with what they were trained on.
///
/// ```
/// {
///   "format": "strata-ranking-weights",
///   "version": 1,
///   "weights": {"importance": 0.05, "keyword": 0.25, …},
///   "scales": {"length_max": 2400, "recency_half_life_days": 30, "use_half_count": 8, "vector_floor": 0},
///   "training": {"data": "chats.jsonl", "fitted": ["length", …], "figures": {"recall@10": 0.82, …}, …}
/// }
/// ```
/// Every part has its weight and there is no other: a file of another version of the formula is refused rather than
/// half understood.
public struct RankingFile: Sendable, Hashable {
    /// How the weights came about.
    public struct Training: Sendable, Hashable, Codable {
        /// The data in words.
        public var data: String
        /// The number of sets, whose queries were held out together.
        public var setCount: Int
        /// The number of queries.
        public var queryCount: Int
        /// The embedding space of the vectors, nil for words only.
        public var embeddingSpace: String?
        /// The parts that were fitted; the others are the start's.
        public var fitted: [String]
        /// What the weights reach on sets that they were not fitted on, and what the start reaches there.
        public var figures: [String: Double]
    }

    /// The weights.
    public var weights: RankingWeights
    /// How they came about; nil when somebody wrote them down.
    public var training: Training?

    /// Weights with their origin.
    public init(weights: RankingWeights, training: Training? = nil) {
        self.weights = weights
        self.training = training
    }

    private struct File: Codable {
        struct Scales: Codable {
            let vector_floor: Double
            let recency_half_life_days: Double
            let use_half_count: Double
            let length_max: Double
        }
        let format: String
        let version: Int
        let weights: [String: Double]
        let scales: Scales
        let training: Training?
    }

    /// What every file must say of itself, read before anything else.
    private struct Head: Decodable {
        let format: String
        let version: Int
    }

    private static let format = "strata-ranking-weights"
    private static let version = 1

    /// Reads a file.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/modelInvalid``,
    ///   ``StrataError/Code/unsupportedVersion``.
    public static func read(from path: String) throws -> RankingFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StrataError(.notFound, "there are no ranking weights at \(path); train them or leave the setting out")
        }
        return try RankingFile(json: data)
    }

    /// Writes the file: aside first, then in place of the old one.
    ///
    /// - Throws: ``StrataError/Code/storageFailure``.
    public func write(to path: String) throws {
        do {
            try json().write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw StrataError(.storageFailure, "the ranking weights cannot be written to \(path)", cause: error)
        }
    }

    /// Reads the JSON of a file.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid``, ``StrataError/Code/unsupportedVersion``.
    public init(json: Data) throws {
        guard let head = try? JSONDecoder().decode(Head.self, from: json), head.format == Self.format else {
            throw StrataError(.modelInvalid, "the ranking weights are no \(Self.format) file; train them anew")
        }
        guard head.version == Self.version else {
            throw StrataError(
                .unsupportedVersion,
                "the ranking weights have format version \(head.version), expected \(Self.version); train them anew")
        }
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: json)
        } catch {
            throw StrataError(.modelInvalid, "the ranking weights are incomplete; train them anew", cause: error)
        }
        weights = RankingWeights()
        for part in ScorePart.Name.allCases {
            guard let weight = file.weights[part.rawValue] else {
                throw StrataError(.modelInvalid, "the ranking weights lack \(part.rawValue); train them anew")
            }
            weights[part] = weight
        }
        guard file.weights.count == ScorePart.Name.allCases.count else {
            throw StrataError(
                .modelInvalid,
                "the ranking weights are \(file.weights.count), expected \(ScorePart.Name.allCases.count)")
        }
        let days = file.scales.recency_half_life_days
        guard (1e-6...1e6).contains(days) else {
            throw StrataError(
                .modelInvalid, "recency_half_life_days is \(days), expected more than 0, at most a million")
        }
        weights.recencyHalfLife = .seconds(days * 86_400)
        weights.vectorFloor = file.scales.vector_floor
        weights.useHalfCount = file.scales.use_half_count
        weights.lengthMax = file.scales.length_max
        training = file.training
        do {
            try weights.check()
        } catch {
            throw StrataError(.modelInvalid, error.message)
        }
    }

    /// The file: keys sorted, so that equal weights give equal files.
    public func json() throws -> Data {
        let file = File(
            format: Self.format, version: Self.version,
            weights: Dictionary(uniqueKeysWithValues: ScorePart.Name.allCases.map { ($0.rawValue, weights[$0]) }),
            scales: File.Scales(
                vector_floor: weights.vectorFloor,
                recency_half_life_days: weights.recencyHalfLifeDays,
                use_half_count: weights.useHalfCount, length_max: weights.lengthMax),
            training: training)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(file) + Data("\n".utf8)
    }
}
