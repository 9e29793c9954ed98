import GRDB
import StrataCore

/// What a commit adds to the counts that the tables keep.
///
/// A unit gathers its own and hands them to the commit when it holds, so that each count is written once a commit.
struct Counters {
    /// The counts of one namespace.
    struct Namespace {
        var records = 0
        var layers = [0, 0, 0]
        var pinned = 0
        var terms = 0
        var textBytes = 0
    }

    /// A term of a namespace.
    struct Term: Hashable {
        let namespace: Int64
        let name: String
    }

    private var namespaces: [Int64: Namespace] = [:]
    private var terms: [Term: Int] = [:]
    private var shelves: [Int64: Int] = [:]

    /// Counts a record in (`sign` 1) or out (-1).
    mutating func count(_ record: MemoryRecord, namespace: Int64, sign: Int) {
        namespaces[namespace, default: Namespace()].records += sign
        namespaces[namespace, default: Namespace()].layers[Int(record.layer.tag)] += sign
        namespaces[namespace, default: Namespace()].pinned += record.pinned ? sign : 0
        namespaces[namespace, default: Namespace()].textBytes += sign * record.text.utf8.count
    }

    /// Counts the terms of a record in or out.
    mutating func count(terms names: [String], namespace: Int64, sign: Int) {
        namespaces[namespace, default: Namespace()].terms += sign * names.count
        for name in Set(names) { terms[Term(namespace: namespace, name: name), default: 0] += sign }
    }

    /// Counts a vector in or out.
    mutating func countVector(shelf: Int64, sign: Int) { shelves[shelf, default: 0] += sign }

    /// Takes in the counts of a unit that holds.
    mutating func add(_ unit: Counters) {
        for (id, part) in unit.namespaces {
            namespaces[id, default: Namespace()].records += part.records
            for layer in 0..<3 { namespaces[id, default: Namespace()].layers[layer] += part.layers[layer] }
            namespaces[id, default: Namespace()].pinned += part.pinned
            namespaces[id, default: Namespace()].terms += part.terms
            namespaces[id, default: Namespace()].textBytes += part.textBytes
        }
        terms.merge(unit.terms, uniquingKeysWith: +)
        shelves.merge(unit.shelves, uniquingKeysWith: +)
    }

    /// Writes the counts, terms in their order, which is the order of their table.
    func write(to db: Database) throws {
        for (id, part) in namespaces {
            try db.run(
                """
                UPDATE namespace SET record_count = record_count + ?, interact_count = interact_count + ?, \
                insights_count = insights_count + ?, assets_count = assets_count + ?, \
                pinned_count = pinned_count + ?, term_count = term_count + ?, text_bytes = text_bytes + ? WHERE id = ?
                """,
                [
                    part.records, part.layers[0], part.layers[1], part.layers[2], part.pinned, part.terms,
                    part.textBytes, id,
                ])
        }
        let changed = terms.filter { $0.value != 0 }
        for (term, count) in changed.sorted(by: { ($0.key.namespace, $0.key.name) < ($1.key.namespace, $1.key.name) }) {
            try db.run(
                """
                INSERT INTO term(namespace, name, record_count) VALUES (?, ?, ?) \
                ON CONFLICT DO UPDATE SET record_count = record_count + excluded.record_count
                """, [term.namespace, term.name, count])
            if count < 0 {
                try db.run(
                    "DELETE FROM term WHERE namespace = ? AND name = ? AND record_count = 0",
                    [term.namespace, term.name])
            }
        }
        for (id, count) in shelves where count != 0 {
            try db.run("UPDATE shelf SET vector_count = vector_count + ? WHERE id = ?", [count, id])
        }
    }
}
