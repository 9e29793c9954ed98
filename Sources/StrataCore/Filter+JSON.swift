extension Filter {
    /// Reads the JSON form that the command line, REST and MCP share.
    ///
    /// An object whose members must all hold: `layer`, `kind`, `project`, `session`, `speaker`, `source` take a string
    /// or an array of them; `tags` takes an array (all of them) or `{"any": […], "all": […], "none": […]}`; times and
    /// `importance` take `{"gte": …, "lt": …}`; `pinned` takes a boolean; `metadata.a.b` takes a value or
    /// `{"eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "in" | "contains": …}`; `and`, `or` take arrays of filters, `not`
    /// one filter.
    ///
    /// - Throws: ``StrataError/Code/invalidFilter``, naming the field.
    public init(json value: JSONValue) throws {
        guard case .object(let members) = value else {
            throw StrataError(.invalidFilter, "a filter is a JSON object, received \(value.kindName)")
        }
        let parts = try members.sorted { $0.key < $1.key }.map { try Self.member($0.key, $0.value) }
        self = parts.count == 1 ? parts[0] : .all(parts)
    }

    private static func member(_ name: String, _ value: JSONValue) throws -> Filter {
        if let field = TextField(rawValue: name) { return .text(field, oneOf: try strings(value, field: name)) }
        if let field = TimeField(rawValue: name) {
            return try comparisons(value, field: name) { comparison, operand in
                guard let text = operand.stringValue, let moment = Timestamp(iso8601: text) else {
                    throw StrataError(
                        .invalidFilter, "filter field \(name) compares with ISO 8601 times such as 2026-05-04T17:00:00Z"
                    )
                }
                return .time(field, comparison, moment)
            }
        }
        if name.hasPrefix("metadata.") {
            let path = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().map(String.init)
            guard path.allSatisfy({ !$0.isEmpty }) else {
                throw StrataError(.invalidFilter, "filter field \(name) has an empty key in its path")
            }
            return try metadata(path, value, field: name)
        }
        switch name {
        case "and": return .all(try filters(value, field: name))
        case "or": return .any(try filters(value, field: name))
        case "not": return .not(try Filter(json: value))
        case "layer":
            return .layers(
                Set(
                    try strings(value, field: name).map { text in
                        guard let layer = Layer(rawValue: text) else {
                            throw StrataError(
                                .invalidFilter, "filter field layer knows interact, insights and assets only")
                        }
                        return layer
                    }))
        case "tags": return try tags(value)
        case "pinned":
            guard case .bool(let isPinned) = value else {
                throw StrataError(.invalidFilter, "filter field pinned takes true or false, received \(value.kindName)")
            }
            return .pinned(isPinned)
        case "importance":
            return try comparisons(value, field: name) { comparison, operand in
                guard let number = operand.doubleValue else {
                    throw StrataError(.invalidFilter, "filter field importance compares with numbers from 0 through 1")
                }
                return .importance(comparison, number)
            }
        default:
            let known =
                ["layer", "tags", "pinned", "importance", "metadata.KEY", "and", "or", "not"]
                + TextField.allCases.map(\.rawValue) + TimeField.allCases.map(\.rawValue)
            throw StrataError(
                .invalidFilter, "unknown filter field \(name.prefix(64)); known are \(known.joined(separator: ", "))")
        }
    }

    private static func strings(_ value: JSONValue, field: String) throws -> [String] {
        switch value {
        case .string(let text): return [text]
        case .array(let elements):
            return try elements.map { element in
                guard let text = element.stringValue else {
                    throw StrataError(
                        .invalidFilter, "filter field \(field) takes strings, received \(element.kindName) in the array"
                    )
                }
                return text
            }
        default:
            throw StrataError(
                .invalidFilter, "filter field \(field) takes a string or an array, received \(value.kindName)")
        }
    }

    private static func filters(_ value: JSONValue, field: String) throws -> [Filter] {
        guard case .array(let elements) = value else {
            throw StrataError(.invalidFilter, "filter field \(field) takes an array, received \(value.kindName)")
        }
        return try elements.map { try Filter(json: $0) }
    }

    private static func tags(_ value: JSONValue) throws -> Filter {
        guard case .object(let members) = value else { return .tagsAll(try strings(value, field: "tags")) }
        let parts = try members.sorted { $0.key < $1.key }.map { name, operand -> Filter in
            let tags = try strings(operand, field: "tags.\(name)")
            switch name {
            case "any": return .tagsAny(tags)
            case "all": return .tagsAll(tags)
            case "none": return .tagsNone(tags)
            default:
                throw StrataError(.invalidFilter, "filter field tags knows any, all and none, not \(name.prefix(64))")
            }
        }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private static func comparisons(
        _ value: JSONValue, field: String, _ make: (Comparison, JSONValue) throws -> Filter
    ) throws -> Filter {
        guard case .object(let members) = value, !members.isEmpty else {
            return try make(.eq, value)
        }
        let parts = try members.sorted { $0.key < $1.key }.map { name, operand in
            guard let comparison = Comparison(rawValue: name) else {
                throw StrataError(
                    .invalidFilter, "filter field \(field) knows eq, ne, gt, gte, lt and lte, not \(name.prefix(64))")
            }
            return try make(comparison, operand)
        }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private static func metadata(_ path: [String], _ value: JSONValue, field: String) throws -> Filter {
        guard case .object(let members) = value, !members.isEmpty else {
            return .metadata(path: path, .eq, try scalar(value, field: field))
        }
        let parts = try members.sorted { $0.key < $1.key }.map { name, operand -> Filter in
            if let comparison = Comparison(rawValue: name) {
                let isOrdered = comparison != .eq && comparison != .ne
                guard !isOrdered || operand.doubleValue != nil || operand.stringValue != nil else {
                    throw StrataError(
                        .invalidFilter,
                        "filter field \(field).\(name) takes a number or a string, not \(operand.kindName)")
                }
                return .metadata(path: path, comparison, try scalar(operand, field: field))
            }
            switch name {
            case "in":
                guard case .array(let values) = operand else {
                    throw StrataError(
                        .invalidFilter, "filter field \(field).in takes an array, not \(operand.kindName)")
                }
                return .metadataIn(path: path, try values.map { try scalar($0, field: field) })
            case "contains": return .metadataContains(path: path, try scalar(operand, field: field))
            default:
                throw StrataError(
                    .invalidFilter,
                    """
                    filter field \(field) knows eq, ne, gt, gte, lt, lte, in and contains, not \(name.prefix(64)); \
                    write metadata.a.b for a nested key
                    """)
            }
        }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    /// A value that metadata can equal: no array and no object.
    private static func scalar(_ value: JSONValue, field: String) throws -> JSONValue {
        switch value {
        case .array, .object:
            throw StrataError(
                .invalidFilter,
                "filter field \(field) compares with a string, number, boolean or null, not \(value.kindName)")
        default: return value
        }
    }
}
