internal import CZlib
internal import StrataCore

/// zlib over whole chunks.
enum Deflate {
    /// Level 1 is three times as fast as the default and gives away a tenth on pages of texts and floats.
    private static let level: Int32 = 1

    static func compressed(_ bytes: [UInt8]) throws -> [UInt8] {
        var length = compressBound(uLong(bytes.count))
        var status = Z_OK
        let result = [UInt8](unsafeUninitializedCapacity: Int(length)) { target, count in
            status = compress2(target.baseAddress, &length, bytes, uLong(bytes.count), level)
            count = status == Z_OK ? Int(length) : 0
        }
        guard status == Z_OK else {
            throw StrataError(.internal, "zlib could not compress a chunk (\(status)); give it more memory")
        }
        return result
    }

    /// The bytes again, exactly `count` of them; nil for anything else.
    static func expanded(_ bytes: [UInt8], count expected: Int) -> [UInt8]? {
        var length = uLong(expected)
        var isWhole = false
        let result = [UInt8](unsafeUninitializedCapacity: max(1, expected)) { target, count in
            let status = uncompress(target.baseAddress, &length, bytes, uLong(bytes.count))
            isWhole = status == Z_OK && length == expected
            count = isWhole ? expected : 0
        }
        return isWhole ? result : nil
    }
}
