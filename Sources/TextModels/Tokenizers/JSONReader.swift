import StrataCore

/// Reads RFC 8259 JSON into ``JSONNode``s; the whole input must be one value in valid UTF-8.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// Deeper nesting than any tokenizer has; keeps a hostile file from exhausting the stack.
    private static let depthMax = 64

    static func parse(_ bytes: [UInt8]) throws -> JSONNode {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw StrataError.tokenizerInvalid("the file is not UTF-8; fetch it again")
        }
        var reader = JSONReader(bytes: bytes)
        let node = try reader.value()
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.malformed("text after the end of the value") }
        return node
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func malformed(_ reason: String) -> StrataError {
        .tokenizerInvalid("malformed JSON at byte \(position): \(reason); fetch the file again")
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func value() throws -> JSONNode {
        skipSpace()
        guard let first = current else { throw malformed("the text ends early") }
        switch first {
        case UInt8(ascii: "{"): return try nested { try $0.object() }
        case UInt8(ascii: "["): return try nested { try $0.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(_ body: (inout Self) throws -> JSONNode) throws -> JSONNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else { throw malformed("nested deeper than \(Self.depthMax) levels") }
        position += 1
        return try body(&self)
    }

    private mutating func word(_ text: StaticString, _ node: JSONNode) throws -> JSONNode {
        for offset in 0..<text.utf8CodeUnitCount where !take(text.utf8Start[offset]) {
            throw malformed("expected \(text)")
        }
        return node
    }

    private mutating func object() throws -> JSONNode {
        var members: [JSONNode.Member] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw malformed("expected the name of a member") }
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw malformed("expected a colon") }
            members.append(.init(key: key, value: try value()))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw malformed("expected a comma or }") }
        return .object(members)
    }

    private mutating func array() throws -> JSONNode {
        var elements: [JSONNode] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            elements.append(try value())
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw malformed("expected a comma or ]") }
        return .array(elements)
    }

    private mutating func string() throws -> [UInt8] {
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw malformed("a control character inside a string")
            default: text.append(byte)
            }
        }
        throw malformed("a string without its end")
    }

    private mutating func escape(into text: inout [UInt8]) throws {
        guard let byte = current else { throw malformed("a string without its end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexCode()
            if 0xD800..<0xDC00 ~= code, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
                let low = try hexCode()
                guard 0xDC00..<0xE000 ~= low else { throw malformed("half of a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw malformed("half of a surrogate pair") }
            text.append(contentsOf: UTF8.encode(scalar)!)  // Every scalar has a UTF-8 form.
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func hexCode() throws -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw malformed("expected four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    private mutating func digits() -> Bool {
        let start = position
        while let byte = current, 0x30...0x39 ~= byte { position += 1 }
        return position > start
    }

    /// A whole number of up to nine digits, which is what nearly every number of a vocabulary is.
    private mutating func shortInteger() -> Int? {
        var value = 0
        var end = position
        while end < bytes.count, 0x30...0x39 ~= bytes[end] {
            value = value * 10 + Int(bytes[end] - 0x30)
            end += 1
            if end - position > 9 { return nil }
        }
        let isPlain = end < bytes.count && [0x2C, 0x5D, 0x7D, 0x20, 0x0A, 0x0D, 0x09].contains(bytes[end])
        guard end > position, isPlain, bytes[position] != 0x30 || end == position + 1 else { return nil }
        position = end
        return value
    }

    private mutating func number() throws -> JSONNode {
        let start = position
        if let integer = shortInteger() { return .integer(integer) }
        var isInteger = true
        _ = take(UInt8(ascii: "-"))
        let leadsWithZero = current == UInt8(ascii: "0")
        let first = position
        guard digits(), !leadsWithZero || position == first + 1 else { throw malformed("expected a value") }
        if take(UInt8(ascii: ".")) {
            isInteger = false
            guard digits() else { throw malformed("expected a digit") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() else { throw malformed("expected a digit") }
        }
        let text = bytes[start..<position]
        if isInteger, let integer = Int(String(decoding: text, as: UTF8.self)) { return .integer(integer) }
        guard let number = SerdeNumber.parse(text), number.isFinite else { throw malformed("a number out of range") }
        return .number(number)
    }
}
