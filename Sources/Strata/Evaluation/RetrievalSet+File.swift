internal import Foundation
internal import Ingest
internal import StrataCore

extension RetrievalSet {
    /// Reads labelled files: conversations in the form of LoCoMo (`.json`, or a folder of them), which make a set each,
    /// and JSON Lines, which make a set a file.
    ///
    /// A line of JSON Lines is a memory, in the form that ``FileIngest`` reads (`text`, and an `id` when a query needs
    /// it), or a query:
    ///
    /// ```
    /// {"id": "n1", "text": "The boiler was serviced in March.", "occurredAt": "2026-03-04"}
    /// {"query": "When was the heating looked at?", "relevant": ["n1"], "category": "notes"}
    /// ```
    ///
    /// `category` (`all` when left out) and `askedAt` may be left out. Queries may stand before the memories they need.
    ///
    /// - Throws: ``StrataError/Code/notFound``; ``StrataError/Code/invalidArgument`` naming the first line with a fault.
    public static func read(from path: String) throws -> [RetrievalSet] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw StrataError(.notFound, "there is no file at \(path)")
        }
        if isFolder.boolValue {
            let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
                .filter { $0.hasSuffix(".json") || $0.hasSuffix(".jsonl") }
            guard !names.isEmpty else {
                throw StrataError(.notFound, "there are no .json or .jsonl files in \(path)")
            }
            return try names.flatMap { try read(from: path + "/" + $0) }
        }
        if path.hasSuffix(".json") { return try LabelledConversation.read(from: path).map(RetrievalSet.init) }
        return [try readLines(from: path)]
    }

    private static func readLines(from path: String) throws -> RetrievalSet {
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StrataError(.notFound, "\(path) cannot be read")
        }
        var queries: [Int: Query] = [:]
        for (place, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            // What is no JSON is named by the reader of memories, which has the same line.
            guard case .object(let fields)? = try? JSONDecoder().decode(JSONValue.self, from: Data(line)),
                fields["query"] != nil
            else { continue }
            queries[place + 1] = try Query(fields, place: "\(path):\(place + 1)")
        }
        var memories: [Memory] = []
        var names: Set<String> = []
        for event in try FileIngest(file: path, path: path, format: .jsonLines) {
            switch event {
            case .problem(let problem):
                if let line = problem.line, queries[line] != nil { continue }
                throw StrataError(.invalidArgument, problem.description)
            case .omission: continue
            case .item(let item):
                if queries[item.lines.lowerBound] != nil {
                    throw StrataError(
                        .invalidArgument,
                        "\(path):\(item.lines.lowerBound) has a text and a query; write a line for each")
                }
                if let id = item.externalID, !names.insert(id).inserted {
                    throw StrataError(
                        .invalidArgument, "\(path):\(item.lines.lowerBound) has an id that an earlier line has")
                }
                // Ids mean something within the file only; the memory gets one of its own.
                var memory = NewMemory(item, in: name, layer: .interact)
                memory.id = nil
                memories.append(Memory(name: item.externalID, memory: memory))
            }
        }
        for (line, query) in queries.sorted(by: { $0.key < $1.key }) {
            guard query.relevant.allSatisfy(names.contains) else {
                throw StrataError(.invalidArgument, "\(path):\(line) has a relevant id that no line of the file has")
            }
        }
        guard !queries.isEmpty else {
            throw StrataError(.invalidArgument, "\(path) holds no query; write lines with `query` and `relevant`")
        }
        return RetrievalSet(name: name, memories: memories, queries: queries.sorted { $0.key < $1.key }.map(\.value))
    }
}

extension RetrievalSet.Query {
    /// A query from the fields of its line.
    fileprivate init(_ fields: [String: JSONValue], place: String) throws {
        func fault(_ field: String, _ expected: String) -> StrataError {
            StrataError(.invalidArgument, "\(place): `\(field)` should be \(expected)")
        }
        guard let text = fields["query"]?.stringValue, text.contains(where: { !$0.isWhitespace }) else {
            throw fault("query", "a text")
        }
        guard case .array(let elements)? = fields["relevant"] else { throw fault("relevant", "an array of ids") }
        var relevant: [String] = []
        for element in elements {
            let id: String? = if case .integer(let number) = element { String(number) } else { element.stringValue }
            guard let id, !relevant.contains(id) else { throw fault("relevant", "an array of ids, each once") }
            relevant.append(id)
        }
        guard !relevant.isEmpty else { throw fault("relevant", "an array of at least one id") }
        var askedAt: Timestamp?
        if let value = fields["askedAt"], value != .null {
            askedAt = value.stringValue.flatMap { Timestamp(iso8601: $0) }
            guard askedAt != nil else { throw fault("askedAt", "a time such as 2026-05-04T17:00Z") }
        }
        var category = "all"
        if let value = fields["category"], value != .null {
            guard let name = value.stringValue, !name.isEmpty else { throw fault("category", "a name") }
            category = name
        }
        self.init(text, relevant: relevant, category: category, askedAt: askedAt)
    }
}
