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
