import StrataCore

/// JSON as it stands in a tokenizer file: strings are bytes, and the members of an object keep order and repetition.
///
/// `String` keys would not do: Swift takes canonically equivalent strings for equal, and vocabularies hold both the
/// composed and the decomposed form of a letter as two tokens with two ids.
enum JSONNode: Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string([UInt8])
    case array([JSONNode])
    case object([Member])

    struct Member: Equatable {
        var key: [UInt8]
        var value: JSONNode
    }

    var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The member of that name; nil when it is missing, `null`, or when this is no object.
    subscript(name: String) -> JSONNode? {
        guard case .object(let members) = self,
            let member = members.first(where: { $0.key.elementsEqual(name.utf8) }), member.value != .null
        else { return nil }
        return member.value
    }
}

extension StrataError {
    /// A tokenizer file that cannot be used.
    static func tokenizerInvalid(_ reason: String) -> Self {
        Self(.modelInvalid, "tokenizer.json: \(reason)")
    }
}

/// A node with the name of its place in the file, so that every complaint says where.
struct JSONSection {
    let node: JSONNode
    let path: String

    func member(_ name: String) -> JSONSection? {
        node[name].map { JSONSection(node: $0, path: path.isEmpty ? name : "\(path).\(name)") }
    }

    func required(_ name: String) throws -> JSONSection {
        guard let found = member(name) else {
            throw StrataError.tokenizerInvalid(
                "\(place) has no \"\(name)\"; take the file from the model's own release")
        }
        return found
    }

    func bool() throws -> Bool {
        if case .bool(let value) = node { value } else { throw wrongKind("a boolean") }
    }

    func integer(_ range: ClosedRange<Int> = 0...Int(Int32.max)) throws -> Int {
        guard case .integer(let value) = node else { throw wrongKind("a whole number") }
        guard range.contains(value) else {
            throw StrataError.tokenizerInvalid(
                "\(place) is \(value), expected \(range.lowerBound) through \(range.upperBound)")
        }
        return value
    }

    func id() throws -> Int32 { Int32(try integer()) }

    func bytes() throws -> [UInt8] {
        if case .string(let value) = node { value } else { throw wrongKind("a string") }
    }

    func string() throws -> String { String(decoding: try bytes(), as: UTF8.self) }

    func elements() throws -> [JSONSection] {
        guard case .array(let elements) = node else { throw wrongKind("an array") }
        return elements.enumerated().map { JSONSection(node: $1, path: "\(path)[\($0)]") }
    }

    func members() throws -> [JSONNode.Member] {
        if case .object(let members) = node { members } else { throw wrongKind("an object") }
    }

    /// The `type` of a component, which decides what its other members mean.
    func kind() throws -> String { try required("type").string() }

    func unsupported(_ kind: String, supported: String) -> StrataError {
        .tokenizerInvalid("\(place) is of type \"\(kind)\"; supported are \(supported)")
    }

    private var place: String { path.isEmpty ? "the file" : path }

    private func wrongKind(_ expected: String) -> StrataError {
        .tokenizerInvalid("\(place) is \(node.kindName), expected \(expected)")
    }
}
