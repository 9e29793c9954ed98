/// Looks through a file block by block for the first byte that no UTF-8 text has.
///
/// The states follow table 3-7 of the Unicode Standard, "Well-Formed UTF-8 Byte Sequences".
struct TextCheck {
    /// What was found first.
    enum Fault: Equatable {
        case invalidUTF8(byteOffset: Int)
        case nulByte(byteOffset: Int)
    }

    private var offset = 0
    private var sequenceStart = 0
    private var pendingCount = 0
    private var nextByte: ClosedRange<UInt8> = 0x80...0xBF

    /// Takes in the next block; the fault's offset counts from the start of the first block. An invalid sequence is
    /// reported at its first byte.
    mutating func take(_ block: some Sequence<UInt8>) -> Fault? {
        for byte in block {
            if pendingCount > 0 {
                guard nextByte.contains(byte) else { return .invalidUTF8(byteOffset: sequenceStart) }
                pendingCount -= 1
                nextByte = 0x80...0xBF
            } else if byte >= 0x80 {
                sequenceStart = offset
                switch byte {
                case 0xC2...0xDF: pendingCount = 1
                case 0xE0: (pendingCount, nextByte) = (2, 0xA0...0xBF)
                case 0xED: (pendingCount, nextByte) = (2, 0x80...0x9F)
                case 0xE1...0xEF: pendingCount = 2
                case 0xF0: (pendingCount, nextByte) = (3, 0x90...0xBF)
                case 0xF1...0xF3: pendingCount = 3
                case 0xF4: (pendingCount, nextByte) = (3, 0x80...0x8F)
                default: return .invalidUTF8(byteOffset: offset)
                }
            } else if byte == 0 {
                return .nulByte(byteOffset: offset)
            }
            offset += 1
        }
        return nil
    }

    /// The fault of a text that breaks off inside a sequence.
    func finish() -> Fault? { pendingCount > 0 ? .invalidUTF8(byteOffset: sequenceStart) : nil }
}
