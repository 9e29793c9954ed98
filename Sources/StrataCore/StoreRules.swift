/// What every store refuses, so that one store takes exactly what another takes.
///
/// U+0000 ends a string in C and PostgreSQL cannot hold it; NaN and infinity have no place in JSON.
extension MemoryRecord {
    /// The deepest that arrays and objects may nest in metadata.
    public static let metadataDepthMax = 64

    /// Checks that a store can hold the record without loss.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` for U+0000 in a string, an importance that is no number, metadata
    ///   with NaN or infinity, and metadata nested deeper than ``metadataDepthMax``.
    public func checkStorable() throws {
        try StoreRules.check(namespace, "namespace")
        try StoreRules.check(text, "text")
        try StoreRules.check(speaker, "speaker")
        try StoreRules.check(kind, "kind")
        try StoreRules.check(project, "project")
        try StoreRules.check(session, "session")
        for tag in tags { try StoreRules.check(tag, "tag") }
        try StoreRules.check(importance, "importance")
        try StoreRules.check(.object(metadata), depthMax: Self.metadataDepthMax)
    }
}

extension RecordPatch {
    /// Checks that a store can hold the new values without loss, as ``MemoryRecord/checkStorable()`` does.
    public func checkStorable() throws {
        try StoreRules.check(text, "text")
        try StoreRules.check(kind, "kind")
        for tag in tags ?? [] { try StoreRules.check(tag, "tag") }
        if let importance { try StoreRules.check(importance, "importance") }
        if let metadata { try StoreRules.check(.object(metadata), depthMax: MemoryRecord.metadataDepthMax) }
    }
}

extension RecordContent {
    /// The longest term that a keyword index takes, in UTF-8 bytes.
    public static let termBytesMax = 1024

    /// Checks the promises of the analyser and of the embedder.
    ///
    /// - Throws: ``StrataError/Code/internal`` for a term that is empty, longer than ``termBytesMax`` or holds anything
    ///   but lower case letters, marks, digits and `_`; the errors of ``StoredEmbedding/checkStorable()``.
    public func checkStorable() throws {
        for term in terms where !Self.isTerm(term) {
            throw StrataError(
                .internal,
                """
                an analysed term of \(term.utf8.count) bytes is empty, longer than \(Self.termBytesMax) bytes or holds \
                other characters than lower case letters, digits and _; please report this
                """)
        }
        try embedding?.checkStorable()
    }

    /// Whether a string can be an analysed term.
    public static func isTerm(_ term: String) -> Bool {
        guard !term.isEmpty, term.utf8.count <= termBytesMax else { return false }
        return term.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "0"..."9", "_": return true
            case _ where scalar.isASCII: return false
            default:
                switch scalar.properties.generalCategory {
                case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
                    .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
                    return true
                default: return false
                }
            }
        }
    }
}

extension StoredEmbedding {
    /// Checks the vector against its space.
    ///
    /// - Throws: ``StrataError/Code/dimensionMismatch``; ``StrataError/Code/invalidVector`` for NaN and infinity.
    public func checkStorable() throws {
        guard vector.count == space.dimension else {
            throw StrataError.dimensionMismatch(
                expected: space.dimension, received: vector.count, space: space.identifier)
        }
        try StoreRules.check(space.model, "the model's name")
        try StoreRules.check(space.revision, "the model's revision")
        guard vector.allSatisfy(\.isFinite) else {
            throw StrataError(
                .invalidVector,
                "vector holds NaN or infinity (embedding space \(space.identifier)); embed the text again")
        }
    }
}

extension Filter {
    /// The deepest that filters may nest.
    public static let depthMax = 64

    /// Checks that a store can translate the filter.
    ///
    /// - Throws: ``StrataError/Code/invalidFilter`` for U+0000 in a string and for nesting deeper than ``depthMax``.
    public func checkStorable() throws { try check(depthMax: Self.depthMax) }

    private func check(depthMax: Int) throws {
        guard depthMax > 0 else {
            throw StrataError(.invalidFilter, "the filter nests deeper than \(Self.depthMax) levels; flatten it")
        }
        switch self {
        case .all(let filters), .any(let filters): for filter in filters { try filter.check(depthMax: depthMax - 1) }
        case .not(let filter): try filter.check(depthMax: depthMax - 1)
        case .layers, .time, .importance, .pinned: break
        case .text(let field, let values): try check(values, field.rawValue)
        case .tagsAny(let tags), .tagsAll(let tags), .tagsNone(let tags): try check(tags, "tags")
        case .metadata(let path, _, let value), .metadataContains(let path, let value):
            try check(path + [value].compactMap(\.stringValue), "metadata")
        case .metadataIn(let path, let values): try check(path + values.compactMap(\.stringValue), "metadata")
        }
    }

    private func check(_ texts: [String], _ field: String) throws {
        guard texts.contains(where: { $0.utf8.contains(0) }) else { return }
        throw StrataError(.invalidFilter, "filter field \(field) holds the character U+0000; remove it")
    }
}

private enum StoreRules {
    static func check(_ text: String?, _ field: String) throws {
        guard let text, text.utf8.contains(0) else { return }
        throw StrataError(.invalidArgument, "\(field) holds the character U+0000; remove it")
    }

    static func check(_ number: Double, _ field: String) throws {
        guard number.isFinite else {
            throw StrataError(.invalidArgument, "\(field) is NaN or infinite; give a finite number")
        }
    }

    static func check(_ value: JSONValue, depthMax: Int) throws {
        guard depthMax >= 0 else {
            throw StrataError(
                .invalidArgument,
                "metadata nests deeper than \(MemoryRecord.metadataDepthMax) levels; flatten it")
        }
        switch value {
        case .null, .bool, .integer: break
        case .number(let number): try check(number, "a number in metadata")
        case .string(let text): try check(text, "a string in metadata")
        case .array(let elements): for element in elements { try check(element, depthMax: depthMax - 1) }
        case .object(let members):
            for (key, member) in members {
                try check(key, "a key of metadata")
                try check(member, depthMax: depthMax - 1)
            }
        }
    }
}
