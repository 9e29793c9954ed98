extension JSONValue {
    /// The value as compact JSON in one line, the keys of objects in the order of their UTF-8 bytes, so that equal values
    /// give equal texts.
    ///
    /// Numbers must be finite. Reading the text with ``init(jsonText:)`` gives the same value.
    public var jsonText: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: value.description.utf8)
        case .number(let value): bytes.append(contentsOf: value.description.utf8)
        case .string(let text): Self.write(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            for (index, member) in sorted.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to bytes: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(contentsOf: [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Reads any JSON text (RFC 8259); of equal keys the last one counts.
    ///
    /// A number without fraction and exponent that fits 64 bits becomes ``integer(_:)``, any other ``number(_:)``.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` for anything that is not exactly one JSON value, and for arrays
    ///   and objects nested deeper than 512 levels.
    public init(jsonText: String) throws {
        var reader = JSONReader(bytes: Array(jsonText.utf8))
        self = try reader.readAll()
    }
}

/// A recursive descent reader: it tells whole numbers from others, which Foundation's decoder does not keep apart, and
/// spares the core that dependency.
private struct JSONReader {
    private static let depthMax = 512
    let bytes: [UInt8]
    var position = 0
    var depth = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func readAll() throws -> JSONValue {
        let value = try readValue()
        skipSpace()
        guard position == bytes.count else { throw failure("the end") }
        return value
    }

    private func failure(_ expected: String) -> StrataError {
        StrataError(.invalidArgument, "malformed JSON at byte \(position) of \(bytes.count): expected \(expected)")
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func readValue() throws -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try nested { try $0.readObject() }
        case UInt8(ascii: "["): return try nested { try $0.readArray() }
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: return try readNumber()
        }
    }

    private mutating func nested(_ read: (inout Self) throws -> JSONValue) throws -> JSONValue {
        depth += 1
        guard depth <= Self.depthMax else { throw failure("at most \(Self.depthMax) nested levels") }
        defer { depth -= 1 }
        position += 1
        return try read(&self)
    }

    private mutating func readWord(_ word: String, _ value: JSONValue) throws -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw failure("a value") }
        position += word.utf8.count
        return value
    }

    private mutating func readObject() throws -> JSONValue {
        var members: [String: JSONValue] = [:]
        skipSpace()
        if skip("}") { return .object(members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a key") }
            let key = try readString()
            skipSpace()
            guard skip(":") else { throw failure("a colon") }
            members[key] = try readValue()
            skipSpace()
        } while skip(",")
        guard skip("}") else { throw failure("a comma or }") }
        return .object(members)
    }

    private mutating func readArray() throws -> JSONValue {
        var elements: [JSONValue] = []
        skipSpace()
        if skip("]") { return .array(elements) }
        repeat {
            elements.append(try readValue())
            skipSpace()
        } while skip(",")
        guard skip("]") else { throw failure("a comma or ]") }
        return .array(elements)
    }

    private mutating func readString() throws -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if next == UInt8(ascii: "\"") {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        var text = Array(bytes[start..<position])
        while let byte = next, byte >= 0x20 {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try readEscape(into: &text)
            default: text.append(byte)
            }
        }
        throw failure("a closing quotation mark")
    }

    private mutating func readEscape(into text: inout [UInt8]) throws {
        guard let byte = next else { throw failure("an escaped character") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try readCodeUnit()
            if 0xD800..<0xDC00 ~= code {
                guard skip("\\"), skip("u") else { throw failure("the second half of a surrogate pair") }
                let low = try readCodeUnit()
                guard 0xDC00..<0xE000 ~= low else { throw failure("the second half of a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("the first half of a surrogate pair") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw failure("one of \" \\ / b f n r t u after a backslash")
        }
    }

    private mutating func readCodeUnit() throws -> UInt32 {
        guard position + 4 <= bytes.count, bytes[position..<(position + 4)].allSatisfy({ $0 != UInt8(ascii: "+") }),
            let code = UInt32(String(decoding: bytes[position..<(position + 4)], as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits") }
        position += 4
        return code
    }

    private mutating func readNumber() throws -> JSONValue {
        let start = position
        _ = skip("-")
        let whole = skipDigits()
        guard whole > 0, whole == 1 || bytes[position - whole] != UInt8(ascii: "0") else { throw failure("a value") }
        var isWhole = true
        if skip(".") {
            isWhole = false
            guard skipDigits() > 0 else { throw failure("a digit") }
        }
        if skip("e") || skip("E") {
            isWhole = false
            _ = skip("+") || skip("-")
            guard skipDigits() > 0 else { throw failure("a digit") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw failure("a number within the range of a Double") }
        return .number(value)
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { position += 1 }
        return position - start
    }
}
