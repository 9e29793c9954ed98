import COnnxRuntime
import Foundation
import StrataCore

/// Hashes of files.
package enum FileDigest {
    /// The SHA-256 of a file's bytes, 64 hexadecimal digits. Blocks; a gigabyte takes some seconds.
    ///
    /// - Throws: ``StrataError/Code/storageFailure`` for a file that cannot be read.
    package static func sha256(ofFileAt path: String) throws -> String { try sha256(ofFilesAt: [path]) }

    /// The SHA-256 of files one after another.
    package static func sha256(ofFilesAt paths: [String]) throws -> String {
        var hash = StrataSHA256()
        strata_sha256_begin(&hash)
        for path in paths {
            guard let file = FileHandle(forReadingAtPath: path) else {
                throw StrataError(.storageFailure, "cannot open \(path) for reading")
            }
            defer { try? file.close() }
            while let chunk = try next(of: file, path: path) {
                chunk.withUnsafeBytes { strata_sha256_update(&hash, $0.baseAddress, $0.count) }
            }
        }
        var digest = [UInt8](repeating: 0, count: 32)
        strata_sha256_finish(&hash, &digest)
        return digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static func next(of file: FileHandle, path: String) throws -> Data? {
        do {
            let chunk = try file.read(upToCount: 1 << 20)
            return chunk?.isEmpty == false ? chunk : nil
        } catch {
            throw StrataError(.storageFailure, "cannot read \(path): \(error)", cause: error)
        }
    }
}
