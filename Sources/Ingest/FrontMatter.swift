import StrataCore

/// The `key: value` lines between two `---` at the very start of a Markdown file.
struct FrontMatter: Equatable {
    /// Every key with its value; numbers, `true`, `false`, `null`, quoted strings and `[lists, of, words]` are known.
    var fields: [String: JSONValue] = [:]

    /// The labels under `tags`: a list, or words between commas.
    var tags: [String] {
        let labels: [String] =
            switch fields["tags"] {
            case .array(let values): values.compactMap(\.stringValue)
            case .string(let text): text.split(separator: ",").map { $0.trimmingBothEnds() }
            default: []
            }
        return labels.withoutRepeats()
    }

    /// The moment under `date`, when it is written as ISO 8601.
    var date: Timestamp? { fields["date"]?.stringValue.flatMap(Timestamp.init(iso8601:)) }

    /// Reads the lines between the marks; nil when one of them is neither blank, nor a comment, nor `key: value` with a
    /// simple value, since a nested value would be misread.
    init?(_ lines: [String]) {
        for line in lines {
            let text = line.trimmingEnd()
            if text.isEmpty || text.hasPrefix("#") { continue }
            guard let colon = text.firstIndex(of: ":") else { return nil }
            let key = text[..<colon]
            let value = text[text.index(after: colon)...]
            guard !key.isEmpty, key.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }),
                value.isEmpty || value.first?.isWhitespace == true, fields[String(key)] == nil,
                let read = Self.value(value.trimmingBothEnds())
            else { return nil }
            fields[String(key)] = read
        }
    }

    private static func value(_ text: String) -> JSONValue? {
        if let list = unwrap(text, "[", "]") {
            let elements = list.split(separator: ",").map { value($0.trimmingBothEnds()) }
            guard elements.allSatisfy({ $0 != nil && $0 != .null }) else { return nil }
            return .array(elements.compactMap { $0 })
        }
        if let quoted = unwrap(text, "\"", "\"") ?? unwrap(text, "'", "'") {
            return quoted.contains("\\") ? nil : .string(quoted)
        }
        switch text {
        case "", "null", "~": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: break
        }
        // Signs with which YAML begins something that is not plain text.
        if let first = text.first, "[]{}\"'&*!|>%@`".contains(first) { return nil }
        if let whole = Int64(text), !text.hasPrefix("+"), text == "0" || !text.hasPrefix("0") { return .integer(whole) }
        if text.contains("."), text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-") }),
            let number = Double(text)
        {
            return .number(number)
        }
        return .string(text)
    }

    private static func unwrap(_ text: String, _ open: Character, _ close: Character) -> String? {
        guard text.count >= 2, text.first == open, text.last == close else { return nil }
        return String(text.dropFirst().dropLast())
    }
}

extension [String] {
    /// The non-empty elements, each where it stands first.
    func withoutRepeats() -> [String] {
        var seen: Set<String> = []
        return filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}
