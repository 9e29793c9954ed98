import GRDB
import StrataCore

/// What a commit adds to the counts and to the postings that the tables keep.
///
/// A unit gathers its own and hands them to the commit when it holds, so that each row is written once a commit.
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
    /// By the term's number, what becomes of its postings; nil for one that goes.
    private var postings: [Int64: [RecordKey: PostingBlock.Posting?]] = [:]
    private var shelves: [Int64: Int] = [:]

    /// Counts a record in (`sign` 1) or out (-1).
    mutating func count(_ record: MemoryRecord, namespace: Int64, sign: Int) {
        namespaces[namespace, default: Namespace()].records += sign
        namespaces[namespace, default: Namespace()].layers[Int(record.layer.tag)] += sign
        namespaces[namespace, default: Namespace()].pinned += record.pinned ? sign : 0
        namespaces[namespace, default: Namespace()].textBytes += sign * record.text.utf8.count
    }

    /// Puts the terms of a record into the index (`sign` 1), or takes them out (-1).
    mutating func count(_ row: KeywordRow, of key: RecordKey, namespace: Int64, sign: Int) {
        namespaces[namespace, default: Namespace()].terms += sign * row.length
        for (number, frequency) in row.terms {
            let posting = PostingBlock.Posting(key: key, frequency: frequency, length: row.length)
            postings[number, default: [:]].updateValue(sign > 0 ? posting : nil, forKey: key)
        }
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
        for (number, changes) in unit.postings {
            postings[number, default: [:]].merge(changes) { _, later in later }
        }
        shelves.merge(unit.shelves, uniquingKeysWith: +)
    }

    /// Writes the counts and the postings, terms in the order of their table.
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
        for (number, changes) in postings.sorted(by: { $0.key < $1.key }) {
            try PostingWriter(db: db, term: number).apply(changes)
        }
        for (id, count) in shelves where count != 0 {
            try db.run("UPDATE shelf SET vector_count = vector_count + ? WHERE id = ?", [count, id])
        }
    }
}
