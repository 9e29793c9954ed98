/// Reads the little-endian base-128 numbers inside a base64 text.
struct VarintReader {
    private var bytes: [UInt8] = []
    private var position = 0

    init(base64: StaticString) {
        bytes.reserveCapacity(base64.utf8CodeUnitCount * 3 / 4)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        base64.withUTF8Buffer { text in
            for byte in text where byte != UInt8(ascii: "=") {
                let digit: UInt8 =
                    switch byte {
                    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
                    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
                    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
                    case UInt8(ascii: "+"): 62
                    default: 63
                    }
                bits = bits << 6 | UInt32(digit)
                bitCount += 6
                if bitCount >= 8 {
                    bitCount -= 8
                    bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
                }
            }
        }
    }

    mutating func next() -> UInt32 {
        var value: UInt32 = 0
        var shift: UInt32 = 0
        while true {
            let byte = bytes[position]
            position += 1
            value |= UInt32(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }
}
