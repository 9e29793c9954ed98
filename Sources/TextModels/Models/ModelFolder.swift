import Foundation
import StrataCore

/// A model folder whose card has been read and whose files are there.
struct ModelFolder: Sendable {
    let path: String
    let card: ModelCard
    /// The card's bytes hashed, to notice a change of it.
    let cardDigest: String

    /// Reads the card and looks whether the files are there.
    ///
    /// - Parameter kind: what the model has to be for; nil accepts every kind.
    /// - Throws: ``StrataError/Code/notFound`` without such a folder; ``StrataError/Code/modelInvalid`` for what it lacks,
    ///   for a bad card or a card of another kind.
    init(path: String, kind: ModelCard.Kind? = nil) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw StrataError(.notFound, "no model folder at \(path); run make setup or give another folder")
        }
        guard let bytes = FileManager.default.contents(atPath: "\(path)/\(ModelCard.fileName)") else {
            throw StrataError(
                .modelInvalid,
                "\(path) has no readable \(ModelCard.fileName); run make setup or write one (docs/models.md)")
        }
        let card = try ModelCard(json: [UInt8](bytes))
        if let kind, card.kind != kind {
            throw StrataError(
                .modelInvalid,
                """
                model \(card.name) in \(path) is of kind \(card.kind.rawValue), expected \(kind.rawValue); name another \
                folder
                """)
        }
        let missing = ([card.files.model, card.files.tokenizer] + card.files.data).filter {
            !FileManager.default.isReadableFile(atPath: "\(path)/\($0)")
        }
        guard missing.isEmpty else {
            throw StrataError(
                .modelInvalid, "\(path) lacks \(missing.joined(separator: ", ")), which its card names; run make setup")
        }
        self.path = path
        self.card = card
        cardDigest = SHA256.digest(of: String(decoding: bytes, as: UTF8.self)).description
    }

    var modelPath: String { "\(path)/\(card.files.model)" }
    var tokenizerPath: String { "\(path)/\(card.files.tokenizer)" }

    /// The identity of each file on disk; a file that was written anew has another one.
    func stamps() throws -> [FileStamp] {
        try ([card.files.model, card.files.tokenizer] + card.files.data).map { try FileStamp(folder: path, name: $0) }
    }

    /// Hashes the weights: the model file, then the data files.
    ///
    /// - Throws: ``StrataError/Code/storageFailure`` for a file that cannot be read.
    func weightsDigest() throws -> String {
        try FileDigest.sha256(ofFilesAt: ([card.files.model] + card.files.data).map { "\(path)/\($0)" })
    }
}

/// What tells a file apart from one that was written in its place.
struct FileStamp: Hashable, Codable, Sendable {
    let name: String
    let sizeBytes: Int64
    let inode: UInt64
    /// Nanoseconds since 1970; set by copying tools.
    let modified: Int64
    /// Nanoseconds since 1970; set by the system on every change, so that a forged `modified` does not pass.
    let changed: Int64

    init(folder: String, name: String) throws {
        var status = stat()
        guard stat("\(folder)/\(name)", &status) == 0 else {
            throw StrataError(.storageFailure, "cannot look at \(folder)/\(name): \(String(cString: strerror(errno)))")
        }
        self.name = name
        sizeBytes = Int64(status.st_size)
        inode = UInt64(status.st_ino)
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
    }
}
