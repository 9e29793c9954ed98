internal import Foundation
internal import StrataCore

/// The checks that stand before every call. Messages hold names, counts and limits, never a text.
enum Validation {
    static func count(_ count: Int, named name: String, in range: ClosedRange<Int>) throws(StrataError) {
        guard range.contains(count) else {
            throw StrataError(
                .invalidArgument,
                "\(name) is \(count), expected \(range.lowerBound) through \(range.upperBound)")
        }
    }

    /// The time zone of that name; UTC for nil.
    static func timeZone(_ name: String?) throws(StrataError) -> TimeZone {
        guard let name else { return .gmt }
        guard let timeZone = TimeZone(identifier: name) else {
            throw StrataError(
                .invalidArgument, "timeZone is not a known time zone; expected an IANA name such as Europe/Berlin")
        }
        return timeZone
    }

    static func namespace(_ namespace: String, limits: EngineLimits) throws(StrataError) {
        try name(namespace, of: "namespace", limits: limits)
    }

    /// A name is not empty, not too long, and has no control characters, which no honest caller sends.
    static func name(_ value: String, of field: String, limits: EngineLimits) throws(StrataError) {
        guard !value.isEmpty else {
            throw StrataError(.invalidArgument, "\(field) is empty; give it a name or leave it out")
        }
        guard value.utf8.count <= limits.nameBytesMax else {
            throw StrataError(
                .tooLarge, "\(field) has \(value.utf8.count) bytes, at most \(limits.nameBytesMax) are allowed")
        }
        guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw StrataError(.invalidArgument, "\(field) holds a control character; remove it")
        }
    }

    static func text(_ text: String, named name: String, bytesMax: Int) throws(StrataError) {
        guard text.utf8.count <= bytesMax else {
            throw StrataError(
                .tooLarge,
                "\(name) has \(text.utf8.count) bytes, at most \(bytesMax) are allowed; split it into parts")
        }
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace && $0 != "\0" }) else {
            throw StrataError(.invalidArgument, "\(name) is empty or only white space; give it some words")
        }
        guard !text.utf8.contains(0) else {
            throw StrataError(.invalidArgument, "\(name) holds a NUL character; remove it")
        }
    }

    static func importance(_ importance: Double) throws(StrataError) {
        guard importance >= 0, importance <= 1 else {
            throw StrataError(.invalidArgument, "importance is \(importance), expected 0 through 1")
        }
    }

    static func tags(_ tags: [String], limits: EngineLimits) throws(StrataError) {
        guard tags.count <= limits.tagCountMax else {
            throw StrataError(.tooLarge, "\(tags.count) tags, at most \(limits.tagCountMax) are allowed")
        }
        for tag in tags { try name(tag, of: "tag", limits: limits) }
    }

    static func metadata(_ metadata: [String: JSONValue], limits: EngineLimits) throws(StrataError) {
        let value = JSONValue.object(metadata)
        try finite(value)
        let bytes = value.approximateBytes
        guard bytes <= limits.metadataBytesMax else {
            throw StrataError(
                .tooLarge, "metadata has about \(bytes) bytes as JSON, at most \(limits.metadataBytesMax) are allowed")
        }
    }

    static func vector(_ vector: [Float], space: EmbeddingSpace) throws(StrataError) {
        guard vector.count == space.dimension else {
            throw StrataError.dimensionMismatch(
                expected: space.dimension, received: vector.count, space: space.identifier)
        }
        guard vector.allSatisfy(\.isFinite) else {
            throw StrataError(.invalidVector, "vector holds NaN or infinity; every component must be a finite number")
        }
        guard vector.contains(where: { $0 != 0 }) else {
            throw StrataError(.invalidVector, "vector is all zeros and has no direction")
        }
    }

    static func memory(_ memory: NewMemory, limits: EngineLimits, space: EmbeddingSpace?) throws(StrataError) {
        try text(memory.text, named: "text", bytesMax: limits.textBytesMax)
        try name(memory.kind, of: "kind", limits: limits)
        for (field, value) in [
            ("speaker", memory.speaker), ("project", memory.project), ("session", memory.session),
        ] {
            if let value { try name(value, of: field, limits: limits) }
        }
        try tags(memory.tags, limits: limits)
        try metadata(memory.metadata, limits: limits)
        try importance(memory.importance)
        if let given = memory.vector {
            guard let space else {
                throw StrataError(
                    .invalidArgument,
                    "a vector was given, but the engine has no embedding space; open it with a model or an embedder")
            }
            try vector(given, space: space)
        }
    }

    static func patch(_ patch: RecordPatch, limits: EngineLimits) throws(StrataError) {
        guard !patch.isEmpty else {
            throw StrataError(.invalidArgument, "the update changes nothing; name at least one field")
        }
        if let text = patch.text { try self.text(text, named: "text", bytesMax: limits.textBytesMax) }
        if let kind = patch.kind { try name(kind, of: "kind", limits: limits) }
        if let tags = patch.tags { try self.tags(tags, limits: limits) }
        if let metadata = patch.metadata { try self.metadata(metadata, limits: limits) }
        if let importance = patch.importance { try self.importance(importance) }
    }

    private static func finite(_ value: JSONValue) throws(StrataError) {
        switch value {
        case .number(let number) where !number.isFinite:
            throw StrataError(.invalidArgument, "metadata holds NaN or infinity, which JSON cannot say")
        case .array(let elements): for element in elements { try finite(element) }
        case .object(let members): for member in members.values { try finite(member) }
        default: break
        }
    }
}

extension JSONValue {
    /// About as many bytes as the value takes as JSON text.
    fileprivate var approximateBytes: Int {
        switch self {
        case .null, .bool: 5
        case .integer, .number: 8
        case .string(let text): text.utf8.count + 2
        case .array(let elements): elements.reduce(2) { $0 + $1.approximateBytes + 1 }
        case .object(let members): members.reduce(2) { $0 + $1.key.utf8.count + $1.value.approximateBytes + 4 }
        }
    }
}
