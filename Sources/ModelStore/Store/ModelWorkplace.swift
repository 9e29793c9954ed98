internal import Foundation
internal import StrataCore
internal import TextModels

/// A folder beside the models in which one is made; it becomes the model by one rename. All of it blocks.
struct ModelWorkplace: Sendable {
    let store: LocalModelStore
    let name: String
    let path: String

    /// Makes or finds the folder.
    ///
    /// - Parameter purpose: what the folder is called after: `pull` or `import`.
    init(_ name: String, purpose: String, in store: LocalModelStore) throws {
        self.store = store
        self.name = name
        path = "\(store.folder)/.\(purpose)-\(name)"
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw StrataError(.storageFailure, "cannot make \(path): \(error.localizedDescription)", cause: error)
        }
    }

    /// Empties the folder unless it was begun for the same contents.
    func keep(onlyFor contents: String) throws {
        let mark = "\(path)/.contents"
        if let known = FileManager.default.contents(atPath: mark), String(decoding: known, as: UTF8.self) == contents {
            return
        }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try DurableFile.write(Array(contents.utf8), to: mark)
    }

    /// Throws the folder away.
    func discard() { try? FileManager.default.removeItem(atPath: path) }

    /// Checks the weights, notes what is there and renames the folder to the model's name.
    ///
    /// - Parameter replaces: whether a model of that name gives way.
    /// - Throws: ``StrataError/Code/corrupted`` when the weights have another hash than the card states;
    ///   ``StrataError/Code/conflict`` for a name that is taken.
    func install(card: ModelCard, manifest: ModelManifest, replaces: Bool) throws -> InstalledModel {
        if let expected = card.sha256 {
            let digest = try LocalModelStore.weightsDigest(card, in: path)
            guard digest == expected else {
                discard()
                throw StrataError(
                    .corrupted, "the weights have SHA-256 \(digest), the card says \(expected); they are not installed")
            }
        }
        try manifest.write(to: path)
        unlink("\(path)/.contents")
        for file in manifest.files { try DurableFile.sync("\(path)/\(file.name)") }
        try DurableFile.sync(path)
        let target = store.path(name)
        let old = "\(store.folder)/.removed-\(name)"
        if store.exists(name) {
            guard replaces else { throw Self.taken(name) }
            try? FileManager.default.removeItem(atPath: old)
            guard rename(target, old) == 0 else { throw DurableFile.failure("rename", target) }
        }
        guard rename(path, target) == 0 else { throw DurableFile.failure("rename", path) }
        try DurableFile.sync(store.folder)
        try? FileManager.default.removeItem(atPath: old)
        return try store.installed(name)
    }

    static func taken(_ name: String) -> StrataError {
        StrataError(.conflict, "there is a model \(name) already; give --replace or another --name")
    }
}
