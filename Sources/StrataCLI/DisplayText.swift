internal import Foundation
internal import StrataCore

/// Texts made fit for a terminal. Pure functions.
enum DisplayText {
    /// The text without control characters other than line ends, each of which becomes `�`: a stored text must not be
    /// able to move the cursor, rename the window or turn the letters round.
    static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var harmless = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\t" {
                harmless.append(" ")
            } else {
                harmless.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return String(harmless)
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "\n" { return false }
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: return true
        default: return false
        }
    }

    /// The number of columns that a terminal gives to a text: two for East Asian wide characters and emoji.
    static func columns(_ text: String) -> Int { text.reduce(0) { $0 + columns($1) } }

    private static func columns(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0..<0x1100: return 1
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// The lines of a text, broken between words where they are longer than `width` and within words that are.
    static func wrapped(_ text: String, width: Int) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { wrappedLine($0, width: width) }
    }

    private static func wrappedLine(_ line: Substring, width: Int) -> [String] {
        var lines: [String] = []
        var current = ""
        var used = 0
        for word in line.split(separator: " ", omittingEmptySubsequences: true) {
            var rest = word
            var wide = columns(String(rest))
            if !current.isEmpty, used + 1 + wide > width {
                lines.append(current)
                (current, used) = ("", 0)
            }
            while wide > width {
                let (head, tail) = split(rest, width: width)
                lines.append(head)
                rest = tail
                wide = columns(String(rest))
            }
            if !current.isEmpty {
                current += " "
                used += 1
            }
            current += rest
            used += wide
        }
        lines.append(current)
        return lines
    }

    private static func split(_ word: Substring, width: Int) -> (String, Substring) {
        var used = 0
        let head = word.prefix { character in
            used += columns(character)
            return used <= width
        }
        // A column narrower than one wide character still makes progress.
        let end = head.isEmpty ? word.index(after: word.startIndex) : head.endIndex
        return (String(word[..<end]), word[end...])
    }

    /// The text on one line, cut off with `…` when it is longer than `width`.
    static func oneLine(_ text: String, width: Int?) -> String {
        let line = harmless(text).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard let width, columns(line) > width else { return line }
        return split(line[...], width: max(1, width - 1)).0 + "…"
    }

    /// A bar of `width` columns, filled to the share 0 through 1.
    static func bar(_ share: Double, width: Int) -> String {
        let filled = Int((min(1, max(0, share)) * Double(width)).rounded())
        return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    }

    /// A number with that many decimals.
    static func number(_ value: Double, decimals: Int) -> String {
        String(format: "%.\(decimals)f", locale: Locale(identifier: "en_US_POSIX"), value)
    }

    /// A number with as many decimals as it has.
    static func plain(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    /// A number of bytes in the largest binary unit that leaves at least 1.
    static func bytes(_ count: Int) -> String {
        var value = Double(count)
        var units = ["KiB", "MiB", "GiB", "TiB"][...]
        guard value >= 1024 else { return "\(count) B" }
        value /= 1024
        var unit = units.removeFirst()
        while value >= 1024, let next = units.popFirst() {
            value /= 1024
            unit = next
        }
        return "\(number(value, decimals: value < 10 ? 1 : 0)) \(unit)"
    }

    /// A time span as `1:02:03` or `2:03`.
    static func span(_ duration: Duration) -> String {
        let seconds = Int(duration / .seconds(1))
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        let short = "\(minutes):\(rest < 10 ? "0" : "")\(rest)"
        return hours > 0 ? "\(hours):\(minutes < 10 ? "0" : "")\(short)" : short
    }

    /// A moment to the minute, in UTC.
    static func moment(_ time: Timestamp) -> String {
        let text = time.description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))"
    }

    /// `1 record`, `2 records`.
    static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}

extension String {
    /// The text with spaces after it up to `width` columns.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - DisplayText.columns(self)))
    }

    /// The text with spaces before it up to `width` columns.
    func paddedLeft(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - DisplayText.columns(self))) + self
    }
}
