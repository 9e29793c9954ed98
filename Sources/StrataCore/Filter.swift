/// A condition on a record's fields, applied inside the search, so that as many hits come back as exist.
public indirect enum Filter: Sendable, Hashable, Codable {
    /// A comparison of an ordered or exact value.
    public enum Comparison: String, Sendable, Hashable, Codable, CaseIterable {
        /// Equal.
        case eq
        /// Present and not equal.
        case ne
        /// Greater.
        case gt
        /// Greater or equal.
        case gte
        /// Less.
        case lt
        /// Less or equal.
        case lte
    }

    /// A field that holds one string.
    public enum TextField: String, Sendable, Hashable, Codable, CaseIterable {
        /// ``MemoryRecord/kind``
        case kind
        /// ``MemoryRecord/project``
        case project
        /// ``MemoryRecord/session``
        case session
        /// ``MemoryRecord/speaker``
        case speaker
        /// ``MemoryRecord/source``
        case source
    }

    /// A field that holds a moment.
    public enum TimeField: String, Sendable, Hashable, Codable, CaseIterable {
        /// ``MemoryRecord/createdAt``
        case createdAt
        /// ``MemoryRecord/updatedAt``
        case updatedAt
        /// ``MemoryRecord/occurredAt``
        case occurredAt
        /// ``MemoryRecord/lastAccessedAt``
        case lastAccessedAt
    }

    /// Every condition holds; true when there is none.
    case all([Filter])
    /// At least one condition holds; false when there is none.
    case any([Filter])
    /// The condition does not hold.
    case not(Filter)
    /// The record is in one of the layers.
    case layers(Set<Layer>)
    /// The field equals one of the strings; false where the field is nil.
    case text(TextField, oneOf: [String])
    /// The record has at least one of the tags.
    case tagsAny([String])
    /// The record has all of the tags.
    case tagsAll([String])
    /// The record has none of the tags.
    case tagsNone([String])
    /// The moment compares so; false where the field is nil.
    case time(TimeField, Comparison, Timestamp)
    /// The importance compares so.
    case importance(Comparison, Double)
    /// The record is pinned, or is not.
    case pinned(Bool)
    /// The value at a path of keys in the metadata compares so.
    ///
    /// Numbers compare with numbers, strings with strings; `eq` and `ne` also take booleans and null. Values of different
    /// kinds are unequal and have no order, arrays and objects equal nothing, and where there is no value nothing holds.
    case metadata(path: [String], Comparison, JSONValue)
    /// The value at the path equals one of these.
    case metadataIn(path: [String], [JSONValue])
    /// The value at the path is an array that holds the value, or a string that holds the string.
    case metadataContains(path: [String], JSONValue)

    /// Whether a record passes. This is what the filter means; stores translate it and are tested against it.
    public func matches(_ record: MemoryRecord) -> Bool {
        switch self {
        case .all(let filters): filters.allSatisfy { $0.matches(record) }
        case .any(let filters): filters.contains { $0.matches(record) }
        case .not(let filter): !filter.matches(record)
        case .layers(let layers): layers.contains(record.layer)
        case .text(let field, let values): record[field].map { Self.holds(values, $0) } ?? false
        case .tagsAny(let tags): tags.contains { Self.holds(record.tags, $0) }
        case .tagsAll(let tags): tags.allSatisfy { Self.holds(record.tags, $0) }
        case .tagsNone(let tags): !tags.contains { Self.holds(record.tags, $0) }
        case .time(let field, let comparison, let moment):
            record[field].map { comparison.holds($0, moment) } ?? false
        case .importance(let comparison, let value): comparison.holds(record.importance, value)
        case .pinned(let isPinned): record.pinned == isPinned
        case .metadata(let path, let comparison, let value):
            record.metadataValue(at: path).map { comparison.holds($0, value) } ?? false
        case .metadataIn(let path, let values):
            record.metadataValue(at: path).map { found in values.contains { Comparison.eq.holds(found, $0) } } ?? false
        case .metadataContains(let path, let value):
            switch record.metadataValue(at: path) {
            case .array(let elements): elements.contains { Comparison.eq.holds($0, value) }
            case .string(let text): value.stringValue.map { Self.contains(text, $0) } ?? false
            default: false
            }
        }
    }

    /// Whether one of the strings has the same bytes; `==` would also take canonically equivalent ones, databases don't.
    private static func holds(_ values: [String], _ text: String) -> Bool {
        values.contains { $0.utf8.elementsEqual(text.utf8) }
    }

    /// Plain containment of code units, as databases do it: no normalisation, no case folding.
    private static func contains(_ text: String, _ part: String) -> Bool {
        let (text, part) = (Array(text.utf8), Array(part.utf8))
        guard part.count <= text.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
    }
}

extension Filter.Comparison {
    /// Compares two values of one ordered type.
    public func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .eq: left == right
        case .ne: left != right
        case .gt: left > right
        case .gte: left >= right
        case .lt: left < right
        case .lte: left <= right
        }
    }

    /// Compares two JSON values: numbers by size, strings by their UTF-8 bytes, booleans and null for equality only.
    ///
    /// Values of different kinds are unequal and have no order; arrays and objects equal nothing.
    public func holds(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if let left = left.doubleValue, let right = right.doubleValue { return holds(left, right) }
        if let left = left.stringValue, let right = right.stringValue {
            return holds(UTF8Order(left), UTF8Order(right))
        }
        let isEqual =
            switch (left, right) {
            case (.bool(let left), .bool(let right)): left == right
            case (.null, .null): true
            default: false
            }
        switch self {
        case .eq: return isEqual
        case .ne: return !isEqual
        default: return false
        }
    }

    /// A string ordered by its UTF-8 bytes, which is the order of its code points and of SQL's binary collation.
    private struct UTF8Order: Comparable {
        let bytes: [UInt8]
        init(_ text: String) { bytes = Array(text.utf8) }
        static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
    }
}

extension MemoryRecord {
    /// The string of a text field.
    public subscript(field: Filter.TextField) -> String? {
        switch field {
        case .kind: kind
        case .project: project
        case .session: session
        case .speaker: speaker
        case .source: source.rawValue
        }
    }

    /// The moment of a time field.
    public subscript(field: Filter.TimeField) -> Timestamp? {
        switch field {
        case .createdAt: createdAt
        case .updatedAt: updatedAt
        case .occurredAt: occurredAt
        case .lastAccessedAt: lastAccessedAt
        }
    }

    /// The metadata value under a path of keys, or nil where there is none.
    public func metadataValue(at path: [String]) -> JSONValue? {
        var value = JSONValue.object(metadata)
        for key in path {
            guard case .object(let object) = value, let index = object.index(forKey: key),
                object[index].key.utf8.elementsEqual(key.utf8)
            else { return nil }
            value = object[index].value
        }
        return value
    }
}
