/// A moment, in milliseconds since 1970-01-01 UTC, written as ISO 8601.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Milliseconds since the Unix epoch; negative before it.
    public let milliseconds: Int64

    /// The moment so many milliseconds after the Unix epoch.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The earliest moment that has a four-digit year: 0001-01-01.
    public static let earliest = Self(milliseconds: -62_135_596_800_000)
    /// The last moment that has a four-digit year: 9999-12-31T23:59:59.999Z.
    public static let latest = Self(milliseconds: 253_402_300_799_999)

    /// Orders by time.
    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// The moment `duration` later, to the millisecond.
    public static func + (moment: Self, duration: Duration) -> Self {
        let (seconds, attoseconds) = duration.components
        return Self(milliseconds: moment.milliseconds + seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    /// The moment `duration` earlier.
    public static func - (moment: Self, duration: Duration) -> Self { moment + (.zero - duration) }

    /// The time from `right` to `left`.
    public static func - (left: Self, right: Self) -> Duration {
        .milliseconds(left.milliseconds - right.milliseconds)
    }

    /// `2026-05-04T17:12:00.000Z`; the milliseconds are always written, so that texts sort as moments do.
    public var description: String {
        var days = milliseconds / 86_400_000
        var rest = milliseconds % 86_400_000
        if rest < 0 { (days, rest) = (days - 1, rest + 86_400_000) }
        let date = CivilDate(daysSinceEpoch: Int(days))
        let seconds = rest / 1000
        return Self.padded(Int64(date.year), 4) + "-" + Self.padded(Int64(date.month), 2) + "-"
            + Self.padded(Int64(date.day), 2) + "T"
            + Self.padded(seconds / 3600, 2) + ":" + Self.padded(seconds / 60 % 60, 2) + ":"
            + Self.padded(seconds % 60, 2) + "." + Self.padded(rest % 1000, 3) + "Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Timestamp {
    /// Reads ISO 8601: a date, or a date and a time with optional seconds, fraction and offset.
    ///
    /// Without an offset the text is taken as UTC. Years run from 0001 through 9999; anything else, an impossible date
    /// or trailing text gives nil.
    public init?(iso8601 text: String) {
        var reader = DigitReader(bytes: Array(text.utf8))
        guard let year = reader.number(width: 4), reader.skip("-"), let month = reader.number(width: 2),
            reader.skip("-"), let day = reader.number(width: 2),
            let date = CivilDate(year: Int(year), month: Int(month), day: Int(day))
        else { return nil }
        var total = Int64(date.daysSinceEpoch) * 86_400_000
        if !reader.isAtEnd {
            guard reader.skip("T") || reader.skip("t") || reader.skip(" "), let hour = reader.number(width: 2),
                reader.skip(":"), let minute = reader.number(width: 2), hour < 24, minute < 60
            else { return nil }
            total += (hour * 60 + minute) * 60_000
            if reader.skip(":") {
                guard let second = reader.number(width: 2), second < 60 else { return nil }
                total += second * 1000
                if reader.skip(".") || reader.skip(",") {
                    guard let fraction = reader.fractionMilliseconds() else { return nil }
                    total += fraction
                }
            }
            if !reader.isAtEnd, !reader.skip("Z"), !reader.skip("z") {
                let isAhead = reader.skip("+")
                guard isAhead || reader.skip("-"), let hours = reader.number(width: 2), hours < 24 else { return nil }
                let hasColon = reader.skip(":")
                var minutes: Int64 = 0
                if hasColon || !reader.isAtEnd {
                    guard let read = reader.number(width: 2), read < 60 else { return nil }
                    minutes = read
                }
                let offset = (hours * 60 + minutes) * 60_000
                total += isAhead ? -offset : offset
            }
        }
        guard reader.isAtEnd else { return nil }
        self.init(milliseconds: total)
    }

    private struct DigitReader {
        let bytes: [UInt8]
        var position = 0
        var isAtEnd: Bool { position == bytes.count }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func digit() -> Int64? {
            guard position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else {
                return nil
            }
            position += 1
            return Int64(bytes[position - 1] - UInt8(ascii: "0"))
        }

        mutating func number(width: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<width {
                guard let next = digit() else { return nil }
                value = value * 10 + next
            }
            return value
        }

        mutating func fractionMilliseconds() -> Int64? {
            guard var value = digit() else { return nil }
            var width = 1
            while let next = digit() {
                if width < 3 { value = value * 10 + next }
                width += 1
            }
            for _ in min(width, 3)..<3 { value *= 10 }
            return value
        }
    }
}

extension Timestamp: Codable {
    /// Reads an ISO 8601 string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let moment = Timestamp(iso8601: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not an ISO 8601 date and time such as 2026-05-04T17:12:00Z")
        }
        self = moment
    }

    /// Writes ISO 8601 in UTC with milliseconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
