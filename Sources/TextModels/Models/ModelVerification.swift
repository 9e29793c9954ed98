import Foundation
import StrataCore

/// How much a model is checked when it is loaded.
public enum ModelVerification: Sendable {
    /// Hashes and self-tests a folder once per state of its files, card and runtime version.
    case once
    /// Hashes and self-tests it now; what `strata doctor` does.
    case always
}

/// The result of a passed check, kept in the model folder so that later starts need neither hash nor self-test.
///
/// It holds for exactly these files (size, inode, times), this card and this runtime version.
struct VerificationRecord: Hashable, Codable, Sendable {
    static let fileName = ".strata-verified.json"

    var cardDigest: String
    var files: [FileStamp]
    var runtimeVersion: String
    var weightsDigest: String

    /// The record in a folder; nil without a readable one.
    static func read(from folder: ModelFolder) -> VerificationRecord? {
        guard let bytes = FileManager.default.contents(atPath: "\(folder.path)/\(fileName)") else { return nil }
        return try? JSONDecoder().decode(VerificationRecord.self, from: bytes)
    }

    /// Keeps the record where the folder may be written; elsewhere the next start checks again.
    func write(to folder: ModelFolder) {
        guard let bytes = try? JSONEncoder().encode(self) else { return }
        try? bytes.write(to: URL(fileURLWithPath: "\(folder.path)/\(Self.fileName)"), options: .atomic)
    }

    /// The record of the folder as it is now, its weights hashed unless this very state was checked before, and whether
    /// it was.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid`` for other weights than the card names.
    static func check(
        _ folder: ModelFolder, runtimeVersion: String, _ verification: ModelVerification
    ) throws -> (VerificationRecord, isKnown: Bool) {
        let known = verification == .once ? read(from: folder) : nil
        var record = VerificationRecord(
            cardDigest: folder.cardDigest, files: try folder.stamps(), runtimeVersion: runtimeVersion,
            weightsDigest: known?.weightsDigest ?? "")
        if record == known { return (record, true) }
        record.weightsDigest = try folder.weightsDigest()
        if let expected = folder.card.sha256, expected != record.weightsDigest {
            throw StrataError(
                .modelInvalid,
                """
                the weights in \(folder.path) have SHA-256 \(record.weightsDigest), the card says \(expected); the file \
                is damaged or another one: remove the folder and run make setup
                """)
        }
        return (record, false)
    }
}
