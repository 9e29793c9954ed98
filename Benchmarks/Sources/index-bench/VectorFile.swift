import Foundation

/// Rows of 32-bit values: each behind its length in `.fvecs` (floats) and `.ivecs` (integers), or numpy's `.npy` with
/// rows of floats.
struct VectorFile {
    let rows: [[Float]]

    init(_ path: String) throws {
        rows = try path.hasSuffix(".npy") ? Self.array(path) : Self.words(path).map { $0.map { Float(bitPattern: $0) } }
    }

    /// The format is described at <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
    private static func array(_ path: String) throws -> [[Float]] {
        struct NotAnArray: Error, CustomStringConvertible { let description: String }
        let data = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
        let bytes = [UInt8](data.prefix(12))
        guard bytes.count == 12, bytes[..<6] == [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] else {
            throw NotAnArray(description: "\(path) is not a .npy file")
        }
        let isOld = bytes[6] == 1
        let size = Int(bytes[8]) | Int(bytes[9]) << 8 | (isOld ? 0 : Int(bytes[10]) << 16 | Int(bytes[11]) << 24)
        let start = isOld ? 10 : 12
        let header = String(decoding: data[start..<min(start + size, data.count)], as: UTF8.self)
        let shape = header.firstMatch(of: /'shape': \((\d+), (\d+)\)/).flatMap { match in
            Int(match.1).flatMap { rows in Int(match.2).map { (rows, $0) } }
        }
        guard let (rowCount, width) = shape, header.contains("'<f4'"), header.contains("'fortran_order': False"),
            data.count >= start + size + rowCount * width * 4
        else { throw NotAnArray(description: "\(path) has no rows of little-endian 32-bit floats") }
        return data.withUnsafeBytes { bytes in
            (0..<rowCount).map { row in
                let at = start + size + row * width * 4
                return (0..<width).map {
                    Float(
                        bitPattern: UInt32(
                            littleEndian: bytes.loadUnaligned(fromByteOffset: at + $0 * 4, as: UInt32.self)))
                }
            }
        }
    }

    static func integers(_ path: String) throws -> [[Int]] {
        try words(path).map { $0.map { Int(Int32(bitPattern: $0)) } }
    }

    static func write(_ rows: [[Int]], width: Int, to path: String) throws {
        var words: [UInt32] = []
        for row in rows {
            words.append(UInt32(width).littleEndian)
            let padded = row.prefix(width) + Array(repeating: -1, count: max(0, width - row.count))
            words += padded.map { UInt32(bitPattern: Int32($0)).littleEndian }
        }
        try words.withUnsafeBytes { Data($0) }.write(to: URL(filePath: path))
    }

    private static func words(_ path: String) throws -> [[UInt32]] {
        let data = try Data(contentsOf: URL(filePath: path))
        return data.withUnsafeBytes { bytes in
            let words = bytes.bindMemory(to: UInt32.self)
            var rows: [[UInt32]] = []
            var at = 0
            while at < words.count {
                let width = Int(UInt32(littleEndian: words[at]))
                rows.append(words[(at + 1)...(at + width)].map { UInt32(littleEndian: $0) })
                at += width + 1
            }
            return rows
        }
    }
}
