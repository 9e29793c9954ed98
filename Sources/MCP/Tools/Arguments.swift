internal import StrataCore

/// The arguments of one call, checked against what the tool takes. A null counts as left out.
struct Arguments: Sendable {
    private let values: [String: JSONValue]

    /// - Throws: ``StrataError/Code/invalidArgument`` for an argument that is missing, unknown or of the wrong kind.
    init(_ object: [String: JSONValue], for parameters: [Parameter]) throws(StrataError) {
        try Self.check(object, against: parameters, at: "")
        values = object
    }

    /// The arguments of an object that was checked as part of others.
    init(checked object: [String: JSONValue]) { values = object }

    static func check(
        _ object: [String: JSONValue], against parameters: [Parameter], at path: String
    ) throws(StrataError) {
        let names = Set(parameters.map(\.name))
        guard object.keys.allSatisfy(names.contains) else {
            let known = parameters.map { path + $0.name }.joined(separator: ", ")
            throw StrataError(
                .invalidArgument, "there is an unknown argument; known are: \(known.isEmpty ? "none" : known)")
        }
        for parameter in parameters {
            switch object[parameter.name] {
            case nil, .null?:
                guard !parameter.isRequired else {
                    throw StrataError(.invalidArgument, "argument \(path)\(parameter.name) is missing")
                }
            case let value?: try parameter.check(value, at: path + parameter.name)
            }
        }
    }

    private func value(_ name: String) -> JSONValue? {
        switch values[name] {
        case nil, .null?: nil
        case let value?: value
        }
    }

    func text(_ name: String) -> String? { value(name)?.stringValue }
    func texts(_ name: String) -> [String]? { value(name)?.elements?.compactMap(\.stringValue) }
    func integer(_ name: String) -> Int? { value(name)?.wholeNumber }
    func number(_ name: String) -> Double? { value(name)?.doubleValue }
    func object(_ name: String) -> [String: JSONValue]? { value(name)?.members }
    func objects(_ name: String) -> [Arguments] {
        value(name)?.elements?.compactMap(\.members).map(Arguments.init(checked:)) ?? []
    }
    func moment(_ name: String) -> Timestamp? { text(name).flatMap { Timestamp(iso8601: $0) } }
    func id(_ name: String) -> RecordID? { text(name).flatMap { RecordID($0) } }
    func ids(_ name: String) -> [RecordID]? { texts(name)?.compactMap { RecordID($0) } }
    func flag(_ name: String) -> Bool? {
        if case .bool(let flag)? = value(name) { flag } else { nil }
    }
}
