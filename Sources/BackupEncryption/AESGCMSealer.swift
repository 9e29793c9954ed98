public import Backup
internal import Crypto
internal import Foundation
internal import StrataCore

/// Seals chunks with AES-256-GCM (NIST SP 800-38D), a fresh random nonce each.
public struct AESGCMSealer: ChunkSealer {
    /// `AES-256-GCM`.
    public let name = "AES-256-GCM"
    private let key: SymmetricKey

    /// A sealer of that key.
    ///
    /// - Parameter text: 32 bytes as 64 hexadecimal digits or as Base64; white space around it does not count.
    /// - Throws: ``StrataError/Code/invalidArgument`` for anything else.
    public init(keyText text: String) throws {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let bytes = Self.hexBytes(text) ?? Data(base64Encoded: text).map(Array.init), bytes.count == 32 else {
            throw StrataError(
                .invalidArgument,
                """
                a backup key is 32 bytes, as 64 hexadecimal digits or as Base64, but another text of \
                \(text.utf8.count) bytes came; make one with `openssl rand -hex 32`
                """)
        }
        key = SymmetricKey(data: bytes)
    }

    /// The key of a file or of `STRATA_BACKUP_KEY`; nil when neither is given. The file wins.
    ///
    /// - Throws: ``StrataError/Code/notFound`` for a file that cannot be read; ``StrataError/Code/invalidArgument``.
    public static func standard(keyFile: String?, environment: [String: String]) throws -> AESGCMSealer? {
        if let keyFile {
            guard let text = try? String(contentsOfFile: keyFile, encoding: .utf8) else {
                throw StrataError(.notFound, "cannot read the key file \(keyFile); check the path and its permissions")
            }
            return try AESGCMSealer(keyText: text)
        }
        guard let text = environment["STRATA_BACKUP_KEY"], !text.isEmpty else { return nil }
        return try AESGCMSealer(keyText: text)
    }

    /// Nonce, ciphertext and tag, one after another.
    public func seal(_ bytes: [UInt8], context: [UInt8]) throws -> [UInt8] {
        let box = try AES.GCM.seal(bytes, using: key, authenticating: context)
        guard let combined = box.combined else {
            throw StrataError(.internal, "AES-GCM gave no combined box for a nonce of its own length; report this")
        }
        return Array(combined)
    }

    /// The bytes that were sealed with this key and context.
    public func open(_ bytes: [UInt8], context: [UInt8]) throws -> [UInt8] {
        Array(try AES.GCM.open(AES.GCM.SealedBox(combined: bytes), using: key, authenticating: context))
    }

    private static func hexBytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") ? Int($0) - 48 : hexLetter($0) }
        guard digits.count == 64, digits.allSatisfy({ $0 >= 0 }) else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func hexLetter(_ byte: UInt8) -> Int {
        let lower = byte | 0x20
        return UInt8(ascii: "a") <= lower && lower <= UInt8(ascii: "f") ? Int(lower) - 87 : -1
    }
}
