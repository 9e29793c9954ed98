internal import StrataCore

/// Reads the members of a JSON object one by one and refuses those that nobody asked for.
///
/// `null` counts as left out.
struct FieldReader {
    private var members: [String: JSONValue]
    private let subject: String

    /// - Parameter subject: what the object is, for messages: `the body`, `memories[3]`.
    init(_ value: JSONValue, _ subject: String) throws {
        guard case .object(let members) = value else {
            throw StrataError(.invalidArgument, "\(subject) is \(value.kindName), expected a JSON object")
        }
        self.members = members
        self.subject = subject
    }

    /// Takes a member out; nil when it is missing or null.
    mutating func value(_ name: String) -> JSONValue? {
        guard let value = members.removeValue(forKey: name), value != .null else { return nil }
        return value
    }

    mutating func string(_ name: String) throws -> String? {
        try value(name).map { value in
            guard let text = value.stringValue else { throw wrong(name, value, "a string") }
            return text
        }
    }

    mutating func requiredString(_ name: String) throws -> String {
        guard let text = try string(name) else {
            throw StrataError(.invalidArgument, "\(subject) lacks the field \(name)")
        }
        return text
    }

    mutating func bool(_ name: String) throws -> Bool? {
        try value(name).map { value in
            guard case .bool(let flag) = value else { throw wrong(name, value, "true or false") }
            return flag
        }
    }

    mutating func number(_ name: String) throws -> Double? {
        try value(name).map { value in
            guard let number = value.doubleValue else { throw wrong(name, value, "a number") }
            return number
        }
    }

    mutating func integer(_ name: String) throws -> Int? {
        try value(name).map { value in
            guard case .integer(let number) = value else { throw wrong(name, value, "a whole number") }
            return Int(number)
        }
    }

    mutating func strings(_ name: String) throws -> [String]? {
        try array(name)?.map { element in
            guard let text = element.stringValue else { throw wrong(name, element, "an array of strings") }
            return text
        }
    }

    mutating func numbers(_ name: String) throws -> [Float]? {
        try array(name)?.map { element in
            guard let number = element.doubleValue else { throw wrong(name, element, "an array of numbers") }
            return Float(number)
        }
    }

    mutating func array(_ name: String) throws -> [JSONValue]? {
        try value(name).map { value in
            guard case .array(let elements) = value else { throw wrong(name, value, "an array") }
            return elements
        }
    }

    mutating func object(_ name: String) throws -> [String: JSONValue]? {
        try value(name).map { value in
            guard case .object(let members) = value else { throw wrong(name, value, "an object") }
            return members
        }
    }

    /// One of the raw values of an enumeration.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Choice.Type = Choice.self
    ) throws -> Choice? where Choice.RawValue == String {
        try string(name).map { try Self.choice($0, name, in: subject) }
    }

    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, _ name: String, in subject: String
    ) throws -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw StrataError(.invalidArgument, "\(name) in \(subject) is none of \(known)")
        }
        return choice
    }

    mutating func moment(_ name: String) throws -> Timestamp? {
        try string(name).map { text in
            guard let moment = Timestamp(iso8601: text) else {
                throw StrataError(
                    .invalidArgument, "\(name) in \(subject) is no ISO 8601 time such as 2026-05-04T17:00:00Z")
            }
            return moment
        }
    }

    mutating func id(_ name: String) throws -> RecordID? {
        try string(name).map { text in
            guard let id = RecordID(text) else {
                throw StrataError(.invalidArgument, "\(name) in \(subject) is no UUID")
            }
            return id
        }
    }

    /// Refuses what is left.
    func finish() throws {
        guard let name = members.keys.min() else { return }
        throw StrataError(.invalidArgument, "unknown field \(name.prefix(64)) in \(subject)")
    }

    private func wrong(_ name: String, _ value: JSONValue, _ expected: String) -> StrataError {
        StrataError(.invalidArgument, "\(name) in \(subject) is \(value.kindName), expected \(expected)")
    }
}

extension FieldReader {
    /// The query's parameters, each a string; `namespace` has been read already.
    init(query request: ServerRequest) {
        members = Dictionary(request.query.map { ($0.name, .string($0.value)) }) { $1 }
        members["namespace"] = nil
        subject = "the query"
    }

    /// A whole number that is written as text.
    mutating func integerText(_ name: String) throws -> Int? {
        try string(name).map { text in
            guard let number = Int(text) else {
                throw StrataError(.invalidArgument, "\(name) in \(subject) is not a whole number")
            }
            return number
        }
    }

    /// A truth value that is written as text.
    mutating func boolText(_ name: String) throws -> Bool? {
        try string(name).map { text in
            guard let flag = Bool(text) else {
                throw StrataError(.invalidArgument, "\(name) in \(subject) is neither true nor false")
            }
            return flag
        }
    }

    /// A filter that is written as JSON text.
    mutating func filterText(_ name: String) throws -> Filter? {
        try string(name).map { text in
            guard let value = try? JSONValue(jsonText: text) else {
                throw StrataError(.invalidFilter, "\(name) in \(subject) is no JSON object")
            }
            return try Filter(json: value)
        }
    }
}
