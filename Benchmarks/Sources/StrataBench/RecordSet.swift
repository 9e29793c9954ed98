internal import BenchSupport
internal import Foundation
internal import Strata
internal import StrataCore

/// A data directory with so many embedded sentences in the default namespace.
@MainActor
struct RecordSet {
    /// What a kept directory was made of, so that a later run can tell whether it is the same.
    private struct Label: Codable, Equatable {
        let count: Int
        let seed: UInt64
        let texts: String
        let model: String
        let vectors: String
    }

    /// Where the vectors of a set come from.
    enum Vectors: String, Codable, Sendable {
        /// The engine embeds every text.
        case embedded
        /// Those of ``RecordSet/baseCount`` texts, with noise, are given with all texts: quick to fill, for times only.
        case perturbed
    }

    /// The directory when it is ready.
    struct Prepared: Sendable {
        let path: String
        let texts: [String]
        let seed: UInt64
        /// How long it took to fill it; nil when it was there already.
        let ingestSeconds: Double?
        let diskBytes: Int
        let vectors: Vectors

        /// The id of the record at a place.
        func id(at index: Int) -> RecordID { RecordSet.id(at: index) }
    }

    let count: Int
    let source: TextSource
    let model: ModelFolder
    let folder: ScratchFolder
    /// The peer that makes the base of perturbed vectors; nil has the engine embed all texts.
    let perturbing: PythonPeer?

    private var vectors: Vectors { perturbing == nil ? .embedded : .perturbed }
    private static let baseCount = 2000
    /// Two neighbours of one base vector have a cosine of about 1 / (1 + 0.5²) = 0.8.
    private static let noise: Float = 0.5

    func prepare() async throws -> Prepared {
        let texts = try source.sentences(count)
        let path = folder.path(of: "records-\(count)")
        let label = Label(
            count: count, seed: source.seed, texts: source.description, model: model.name, vectors: vectors.rawValue)
        let labelFile = URL(fileURLWithPath: path + ".json")
        if let data = try? Data(contentsOf: labelFile), (try? JSONDecoder().decode(Label.self, from: data)) == label {
            return prepared(path, texts, ingestSeconds: nil)
        }
        try? FileManager.default.removeItem(atPath: path)
        var configuration = EngineConfiguration()
        configuration.model = model.choice
        // Perturbed vectors of one base are near duplicates by design; looking for those would measure nothing real.
        if vectors == .perturbed { configuration.nearDuplicates = nil }
        let engine = try await MemoryEngine.open(at: path, configuration: configuration)
        let clock = ContinuousClock()
        let start = clock.now
        let memories = try self.memories(of: texts)
        var storedCount = 0
        for try await progress in engine.remember(contentsOf: MemoryStream(memories: memories)) {
            storedCount = progress.storedCount
        }
        let seconds = (clock.now - start).inSeconds
        let missing = try await engine.stats().vectorMissingCount
        guard storedCount == count, missing == 0 else {
            throw BenchFailure("\(storedCount) of \(count) records were stored, \(missing) without a vector")
        }
        try await engine.close()
        try JSONEncoder().encode(label).write(to: labelFile)
        return prepared(path, texts, ingestSeconds: seconds)
    }

    private func prepared(_ path: String, _ texts: [String], ingestSeconds: Double?) -> Prepared {
        Prepared(
            path: path, texts: texts, seed: source.seed, ingestSeconds: ingestSeconds,
            diskBytes: ScratchFolder.fileBytes(at: path), vectors: vectors)
    }

    private func memories(of texts: [String]) throws -> [NewMemory] {
        guard let perturbing else { return texts.enumerated().map { NewMemory($1, id: Self.id(at: $0)) } }
        let base = try perturbing.vectors(of: Array(texts.prefix(Self.baseCount)), in: folder.path)
        let dimension = base.count / min(Self.baseCount, texts.count)
        var random = SeededGenerator(seed: source.seed &+ 3)
        return texts.enumerated().map { index, text in
            let start = index % Self.baseCount * dimension
            let vector = zip(base[start..<start + dimension], random.unitVector(dimension: dimension)).map {
                $0 + Self.noise * $1
            }
            return NewMemory(text, id: Self.id(at: index), vector: vector)
        }
    }

    /// A version 8 UUID ("custom", RFC 9562) that holds the record's place.
    nonisolated static func id(at index: Int) -> RecordID {
        RecordID(high: UInt64(index) << 16 | 0x8000, low: 0x8000_0000_0000_0000)
    }
}
