internal import Foundation
internal import StrataCore
internal import TextModels

/// The model folders under one folder, `$STRATA_HOME/models` as a rule.
///
/// A model is made aside and renamed into place when it is whole, so a folder with a plain name is always a whole model.
/// Names that begin with a dot are the store's own: `.pull-NAME` and `.import-NAME` while they are made, `.NAME.lock`.
public struct LocalModelStore: Sendable {
    /// The folder of the models.
    public let folder: String
    let environment: TransferEnvironment

    /// A store in that folder; it is made when the first model comes.
    public init(folder: String, environment: TransferEnvironment) {
        self.folder = folder
        self.environment = environment
    }

    /// The store in `STRATA_HOME`.
    ///
    /// - Throws: ``StrataError/Code/notFound`` when there is no home folder to look in.
    public static func standard(environment: TransferEnvironment) throws -> LocalModelStore {
        guard let home = StrataHome.path(environment: environment.variables) else {
            throw StrataError(.notFound, "neither STRATA_HOME nor HOME is set; set one of them")
        }
        return LocalModelStore(folder: home + "/models", environment: environment)
    }

    /// The models, by name; folders without a readable card are among them and say why.
    public func list() async throws -> [InstalledModel] {
        try await lane.run { try names().map(installed) }
    }

    /// The model of that name.
    ///
    /// - Throws: ``StrataError/Code/notFound``.
    public func model(named name: String) async throws -> InstalledModel {
        try await lane.run { try installed(existing(name)) }
    }

    /// Hashes every file of a model and compares with its manifest and its card. Takes seconds a gigabyte.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/modelInvalid`` for a bad card,
    ///   ``StrataError/Code/corrupted`` for a bad manifest, ``StrataError/Code/storageFailure``.
    public func verify(_ name: String) async throws -> ModelCheck {
        try await lane.run { try check(existing(name)) }
    }

    /// Removes a model with all its files.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/locked``, ``StrataError/Code/storageFailure``.
    public func remove(_ name: String) async throws {
        try await lane.run {
            let model = try path(existing(name))
            let lock = try NameLock(name, in: folder)
            defer { lock.release() }
            // One rename makes it gone for everybody; what deleting leaves behind after a crash is swept next time.
            let aside = "\(folder)/.removed-\(name)"
            try? FileManager.default.removeItem(atPath: aside)
            guard rename(model, aside) == 0 else { throw DurableFile.failure("rename", model) }
            try FileManager.default.removeItem(atPath: aside)
        }
    }

    // MARK: - On this machine; all of it blocks.

    var lane: BlockingLane { BlockingLane("models") }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    private func existing(_ name: String) throws -> String {
        guard ModelHub.isPlain(name), !name.hasPrefix("."), exists(name) else {
            throw StrataError(
                .notFound, "no model \(name) in \(folder); `strata models list` names those that are there")
        }
        return name
    }

    func names() throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { name in
            var isFolder: ObjCBool = false
            return !name.hasPrefix(".") && FileManager.default.fileExists(atPath: path(name), isDirectory: &isFolder)
                && isFolder.boolValue
        }.sorted()
    }

    func installed(_ name: String) throws -> InstalledModel {
        let files = try FileManager.default.contentsOfDirectory(atPath: path(name))
        let sizes = files.map { file -> Int in
            let values = try? FileManager.default.attributesOfItem(atPath: "\(path(name))/\(file)")
            return (values?[.size] as? NSNumber)?.intValue ?? 0
        }
        return InstalledModel(
            name: name, folder: path(name), card: card(of: name), manifest: try? ModelManifest.read(from: path(name)),
            sizeBytes: sizes.reduce(0, +))
    }

    private func card(of name: String) -> Result<ModelCard, StrataError> {
        guard let bytes = FileManager.default.contents(atPath: "\(path(name))/\(ModelCard.fileName)") else {
            return .failure(StrataError(.modelInvalid, "there is no readable \(ModelCard.fileName)"))
        }
        do {
            return .success(try ModelCard(json: [UInt8](bytes)))
        } catch let error as StrataError {
            return .failure(error)
        } catch {
            return .failure(StrataError(.modelInvalid, "\(error)", cause: error))
        }
    }

    private func check(_ name: String) throws -> ModelCheck {
        let card = try card(of: name).get()
        let known = try ModelManifest.read(from: path(name))?.files ?? []
        let named = [ModelCard.fileName, card.files.model, card.files.tokenizer] + card.files.data
        let files = try Set(named + known.map(\.name)).sorted().map { file -> ModelCheck.File in
            let place = "\(path(name))/\(file)"
            guard FileManager.default.fileExists(atPath: place) else {
                return ModelCheck.File(name: file, finding: .missing, sha256: nil)
            }
            let digest = try Self.digest(ofFileAt: place)
            let expected = known.first { $0.name == file }?.sha256
            let finding: ModelCheck.Finding = expected.map { $0 == digest ? .ok : .changed } ?? .unknown
            return ModelCheck.File(name: file, finding: finding, sha256: digest)
        }
        var weightsFit: Bool?
        if let expected = card.sha256, !files.contains(where: { $0.finding == .missing }) {
            weightsFit = try Self.weightsDigest(card, in: path(name)) == expected
        }
        return ModelCheck(name: name, files: files, weightsFitCard: weightsFit)
    }

    static func digest(ofFileAt path: String) throws -> String { try FileDigest.sha256(ofFileAt: path) }

    static func weightsDigest(_ card: ModelCard, in folder: String) throws -> String {
        try FileDigest.sha256(ofFilesAt: ([card.files.model] + card.files.data).map { "\(folder)/\($0)" })
    }
}
