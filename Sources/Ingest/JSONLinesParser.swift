import Foundation
import StrataCore

/// One memory a line, as a JSON object.
///
/// | field | meaning |
/// |---|---|
/// | `text` or `content` | what is remembered; needed |
/// | `speaker` or `role` | who said it |
/// | `session`, `kind`, `id` | strings; `session` and `id` may be whole numbers |
/// | `tags` | strings |
/// | `metadata` | an object |
/// | `occurredAt`, `timestamp` or `time` | ISO 8601, or seconds or milliseconds since 1970 |
/// | `importance` | 0 through 1 |
/// | `layer` | interact, insights or assets |
/// | `source` | user, assistant, tool, import or recall; another string goes into the metadata |
///
/// Of two names the first one given counts, and the other goes into the metadata like any unknown field. `null` is as
/// good as nothing. A line with a fault is reported and the rest goes on; blank lines are skipped.
struct JSONLinesParser: FileParser {
    private let path: String
    private let decoder = JSONDecoder()

    init(path: String) { self.path = path }

    mutating func take(_ line: Line, _ emit: (IngestEvent) -> Void) {
        guard !line.isOverLimit, !line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { return }
        do {
            emit(.item(try item(line)))
        } catch {
            emit(.problem(IngestProblem(path: path, line: line.number, reason: error)))
        }
    }

    mutating func finish(_ emit: (IngestEvent) -> Void) {}

    private func item(_ line: Line) throws(IngestProblem.Reason) -> IngestItem {
        var check = TextCheck()
        if let fault = check.take(line.bytes) ?? check.finish() { throw fault.reason(after: line.byteOffset) }
        guard let value = try? decoder.decode(JSONValue.self, from: Data(line.bytes)) else { throw .notJSON }
        guard case .object(let object) = value else { throw .notAnObject(kind: value.kindName) }
        var fields = ObjectFields(object)
        let text = try fields.string("text", "content")
        guard let text = text?.trimmingBothEnds(), !text.isEmpty else { throw .noText }
        var item = IngestItem(text: text, path: path, lines: line.number...line.number)
        item.speaker = try fields.string("speaker", "role")
        item.session = try fields.name("session")
        item.kind = try fields.string("kind") ?? item.kind
        item.externalID = try fields.name("id")
        item.tags = try fields.strings("tags").withoutRepeats()
        item.importance = try fields.fraction("importance")
        item.layer = try fields.layer("layer")
        item.origin = fields.origin("source")
        let moment = try fields.moment("occurredAt")
        item.occurredAt = moment ?? fields.looseMoment("timestamp") ?? fields.looseMoment("time")
        item.metadata = try fields.rest(including: "metadata")
        return item
    }
}

extension TextCheck.Fault {
    /// The fault as the reason of a problem, in a file where the checked bytes start at `offset`.
    func reason(after offset: Int) -> IngestProblem.Reason {
        switch self {
        case .invalidUTF8(let byteOffset): .invalidUTF8(byteOffset: offset + byteOffset)
        case .nulByte(let byteOffset): .nulByte(byteOffset: offset + byteOffset)
        }
    }
}

/// The fields of an object, of which those asked for are taken out.
private struct ObjectFields {
    private var fields: [String: JSONValue]

    init(_ fields: [String: JSONValue]) { self.fields = fields.filter { $0.value != .null } }

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
    private static func moment(_ number: Double) -> Timestamp? {
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
