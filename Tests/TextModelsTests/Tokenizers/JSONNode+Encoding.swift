@testable import TextModels

extension JSONNode {
    /// The node as JSON text, to hand a part of a fixture to something that reads a file.
    func encoded() -> [UInt8] {
        switch self {
        case .null: Array("null".utf8)
        case .bool(let value): Array("\(value)".utf8)
        case .integer(let value): Array("\(value)".utf8)
        case .number(let value): Array("\(value)".utf8)
        case .string(let value): Self.quoted(value)
        case .array(let elements):
            Array("[".utf8) + elements.map { $0.encoded() }.joined(separator: ",".utf8) + "]".utf8
        case .object(let members):
            Array("{".utf8)
                + members.map { Self.quoted($0.key) + ":".utf8 + $0.value.encoded() }.joined(separator: ",".utf8)
                + "}".utf8
        }
    }

    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        var quoted = [UInt8(ascii: "\"")]
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): quoted += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: quoted += Array("\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
            default: quoted.append(byte)
            }
        }
        return quoted + [UInt8(ascii: "\"")]
    }
}
