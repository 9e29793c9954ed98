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
    }

    /// The directory when it is ready.
    struct Prepared: Sendable {
        let path: String
        let texts: [String]
        let seed: UInt64
        /// How long it took to fill it; nil when it was there already.
        let ingestSeconds: Double?
        let diskBytes: Int

        /// The id of the record at a place.
        func id(at index: Int) -> RecordID { RecordSet.id(at: index) }
    }

    let count: Int
    let source: TextSource
    let model: ModelFolder
    let folder: ScratchFolder

    func prepare() async throws -> Prepared {
        let texts = try source.sentences(count)
        let path = folder.path(of: "records-\(count)")
        let label = Label(count: count, seed: source.seed, texts: source.description, model: model.name)
        let labelFile = URL(fileURLWithPath: path + ".json")
        if let data = try? Data(contentsOf: labelFile), try JSONDecoder().decode(Label.self, from: data) == label {
            return prepared(path, texts, ingestSeconds: nil)
        }
        try? FileManager.default.removeItem(atPath: path)
        var configuration = EngineConfiguration()
        configuration.model = model.choice
        let engine = try await MemoryEngine.open(at: path, configuration: configuration)
        let clock = ContinuousClock()
        let start = clock.now
        let memories = texts.enumerated().map { NewMemory($1, id: Self.id(at: $0)) }
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
            diskBytes: ScratchFolder.fileBytes(at: path))
    }

    /// A version 8 UUID ("custom", RFC 9562) that holds the record's place.
    nonisolated static func id(at index: Int) -> RecordID {
        RecordID(high: UInt64(index) << 16 | 0x8000, low: 0x8000_0000_0000_0000)
    }
}
