internal import Foundation
internal import StrataCore
internal import TextModels

/// How a model is taken from a folder or an archive.
public struct ImportOptions: Sendable {
    /// The name in the store; nil takes the card's.
    public var name: String?
    /// The card's bytes, for a source without one.
    public var card: [UInt8]?
    /// Whether a model of that name gives way.
    public var replaces = false
    /// The most bytes that the source may hold.
    public var sizeBytesMax = 64 << 30

    /// The defaults.
    public init() {}
}

extension LocalModelStore {
    /// Takes a model from a folder, a `.zip`, a `.tar`, or a `.tar.gz`/`.tgz`.
    ///
    /// Only the card and the files that it names are taken, as plain files beside the card; names in an archive are
    /// compared and never used as paths. An archive with links, devices, names that lead out of it, or far more contents
    /// than bytes is refused whole.
    ///
    /// - Throws: ``StrataError``: `notFound`, `invalidArgument`, `modelInvalid` for a bad card or a missing file,
    ///   `corrupted`, `tooLarge`, `conflict`, `locked`, `storageFailure`.
    public func importModel(from path: String, options: ImportOptions = ImportOptions()) async throws -> InstalledModel
    {
        try await lane.run { try importNow(path, options) }
    }

    private func importNow(_ path: String, _ options: ImportOptions) throws -> InstalledModel {
        let source = try ImportSource(path: path, sizeBytesMax: options.sizeBytesMax)
        let (cardFolder, found) = try source.card()
        guard let bytes = options.card ?? found else {
            throw StrataError(
                .modelInvalid, "\(path) holds no \(ModelCard.fileName); give a card with --card (docs/models.md)")
        }
        let card = try ModelCard(json: bytes)
        let name = options.name ?? card.name
        guard ModelHub.isPlain(name), !name.hasPrefix(".") else {
            throw StrataError(.invalidArgument, "a model's name has letters, digits, '.', '-', '_' only")
        }
        let lock = try NameLock(name, in: folder)
        defer { lock.release() }
        guard options.replaces || !exists(name) else { throw ModelWorkplace.taken(name) }
        let place = try ModelWorkplace(name, purpose: "import", in: self)
        do {
            // What an import that was killed left behind is of no use.
            place.discard()
            try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
            let names = Set([card.files.model, card.files.tokenizer] + card.files.data)
            let taken = try source.extract(names, from: cardFolder, into: place.path)
            let missing = names.subtracting(taken.keys).sorted()
            guard missing.isEmpty else {
                throw StrataError(
                    .modelInvalid, "\(path) lacks \(missing.joined(separator: ", ")), which the card names")
            }
            try DurableFile.write(bytes, to: "\(place.path)/\(ModelCard.fileName)")
            let all = taken.merging([ModelCard.fileName: ModelCard.fileName]) { $1 }
            let files = try all.sorted { $0.key < $1.key }.map { name, origin in
                let file = "\(place.path)/\(name)"
                let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber
                return ModelManifest.File(
                    name: name, path: origin, sizeBytes: size?.intValue ?? 0, sha256: try Self.digest(ofFileAt: file))
            }
            let manifest = ModelManifest(
                schemaVersion: 1, source: URL(fileURLWithPath: path).lastPathComponent, repository: nil, revision: nil,
                commit: nil, files: files)
            return try place.install(card: card, manifest: manifest, replaces: options.replaces)
        } catch {
            place.discard()
            throw error
        }
    }
}
