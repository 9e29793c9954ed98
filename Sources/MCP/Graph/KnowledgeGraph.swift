internal import StrataCore

/// Named entities with observations, and relations between them: what the reference memory server of MCP keeps.
///
/// Its file has a JSON object a line, `{"type":"entity","name":…,"entityType":…,"observations":[…]}` or
/// `{"type":"relation","from":…,"to":…,"relationType":…}`.
struct KnowledgeGraph: Sendable, Equatable {
    struct Entity: Sendable, Equatable {
        let name: String
        let type: String
        var observations: [String]
    }

    struct Relation: Sendable, Hashable {
        let from: String
        let to: String
        let type: String
    }

    private(set) var entities: [Entity] = []
    private(set) var relations: [Relation] = []
    /// Lines that are neither. They are kept as they are: somebody put them there.
    private(set) var otherLines: [String] = []

    /// An empty graph.
    init() {}

    /// Reads the file's text; of entities with one name, and of equal relations, the first counts.
    init(jsonLines text: String) {
        // Only a line feed ends a line: JSON strings may hold the other line separators of Unicode as they are.
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let line = Substring(bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes)
            if line.allSatisfy(\.isWhitespace) { continue }
            let members = (try? JSONValue(jsonText: String(line)))?.members ?? [:]
            if members["type"] == "entity", let entity = Entity(members) {
                if addEntities([entity]).isEmpty { otherLines.append(String(line)) }
            } else if members["type"] == "relation", let relation = Relation(members) {
                if !relations.contains(relation) { relations.append(relation) }
            } else {
                otherLines.append(String(line))
            }
        }
    }

    /// The file's text.
    var jsonLines: String {
        let lines =
            entities.map { JSONValue.object($0.members.merging(["type": "entity"]) { $1 }).jsonText }
            + relations.map { JSONValue.object($0.members.merging(["type": "relation"]) { $1 }).jsonText } + otherLines
        return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
    }

    /// Adds entities whose names are new, and gives those.
    @discardableResult
    mutating func addEntities(_ added: [Entity]) -> [Entity] {
        var names = Set(entities.map(\.name))
        let new = added.filter { names.insert($0.name).inserted }
        entities += new
        return new
    }

    /// Adds relations that are not there, and gives those.
    ///
    /// - Throws: ``StrataError/Code/notFound`` when an end is no entity; then nothing was added.
    mutating func addRelations(_ added: [Relation]) throws(StrataError) -> [Relation] {
        let names = Set(entities.map(\.name))
        let missing = Set(added.flatMap { [$0.from, $0.to] }).subtracting(names)
        guard missing.isEmpty else { throw Self.missing(missing.count) }
        var known = Set(relations)
        let new = added.filter { known.insert($0).inserted }
        relations += new
        return new
    }

    /// Adds observations that an entity does not have, and gives those.
    mutating func addObservations(_ added: [String], to name: String) throws(StrataError) -> [String] {
        guard let place = entities.firstIndex(where: { $0.name == name }) else { throw Self.missing(1) }
        var known = Set(entities[place].observations)
        let new = added.filter { known.insert($0).inserted }
        entities[place].observations += new
        return new
    }

    /// Removes entities with their relations; says how many entities there were.
    mutating func removeEntities(_ names: Set<String>) -> Int {
        let before = entities.count
        entities.removeAll { names.contains($0.name) }
        relations.removeAll { names.contains($0.from) || names.contains($0.to) }
        return before - entities.count
    }

    /// Removes observations of an entity; says how many there were.
    mutating func removeObservations(_ removed: Set<String>, from name: String) -> Int {
        guard let place = entities.firstIndex(where: { $0.name == name }) else { return 0 }
        let before = entities[place].observations.count
        entities[place].observations.removeAll(where: removed.contains)
        return before - entities[place].observations.count
    }

    /// Removes relations; says how many there were.
    mutating func removeRelations(_ removed: Set<Relation>) -> Int {
        let before = relations.count
        relations.removeAll(where: removed.contains)
        return before - relations.count
    }

    /// The entities that pass, and every relation that touches one.
    func part(where passes: (Entity) -> Bool) -> JSONValue {
        let entities = entities.filter(passes)
        let names = Set(entities.map(\.name))
        let relations = relations.filter { names.contains($0.from) || names.contains($0.to) }
        return [
            "entities": .array(entities.map { .object($0.members) }),
            "relations": .array(relations.map { .object($0.members) }),
        ]
    }

    /// All entities and relations.
    var json: JSONValue {
        [
            "entities": .array(entities.map { .object($0.members) }),
            "relations": .array(relations.map { .object($0.members) }),
        ]
    }

    private static func missing(_ count: Int) -> StrataError {
        StrataError(.notFound, "\(count) of the named entities do not exist; make them with create_entities first")
    }
}

extension KnowledgeGraph.Entity {
    /// Reads an entity; nil when a member is missing or of another kind.
    init?(_ members: [String: JSONValue]) {
        guard let name = members["name"]?.stringValue, let type = members["entityType"]?.stringValue,
            let elements = members["observations"]?.elements
        else { return nil }
        let observations = elements.compactMap(\.stringValue)
        guard observations.count == elements.count else { return nil }
        self.init(name: name, type: type, observations: observations)
    }

    var members: [String: JSONValue] {
        [
            "name": .string(name), "entityType": .string(type),
            "observations": .array(observations.map(JSONValue.string)),
        ]
    }

    /// Whether a text occurs in the name, the type or an observation, whatever its case.
    func mentions(_ text: String) -> Bool {
        let text = text.lowercased()
        return ([name, type] + observations).contains { text.isEmpty || $0.lowercased().contains(text) }
    }
}

extension KnowledgeGraph.Relation {
    /// Reads a relation; nil when a member is missing or of another kind.
    init?(_ members: [String: JSONValue]) {
        guard let from = members["from"]?.stringValue, let to = members["to"]?.stringValue,
            let type = members["relationType"]?.stringValue
        else { return nil }
        self.init(from: from, to: to, type: type)
    }

    var members: [String: JSONValue] {
        ["from": .string(from), "to": .string(to), "relationType": .string(type)]
    }
}
