public import Foundation
internal import Learning
internal import StrataCore

extension PromotionModel {
    /// The model that is delivered with the engine.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid`` when the build carries a damaged file.
    public static func delivered() throws -> PromotionModel {
        try PromotionModel(json: Data(PackageResources.promotion_model_json))
    }

    /// Reads a model file.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/modelInvalid``,
    ///   ``StrataError/Code/unsupportedVersion``.
    public static func read(from path: String) throws -> PromotionModel {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StrataError(.notFound, "there is no promotion model at \(path); train one or leave the setting out")
        }
        return try PromotionModel(json: data)
    }

    /// Writes the model file: aside first, then in place of the old one.
    ///
    /// - Throws: ``StrataError/Code/storageFailure``.
    public func write(to path: String) throws {
        do {
            try json().write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw StrataError(.storageFailure, "the promotion model cannot be written to \(path)", cause: error)
        }
    }

    /// The model file's form.
    private struct File: Codable {
        struct Feature: Codable {
            let group: PromotionFeature.Group
            let weight: Double
            let mean: Double
        }
        struct Calibration: Codable {
            let intercept: Double
            let slope: Double
        }
        let format: String
        let version: Int
        let definitions: Int
        let intercept: Double
        let features: [String: Feature]
        let calibration: Calibration
        let threshold: Double
        let provenance: Provenance
    }

    /// What every file must say of itself, read before anything else.
    private struct Head: Decodable {
        let format: String
        let version: Int
        let definitions: Int
    }

    private static let format = "strata-promotion-model"
    private static let version = 1

    /// Reads the JSON of a model file.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid``, ``StrataError/Code/unsupportedVersion``.
    public init(json: Data) throws {
        guard let head = try? JSONDecoder().decode(Head.self, from: json), head.format == Self.format else {
            throw StrataError(.modelInvalid, "the promotion model is no \(Self.format) file; train it anew")
        }
        guard head.version == Self.version, head.definitions == PromotionFeature.definitionsVersion else {
            throw StrataError(
                .unsupportedVersion,
                """
                the promotion model has format version \(head.version) and feature definitions \(head.definitions), \
                expected \(Self.version) and \(PromotionFeature.definitionsVersion); train it anew
                """)
        }
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: json)
        } catch {
            throw StrataError(.modelInvalid, "the promotion model is incomplete; train it anew", cause: error)
        }
        let features = PromotionFeature.allCases.compactMap { file.features[$0.rawValue] }
        guard features.count == PromotionFeature.allCases.count, file.features.count == features.count else {
            throw StrataError(
                .modelInvalid, "the promotion model has \(file.features.count) features, expected \(features.count)")
        }
        guard (0...1).contains(file.threshold), file.calibration.slope > 0 else {
            throw StrataError(
                .modelInvalid,
                """
                the promotion model has threshold \(file.threshold) and slope \(file.calibration.slope), expected \
                0 through 1 and more than 0
                """)
        }
        self.init(
            linear: LogisticModel(intercept: file.intercept, weights: features.map(\.weight)),
            means: features.map(\.mean),
            calibration: LogisticModel(intercept: file.calibration.intercept, weights: [file.calibration.slope]),
            threshold: file.threshold, provenance: file.provenance)
    }

    /// The model file: keys sorted, so that equal models give equal files.
    public func json() throws -> Data {
        let features = PromotionFeature.allCases.enumerated().map { place, feature in
            (feature.rawValue, File.Feature(group: feature.group, weight: linear.weights[place], mean: means[place]))
        }
        let file = File(
            format: Self.format, version: Self.version, definitions: PromotionFeature.definitionsVersion,
            intercept: linear.intercept, features: Dictionary(uniqueKeysWithValues: features),
            calibration: File.Calibration(intercept: calibration.intercept, slope: calibration.weights[0]),
            threshold: threshold, provenance: provenance)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(file) + Data("\n".utf8)
    }
}
