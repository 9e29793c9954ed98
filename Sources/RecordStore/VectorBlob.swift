import Foundation
import StrataCore

/// Vectors as they are stored: 32-bit floats, little-endian, one after another.
enum VectorBlob {
    /// The bytes of a vector.
    static func data(_ vector: [Float]) -> Data {
        #if _endian(big)
            return vector.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
        #else
            return vector.withUnsafeBytes { Data($0) }
        #endif
    }

    /// Copies the floats of a blob to `target`, which has room for all of them.
    static func copy(_ data: Data, to target: UnsafeMutablePointer<Float>) {
        data.withUnsafeBytes {
            UnsafeMutableRawPointer(target).copyMemory(
                from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count)
        }
        #if _endian(big)
            for index in 0..<(data.count / 4) {
                target[index] = Float(bitPattern: UInt32(littleEndian: target[index].bitPattern))
            }
        #endif
    }
}

/// The key of a vector: the shelf above, the record below.
enum VectorKey {
    /// The key of a record on a shelf.
    ///
    /// - Throws: ``StrataError/Code/tooLarge`` past 2^40 records or 2^23 shelves.
    static func number(shelf: Int64, record: RecordKey) throws -> Int64 {
        guard record >> Schema.recordBits == 0, shelf >> (63 - Schema.recordBits) == 0 else {
            throw StrataError(
                .tooLarge, "the database has run out of vector keys (shelf \(shelf), record \(record)); export it anew")
        }
        return shelf << Schema.recordBits | record
    }

    /// The keys of all records on a shelf.
    static func range(shelf: Int64) -> ClosedRange<Int64> {
        shelf << Schema.recordBits...(shelf << Schema.recordBits | (1 << Schema.recordBits - 1))
    }
}
