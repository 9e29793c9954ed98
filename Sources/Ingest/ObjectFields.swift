import StrataCore

/// The fields of an object, of which those asked for are taken out.
struct ObjectFields {
    private var fields: [String: JSONValue]

    init(_ fields: [String: JSONValue]) { self.fields = fields.filter { $0.value != .null } }

    /// The value under a name, whatever it is.
    mutating func take(_ name: String) -> JSONValue? { fields.removeValue(forKey: name) }

    mutating func string(_ names: String...) throws(IngestProblem.Reason) -> String? {
        guard let name = names.first(where: { fields[$0] != nil }), let value = fields[name] else { return nil }
        guard let text = value.stringValue, !text.unicodeScalars.contains("\0") else {
            throw .badField(name: name, expected: "a string without NUL")
        }
        fields[name] = nil
        return text
    }

    mutating func name(_ name: String) throws(IngestProblem.Reason) -> String? {
        if case .integer(let number) = fields[name] {
            fields[name] = nil
            return String(number)
        }
        return try string(name)
    }

    mutating func strings(_ name: String) throws(IngestProblem.Reason) -> [String] {
        guard let value = fields.removeValue(forKey: name) else { return [] }
        guard case .array(let elements) = value, elements.allSatisfy({ $0.stringValue != nil }) else {
            throw .badField(name: name, expected: "an array of strings")
        }
        return elements.compactMap(\.stringValue)
    }

    mutating func fraction(_ name: String) throws(IngestProblem.Reason) -> Double? {
        guard let value = fields.removeValue(forKey: name) else { return nil }
        guard let number = value.doubleValue, (0...1).contains(number) else {
            throw .badField(name: name, expected: "a number from 0 through 1")
        }
        return number
    }

    mutating func layer(_ name: String) throws(IngestProblem.Reason) -> Layer? {
        guard let value = fields.removeValue(forKey: name) else { return nil }
        guard let layer = value.stringValue.flatMap(Layer.init(rawValue:)) else {
            throw .badField(name: name, expected: "interact, insights or assets")
        }
        return layer
    }

    mutating func origin(_ name: String) -> MemoryRecord.Source? {
        guard let origin = fields[name]?.stringValue.flatMap(MemoryRecord.Source.init(rawValue:)) else { return nil }
        fields[name] = nil
        return origin
    }

    mutating func moment(_ name: String) throws(IngestProblem.Reason) -> Timestamp? {
        guard fields[name] != nil else { return nil }
        guard let moment = looseMoment(name) else {
            throw .badField(name: name, expected: "ISO 8601, or seconds or milliseconds since 1970")
        }
        return moment
    }

    /// A moment under a name that other programs use for times of any form; one that cannot be read stays metadata.
    mutating func looseMoment(_ name: String) -> Timestamp? {
        let moment: Timestamp? =
            switch fields[name] {
            case .string(let text): Timestamp(iso8601: text)
            case .integer(let number): Self.moment(Double(number))
            case .number(let number): Self.moment(number)
            default: nil
            }
        if moment != nil { fields[name] = nil }
        return moment
    }

    /// Numbers up to 10^11 are seconds, which reach the year 5138; larger ones are milliseconds.
    static func moment(_ number: Double) -> Timestamp? {
        let milliseconds = abs(number) < 1e11 ? number * 1000 : number
        let range = Double(Timestamp.earliest.milliseconds)...Double(Timestamp.latest.milliseconds)
        return range.contains(milliseconds) ? Timestamp(milliseconds: Int64(milliseconds.rounded())) : nil
    }

    /// What nobody asked for, with the object under `name` on top of it.
    mutating func rest(including name: String) throws(IngestProblem.Reason) -> [String: JSONValue] {
        guard let value = fields.removeValue(forKey: name) else { return fields }
        guard case .object(let object) = value else { throw .badField(name: name, expected: "an object") }
        return fields.merging(object) { _, explicit in explicit }
    }
}
