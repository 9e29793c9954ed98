import Foundation

/// Rows of 32-bit values, each behind its length: `.fvecs` when they are floats, `.ivecs` when integers.
struct VectorFile {
    let rows: [[Float]]

    init(_ path: String) throws {
        rows = try Self.words(path).map { $0.map { Float(bitPattern: $0) } }
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
