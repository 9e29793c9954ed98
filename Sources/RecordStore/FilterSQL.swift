import GRDB
import StrataCore

/// A ``Filter`` as a condition on `record r` that is 0 or 1, never NULL, and means what ``Filter/matches(_:)`` says.
///
/// Every value, list and JSON path is bound, so no string of a caller becomes part of the statement.
struct FilterSQL {
    /// How tags are looked up.
    enum TagLookup {
        /// The tag's records drive the query: for listings.
        case driving
        /// Each candidate asks for its tags: for searches that come with candidates of their own.
        case perRecord
    }

    private(set) var sql = ""
    private(set) var arguments: [(any DatabaseValueConvertible)?] = []
    private let namespace: Int64
    private let tagLookup: TagLookup

    /// SQLite's default limit is 32766 bound values; some are left to the rest of the statement.
    private static let argumentCountMax = 32_000

    /// Translates a filter on the records of one namespace; that they are of it is up to the statement.
    ///
    /// - Throws: ``StrataError/Code/invalidFilter`` when it is nested too deeply, too large or holds U+0000.
    init(_ filter: Filter, namespace: Int64, tagLookup: TagLookup) throws {
        self.namespace = namespace
        self.tagLookup = tagLookup
        try filter.checkStorable()
        sql = condition(filter)
        guard arguments.count <= Self.argumentCountMax else {
            throw StrataError(
                .invalidFilter,
                "the filter has \(arguments.count) values, at most \(Self.argumentCountMax) are taken; split it")
        }
    }

    private mutating func condition(_ filter: Filter) -> String {
        switch filter {
        case .all(let filters): balanced(filters[...], "AND", empty: "1")
        case .any(let filters): balanced(filters[...], "OR", empty: "0")
        case .not(let filter): "NOT (\(condition(filter)))"
        case .layers(let layers):
            layers.isEmpty ? "0" : "r.layer IN (\(layers.map { "\($0.tag)" }.sorted().joined(separator: ", ")))"
        case .text(let field, let values):
            "(r.\(field.rawValue) IS NOT NULL AND r.\(field.rawValue) IN \(list(values)))"
        case .tagsAny(let tags): tags.isEmpty ? "0" : hasTag(in: tags)
        case .tagsAll(let tags): balanced(tags.map { .tagsAny([$0]) }[...], "AND", empty: "1")
        case .tagsNone(let tags): tags.isEmpty ? "1" : "NOT (\(hasTag(in: tags)))"
        case .time(let field, let comparison, let moment):
            "(\(field.column) IS NOT NULL AND \(field.column) \(comparison.sql) \(bound(moment.milliseconds)))"
        case .importance(let comparison, let value):
            // SQLite binds NaN as NULL; NaN differs from every number and has no order.
            value.isNaN ? (comparison == .ne ? "1" : "0") : "r.importance \(comparison.sql) \(bound(value))"
        case .pinned(let isPinned): "r.pinned = \(isPinned ? 1 : 0)"
        case .metadata(let path, let comparison, let value): metadata(path) { $0.comparison(comparison, value) }
        case .metadataIn(let path, let values):
            metadata(path) { sql in
                sql.joined(values[...], "OR", empty: "0") { $0.comparison(.eq, $1) }
            }
        case .metadataContains(let path, let value): metadata(path) { $0.containment(value) }
        }
    }

    private mutating func bound(_ value: any DatabaseValueConvertible) -> String {
        arguments.append(value)
        return "?"
    }

    /// One bound value whatever the number of strings.
    private mutating func list(_ values: [String]) -> String {
        "(SELECT value FROM json_each(\(bound(RecordRow.text(of: values)))))"
    }

    private mutating func hasTag(in tags: [String]) -> String {
        switch tagLookup {
        case .driving:
            "r.key IN (SELECT record FROM tag WHERE namespace = \(namespace) AND name IN \(list(tags)))"
        case .perRecord:
            """
            EXISTS (SELECT 1 FROM tag WHERE namespace = \(namespace) AND record = r.key AND name IN \(list(tags)))
            """
        }
    }

    private mutating func balanced(_ filters: ArraySlice<Filter>, _ word: String, empty: String) -> String {
        joined(filters, word, empty: empty) { $0.condition($1) }
    }

    /// Joins conditions as a balanced tree, because SQLite limits how deep an expression may be.
    private mutating func joined<Element>(
        _ elements: ArraySlice<Element>, _ word: String, empty: String, _ make: (inout Self, Element) -> String
    ) -> String {
        guard elements.count > 1 else { return elements.first.map { make(&self, $0) } ?? empty }
        let middle = elements.startIndex + elements.count / 2
        let left = joined(elements[..<middle], word, empty: empty, make)
        return "(\(left) \(word) \(joined(elements[middle...], word, empty: empty, make)))"
    }
}

extension FilterSQL {
    /// A condition on the value `m.value` of JSON type `m.type` that lies at a path.
    ///
    /// A path of plain keys is bound as a JSON path. SQLite 3.40 cannot write a quotation mark, backslash or control
    /// character in one, so such keys are compared with those that `json_each` lists, step by step.
    private mutating func metadata(_ path: [String], _ condition: (inout Self) -> String) -> String {
        let isPlain = path.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C } && !$0.isEmpty }
        if isPlain {
            let path = "$" + path.map { ".\"\($0)\"" }.joined()
            let source =
                "json_type(r.metadata, \(bound(path))) AS type, json_extract(r.metadata, \(bound(path))) AS value"
            return "EXISTS (SELECT 1 FROM (SELECT \(source)) m WHERE m.type IS NOT NULL AND \(condition(&self)))"
        }
        let names = path.indices.map { $0 == path.count - 1 ? "m" : "m\($0)" }
        let sources = path.indices.map { index in
            let parent = index == 0 ? "" : names[index - 1]
            let object =
                index == 0 ? "r.metadata" : "CASE WHEN \(parent).type = 'object' THEN \(parent).value ELSE '{}' END"
            return "json_each(\(object)) \(names[index])"
        }
        let keys = path.indices.map { "\(names[$0]).key = \(bound(path[$0]))" }
        return """
            EXISTS (SELECT 1 FROM \(sources.joined(separator: ", ")) \
            WHERE \(keys.joined(separator: " AND ")) AND \(condition(&self)))
            """
    }

    /// Compares the columns `type` and `value` of a source; the type must not be NULL.
    private mutating func comparison(
        _ comparison: Filter.Comparison, _ value: JSONValue, of source: String = "m"
    ) -> String {
        if comparison == .ne { return "NOT (\(self.comparison(.eq, value, of: source)))" }
        switch value {
        case .integer, .number:
            guard let number = value.doubleValue, !number.isNaN else { return "0" }
            // SQLite reads decimals less exactly than Swift, so both sides go through its own reader.
            let operand =
                number.isFinite ? "CAST(json_extract(\(bound(value.jsonText)), '$') AS REAL)" : bound(number)
            return
                "(\(source).type IN ('integer', 'real') AND CAST(\(source).value AS REAL) \(comparison.sql) \(operand))"
        case .string(let text): return "(\(source).type = 'text' AND \(source).value \(comparison.sql) \(bound(text)))"
        case .bool(let isTrue) where comparison == .eq: return "\(source).type = '\(isTrue)'"
        case .null where comparison == .eq: return "\(source).type = 'null'"
        case .bool, .null, .array, .object: return "0"
        }
    }

    private mutating func containment(_ value: JSONValue) -> String {
        let elements = "json_each(CASE WHEN m.type = 'array' THEN m.value ELSE '[]' END)"
        let inArray = "EXISTS (SELECT 1 FROM \(elements) e WHERE \(comparison(.eq, value, of: "e")))"
        guard let text = value.stringValue else { return inArray }
        return "(\(inArray) OR m.type = 'text' AND instr(m.value, \(bound(text))) > 0)"
    }
}

extension Filter.Comparison {
    /// The operator in SQL.
    fileprivate var sql: String {
        switch self {
        case .eq: "="
        case .ne: "<>"
        case .gt: ">"
        case .gte: ">="
        case .lt: "<"
        case .lte: "<="
        }
    }
}

extension Filter.TimeField {
    /// The column of the field.
    fileprivate var column: String {
        switch self {
        case .createdAt: "r.created_at"
        case .updatedAt: "r.updated_at"
        case .occurredAt: "r.occurred_at"
        case .lastAccessedAt: "r.accessed_at"
        }
    }
}
