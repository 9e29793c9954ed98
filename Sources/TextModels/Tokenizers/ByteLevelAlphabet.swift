/// The letters under which byte-level vocabularies write bytes: printable ones as themselves, the others from U+0100 on.
///
/// After GPT-2's `bytes_to_unicode`.
enum ByteLevelAlphabet {
    /// The byte for each scalar below U+0144; nil where there is none.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        var next = 0x100
        for byte in UInt8.min...UInt8.max {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: bytes[Int(byte)] = byte
            default:
                bytes[next] = byte
                next += 1
            }
        }
        return bytes
    }()

    private static let scalars: [UInt32] = {
        var scalars = [UInt32](repeating: 0, count: 256)
        for (scalar, byte) in bytes.enumerated() {
            if let byte { scalars[Int(byte)] = UInt32(scalar) }
        }
        return scalars
    }()

    /// The letter for a byte.
    static func scalar(of byte: UInt8) -> UInt32 { scalars[Int(byte)] }

    /// The bytes that a token of a byte-level vocabulary stands for, or nil when it has other letters.
    static func bytes(of token: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(token.count)
        let isComplete = token.withUnsafeBufferPointer { text in
            var position = 0
            while position < text.count {
                let scalar = Int(text.scalar(at: &position))
                guard scalar < bytes.count, let byte = bytes[scalar] else { return false }
                result.append(byte)
            }
            return true
        }
        return isComplete ? result : nil
    }
}
