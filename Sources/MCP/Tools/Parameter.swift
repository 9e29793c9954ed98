internal import StrataCore

/// An argument that a tool takes. Its schema and its check come from one description, so that they say the same.
struct Parameter: Sendable {
    /// What values it takes.
    enum Kind: Sendable {
        case text
        case texts
        case choice([String])
        case choices([String])
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case flag
        /// ISO 8601.
        case moment
        /// The id of a record.
        case id
        case ids
        /// Any JSON object.
        case object
        /// Objects of these members.
        case objects([Parameter])
    }

    let name: String
    let kind: Kind
    let description: String
    var isRequired = false

    init(_ name: String, _ kind: Kind, _ description: String, isRequired: Bool = false) {
        self.name = name
        self.kind = kind
        self.description = description
        self.isRequired = isRequired
    }

    /// Its part of a tool's input schema.
    var schema: JSONValue {
        var schema = kindSchema
        schema["description"] = .string(description)
        return .object(schema)
    }

    private var kindSchema: [String: JSONValue] {
        func list(_ items: JSONValue) -> [String: JSONValue] { ["type": "array", "items": items] }
        func names(_ names: [String]) -> JSONValue { ["type": "string", "enum": .array(names.map(JSONValue.string))] }
        switch kind {
        case .text: return ["type": "string"]
        case .texts: return list(["type": "string"])
        case .choice(let allowed): return names(allowed).members ?? [:]
        case .choices(let allowed): return list(names(allowed))
        case .integer(let range):
            return [
                "type": "integer", "minimum": .integer(Int64(range.lowerBound)),
                "maximum": .integer(Int64(range.upperBound)),
            ]
        case .number(let range):
            return ["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
        case .flag: return ["type": "boolean"]
        case .moment: return ["type": "string", "format": "date-time"]
        case .id: return ["type": "string", "format": "uuid"]
        case .ids: return list(["type": "string", "format": "uuid"])
        case .object: return ["type": "object"]
        case .objects(let members): return list(Self.schema(of: members))
        }
    }

    /// The schema of an object with these members and no others.
    static func schema(of parameters: [Parameter]) -> JSONValue {
        var schema: [String: JSONValue] = [
            "type": "object", "additionalProperties": false,
            "properties": .object(Dictionary(parameters.map { ($0.name, $0.schema) }) { first, _ in first }),
        ]
        let required = parameters.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        return .object(schema)
    }

    /// Refuses a value that the schema does not allow; the message names the argument and never holds its value.
    func check(_ value: JSONValue, at path: String) throws(StrataError) {
        func refuse(_ expected: String) -> StrataError {
            StrataError(.invalidArgument, "argument \(path) must be \(expected), received \(value.kindName)")
        }
        switch kind {
        case .text: guard value.stringValue != nil else { throw refuse("a string") }
        case .texts:
            guard let elements = value.elements, elements.allSatisfy({ $0.stringValue != nil }) else {
                throw refuse("an array of strings")
            }
        case .choice(let allowed):
            guard let text = value.stringValue, allowed.contains(text) else {
                throw refuse("one of \(allowed.joined(separator: ", "))")
            }
        case .choices(let allowed):
            guard let elements = value.elements, !elements.isEmpty,
                elements.allSatisfy({ $0.stringValue.map(allowed.contains) ?? false })
            else { throw refuse("an array of some of \(allowed.joined(separator: ", "))") }
        case .integer(let range):
            guard let number = value.wholeNumber, range.contains(number) else {
                throw refuse("a whole number from \(range.lowerBound) through \(range.upperBound)")
            }
        case .number(let range):
            guard let number = value.doubleValue, range.contains(number) else {
                throw refuse("a number from \(range.lowerBound) through \(range.upperBound)")
            }
        case .flag: guard case .bool = value else { throw refuse("true or false") }
        case .moment:
            guard let text = value.stringValue, Timestamp(iso8601: text) != nil else {
                throw refuse("an ISO 8601 time such as 2026-05-04T17:00:00Z")
            }
        case .id:
            guard let text = value.stringValue, RecordID(text) != nil else {
                throw refuse("the id of a memory as a UUID")
            }
        case .ids:
            guard let elements = value.elements,
                elements.allSatisfy({ $0.stringValue.flatMap { RecordID($0) } != nil })
            else { throw refuse("an array of ids of memories as UUIDs") }
        case .object: guard value.members != nil else { throw refuse("an object") }
        case .objects(let members):
            guard let elements = value.elements else { throw refuse("an array of objects") }
            for (index, element) in elements.enumerated() {
                guard let object = element.members else { throw refuse("an array of objects") }
                try Arguments.check(object, against: members, at: "\(path)[\(index)].")
            }
        }
    }
}

extension JSONValue {
    /// The number when it is whole; some clients write 5 as 5.0.
    var wholeNumber: Int? {
        switch self {
        case .integer(let value): Int(value)
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }
}
