internal import StrataCore

/// The address of a memory as an MCP resource: `strata://memories/NAMESPACE/ID`, the namespace percent-encoded.
struct MemoryURI: Hashable, CustomStringConvertible {
    static let template = "strata://memories/{namespace}/{id}"
    private static let prefix = "strata://memories/"

    let namespace: String
    let id: RecordID

    init(namespace: String, id: RecordID) {
        self.namespace = namespace
        self.id = id
    }

    /// Reads such an address; nil for anything else.
    init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let namespace = Self.decoded(parts[0].utf8), !namespace.isEmpty,
            let id = RecordID(String(parts[1]))
        else { return nil }
        self.init(namespace: namespace, id: id)
    }

    var description: String { "\(Self.prefix)\(Self.encoded(namespace))/\(id)" }

    /// A short name for people: the beginning of what is remembered.
    static func title(of record: MemoryRecord) -> String {
        let line = record.searchableText.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count <= 80 ? line : line.prefix(79) + "…"
    }

    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(), high != UInt8(ascii: "+"),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
