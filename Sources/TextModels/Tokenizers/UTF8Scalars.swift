/// UTF-8 that is known to be valid, because it came out of a `String` or was checked.
typealias ValidUTF8 = UnsafeBufferPointer<UInt8>

extension UnsafeBufferPointer<UInt8> {
    /// The scalar that starts at `position`, which moves behind it.
    @inline(__always)
    func scalar(at position: inout Int) -> UInt32 {
        let first = UInt32(self[position])
        if first < 0x80 {
            position += 1
            return first
        }
        let second = UInt32(self[position + 1]) & 0x3F
        if first < 0xE0 {
            position += 2
            return (first & 0x1F) << 6 | second
        }
        let third = UInt32(self[position + 2]) & 0x3F
        if first < 0xF0 {
            position += 3
            return (first & 0x0F) << 12 | second << 6 | third
        }
        let fourth = UInt32(self[position + 3]) & 0x3F
        position += 4
        return (first & 0x07) << 18 | second << 12 | third << 6 | fourth
    }

    /// The scalar that ends right before `position`, which moves to its start.
    func scalar(before position: inout Int) -> UInt32 {
        repeat { position -= 1 } while self[position] & 0xC0 == 0x80
        var start = position
        return scalar(at: &start)
    }

    /// The bytes of the range, without a copy.
    func part(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: self[range])
    }

    var isASCII: Bool { allSatisfy { $0 < 0x80 } }
}

extension [UInt8] {
    @inline(__always)
    mutating func append(scalar: UInt32) {
        if scalar < 0x80 {
            append(UInt8(scalar))
        } else if scalar < 0x800 {
            append(UInt8(0xC0 | scalar >> 6))
            append(UInt8(0x80 | scalar & 0x3F))
        } else if scalar < 0x10000 {
            append(UInt8(0xE0 | scalar >> 12))
            append(UInt8(0x80 | scalar >> 6 & 0x3F))
            append(UInt8(0x80 | scalar & 0x3F))
        } else {
            append(UInt8(0xF0 | scalar >> 18))
            append(UInt8(0x80 | scalar >> 12 & 0x3F))
            append(UInt8(0x80 | scalar >> 6 & 0x3F))
            append(UInt8(0x80 | scalar & 0x3F))
        }
    }
}
