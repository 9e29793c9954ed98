public import Strata
public import StrataCore

extension NewMemory {
    /// Reads a memory as REST takes it: the fields of ``NewMemory`` by their names; unknown ones are refused.
    ///
    /// - Parameter subject: what the value is, for messages.
    /// - Throws: ``StrataError/Code/invalidArgument``, naming the field.
    public init(json value: JSONValue, _ subject: String) throws {
        var fields = try FieldReader(value, subject)
        self.init(try fields.requiredString("text"))
        id = try fields.id("id")
        speaker = try fields.string("speaker")
        layer = try fields.choice("layer") ?? layer
        kind = try fields.string("kind") ?? kind
        tags = try fields.strings("tags") ?? tags
        project = try fields.string("project")
        session = try fields.string("session")
        metadata = try fields.object("metadata") ?? metadata
        importance = try fields.number("importance") ?? importance
        pinned = try fields.bool("pinned") ?? pinned
        source = try fields.choice("source") ?? source
        occurredAt = try fields.moment("occurredAt")
        vector = try fields.numbers("vector")
        try fields.finish()
    }

    /// Reads memories from JSON Lines; blank lines are passed over.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument``, naming the line.
    static func lines(_ bytes: [UInt8]) throws -> [NewMemory] {
        try bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().compactMap {
            number, line in
            guard !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) else { return nil }
            let subject = "line \(number + 1)"
            do {
                return try NewMemory(json: JSONValue(utf8: line, named: subject), subject)
            } catch let error as StrataError where !error.message.contains(subject) {
                throw StrataError(error.code, "\(subject): \(error.message)")
            }
        }
    }
}

extension RecordPatch {
    /// Reads a patch; unknown fields are refused, and `null` too, for no field can be cleared.
    init(json value: JSONValue, _ subject: String) throws {
        if case .object(let members) = value, let name = members.filter({ $0.value == .null }).keys.min() {
            throw StrataError(.invalidArgument, "\(name.prefix(64)) in \(subject) is null; a field cannot be cleared")
        }
        var fields = try FieldReader(value, subject)
        self.init(
            text: try fields.string("text"), layer: try fields.choice("layer"), kind: try fields.string("kind"),
            tags: try fields.strings("tags"), metadata: try fields.object("metadata"),
            importance: try fields.number("importance"), pinned: try fields.bool("pinned"),
            occurredAt: try fields.moment("occurredAt"))
        try fields.finish()
    }
}
