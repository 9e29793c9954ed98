import Foundation
import StrataCore

/// Reads pieces that are one JSON object each: the elements of an exported document, or lines.
struct ElementParser: FileParser {
    /// Turns an object into memories, in their order.
    typealias Reader = @Sendable (ObjectFields, ItemMaker) throws(IngestProblem.Reason) -> [IngestEvent]

    private let path: String
    private let reader: Reader

    init(path: String, reader: @escaping Reader) {
        self.path = path
        self.reader = reader
    }

    mutating func take(_ line: Line, _ emit: (IngestEvent) -> Void) {
        guard !line.isOverLimit, !line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { return }
        do {
            let fields = ObjectFields(try line.object())
            for event in try reader(fields, ItemMaker(path: path, line: line.number)) { emit(event) }
        } catch {
            emit(.problem(IngestProblem(path: path, line: line.number, reason: error)))
        }
    }

    mutating func finish(_ emit: (IngestEvent) -> Void) {}
}

/// Makes the items of one piece of a file.
struct ItemMaker {
    let path: String
    let line: Int

    /// An item of a text, or the omission of a message without words.
    func event(_ text: String?, _ describe: (inout IngestItem) -> Void) -> IngestEvent {
        guard let text = text?.trimmingBothEnds(), !text.isEmpty, !text.unicodeScalars.contains("\0") else {
            return .omission(.noText)
        }
        var item = IngestItem(text: text, path: path, lines: line...line)
        describe(&item)
        return .item(item)
    }
}

extension Line {
    /// The line as one JSON object.
    func object() throws(IngestProblem.Reason) -> [String: JSONValue] {
        var check = TextCheck()
        if let fault = check.take(bytes) ?? check.finish() { throw fault.reason(after: byteOffset) }
        guard let value = try? JSONValue(jsonText: String(decoding: bytes, as: UTF8.self)) else { throw .notJSON }
        guard case .object(let object) = value else { throw .notAnObject(kind: value.kindName) }
        return object
    }
}

extension JSONValue {
    /// The member of that name; nil for anything but an object that has it.
    subscript(member name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The elements; none for anything but an array.
    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
}
