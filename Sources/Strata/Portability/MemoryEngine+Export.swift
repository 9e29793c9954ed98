internal import StrataCore

/// What an export holds.
public struct ExportOptions: Sendable, Hashable, Codable {
    /// The namespace; nil for all of them.
    public var namespace: String?
    /// Whether vectors are written. Without them whoever imports has the texts embedded anew.
    public var includesVectors: Bool
    /// Whether the change log of each record is written, with the values that it had before.
    public var includesHistory: Bool

    /// The default: every namespace, texts and fields only.
    public init(namespace: String? = nil, includesVectors: Bool = false, includesHistory: Bool = false) {
        self.namespace = namespace
        self.includesVectors = includesVectors
        self.includesHistory = includesHistory
    }
}

/// Some records of an export.
public struct ExportPage: Sendable, Hashable, Codable {
    /// One ``PortableRecord/jsonLine`` a record.
    public let lines: [String]
    /// Where the next page starts; nil on the last one.
    public let nextCursor: String?
}

extension MemoryEngine {
    /// The next records of an export: by namespace, within one in the order in which they were stored.
    ///
    /// Each record is read as a whole, but no snapshot is held between pages: what is stored meanwhile may be in a later
    /// page or not. A backup is the consistent copy.
    ///
    /// - Parameters:
    ///   - cursor: nil for the first page, else ``ExportPage/nextCursor`` of the page before.
    ///   - countMax: how many records a page holds at most, 1 through 1000. A page is also closed at 4 MiB.
    public func exportPage(
        _ options: ExportOptions = ExportOptions(), cursor: String? = nil, countMax: Int = 64
    ) async throws -> ExportPage {
        try Validation.count(countMax, named: "countMax", in: 1...1000)
        if let namespace = options.namespace { try Validation.namespace(namespace, limits: configuration.limits) }
        let position = try cursor.map(ExportPosition.init(cursor:))
        let names: [String]
        if let namespace = options.namespace { names = [namespace] } else { names = try await store.namespaces() }
        for name in names {
            var key: RecordKey?
            if let position {
                if name.utf8.lexicographicallyPrecedes(position.namespace.utf8) { continue }
                if name.utf8.elementsEqual(position.namespace.utf8) { key = position.key }
            }
            let found = try await store.list(in: name, matching: nil, after: key, limit: countMax)
            guard !found.isEmpty else { continue }
            let (lines, last) = try await lines(of: found, in: name, options)
            return ExportPage(lines: lines, nextCursor: ExportPosition(namespace: name, key: last).cursor)
        }
        return ExportPage(lines: [], nextCursor: nil)
    }

    private func lines(
        of found: [StoredRecord], in namespace: String, _ options: ExportOptions
    ) async throws -> (lines: [String], last: RecordKey) {
        var embeddings: [StoredEmbedding?] = found.map { _ in nil }
        if options.includesVectors {
            embeddings = try await store.embeddings(of: found.map(\.key), in: namespace)
        }
        var lines: [String] = []
        var bytes = 0
        var last = found[0].key
        for (stored, embedding) in zip(found, embeddings) {
            var history: [Change] = []
            if options.includesHistory { history = try await store.history(of: stored.record.id, in: namespace) }
            let line = PortableRecord(record: stored.record, embedding: embedding, history: history).jsonLine
            lines.append(line)
            last = stored.key
            bytes += line.utf8.count
            if bytes >= Self.exportPageBytes { break }
        }
        return (lines, last)
    }

    private static let exportPageBytes = 4 << 20
}

/// The namespace and record behind which an export goes on, as `KEY:NAMESPACE`.
private struct ExportPosition {
    let namespace: String
    let key: RecordKey

    init(namespace: String, key: RecordKey) {
        self.namespace = namespace
        self.key = key
    }

    init(cursor: String) throws(StrataError) {
        guard let colon = cursor.firstIndex(of: ":"), let key = RecordKey(cursor[..<colon], radix: 36), key >= 0 else {
            throw StrataError(.invalidArgument, "the cursor is not one that an export has returned; start without one")
        }
        self.init(namespace: String(cursor[cursor.index(after: colon)...]), key: key)
    }

    var cursor: String { "\(String(key, radix: 36)):\(namespace)" }
}
