/// The public name of a record: a UUID, version 7 when Strata makes it, so that ids sort by creation time.
///
/// Layout of version 7 after RFC 9562, section 5.7; the 12 bits after the time are a counter, which keeps ids made in
/// one millisecond in order (method 1 of section 6.2).
public struct RecordID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The upper 64 bits, most significant first.
    public let high: UInt64
    /// The lower 64 bits, most significant first.
    public let low: UInt64

    /// An id of these 128 bits.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the usual form, 8-4-4-4-12 hexadecimal digits in either case; nil for anything else.
    public init?(_ text: String) {
        var words: (UInt64, UInt64) = (0, 0)
        var digitCount = 0
        var position = 0
        for byte in text.utf8 {
            defer { position += 1 }
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            if digitCount < 16 {
                words.0 = words.0 << 4 | UInt64(digit)
            } else {
                words.1 = words.1 << 4 | UInt64(digit)
            }
            digitCount += 1
        }
        guard digitCount == 32, position == 36 else { return nil }
        self.init(high: words.0, low: words.1)
    }

    /// 36 characters, lower case.
    public var description: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(36)
        let digits = Array("0123456789abcdef".utf8)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { bytes.append(UInt8(ascii: "-")) }
            let word = index < 16 ? high : low
            bytes.append(digits[Int(word >> UInt64(60 - 4 * (index % 16)) & 15)])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Orders as the text does.
    public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }
}

extension RecordID: Codable {
    /// Reads the 36-character form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = RecordID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a UUID of the form 8-4-4-4-12 hexadecimal digits")
        }
        self = id
    }

    /// Writes the 36-character form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Makes version 7 ids that never fall behind one another, whatever the clock does.
public struct RecordIDGenerator<Random: RandomNumberGenerator> {
    private var random: Random
    private var lastTick: UInt64 = 0

    /// A generator that draws its random bits from `random`.
    public init(random: Random) { self.random = random }

    /// The next id, greater than every id made before by this generator.
    public mutating func next(at time: Timestamp) -> RecordID {
        let milliseconds = UInt64(max(0, time.milliseconds)) & 0xFFFF_FFFF_FFFF
        // A tick is the 48-bit time followed by the 12-bit counter: a full counter carries into the time, which then
        // runs at most some milliseconds ahead of the clock.
        let tick = max(milliseconds << 12, lastTick + 1)
        lastTick = tick
        let high = (tick >> 12) << 16 | 0x7000 | tick & 0xFFF
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return RecordID(high: high, low: low)
    }
}

extension RecordIDGenerator: Sendable where Random: Sendable {}
