import Foundation
import GRDB
import StrataCore

extension StoreInspection {
    /// Keyword rows against the texts, postings and term counts against the keyword rows.
    ///
    /// All of them follow from the texts, so whatever is wrong is mended by making the whole keyword index anew.
    mutating func checkKeywords() throws {
        let names = try termNames()
        var missing: [Int64] = []
        var stale: [Int64] = []
        var lengths: [Int64: Int] = [:]
        var expected: [Int64: PostingSum] = [:]
        let rows = try db.rows(
            """
            SELECT \(RecordRow.columns), r.namespace AS number, w.terms AS words \
            FROM record r LEFT JOIN keyword w ON w.record = r.key
            """, [])
        while let row = try rows.next() {
            guard row[1] != nil, let stored = try? RecordRow.stored(row) else { continue }
            let number: Int64 = row["number"]
            let wanted = Dictionary(terms(stored.record.searchableText).map { ($0, 1) }, uniquingKeysWith: +)
            lengths[number, default: 0] += wanted.values.reduce(0, +)
            guard let data: Data = row["words"] else {
                if !wanted.isEmpty { missing.append(stored.key) }
                continue
            }
            guard let found = try? KeywordRow(decoding: data) else {
                stale.append(stored.key)
                continue
            }
            let frequencies = Dictionary(
                found.terms.compactMap { term in
                    names[term.number].flatMap { $0.namespace == number ? ($0.name, term.frequency) : nil }
                }, uniquingKeysWith: +)
            if frequencies != wanted || frequencies.count != found.terms.count { stale.append(stored.key) }
            for term in found.terms {
                expected[term.number, default: PostingSum()].add(
                    PostingBlock.Posting(key: stored.key, frequency: term.frequency, length: found.length))
            }
        }
        let orphans = try list("SELECT record FROM keyword WHERE record NOT IN (SELECT key FROM record)")
        let (unsound, miscounted) = try wrongTerms(names, expected)
        let findingCount = findings.count
        try note("keyword_missing", missing.map(String.init), "records without their keyword row") {}
        try note("keyword_stale", stale.map(String.init), "keyword rows that are not those of the text") {}
        try note("keyword_orphan", orphans, "keyword rows without a record") {}
        // A term is a word of somebody's memory, so only its namespace is named.
        try note(
            "keyword_index", unsound.map { $0 == 0 ? "a missing term" : "namespace \($0)" },
            "terms whose postings are not the records' own"
        ) {}
        try note("term_count", miscounted.map { "namespace \($0)" }, "terms with a wrong number of records") {}
        if repairs, findings.count > findingCount { try rebuildKeywords() }
        try checkLengths(lengths)
    }

    /// What a list of postings comes to, whatever their order.
    private struct PostingSum: Equatable {
        var count = 0
        var sum: UInt64 = 0

        mutating func add(_ posting: PostingBlock.Posting) {
            var bits = UInt64(bitPattern: posting.key) &* 0x9E37_79B9_7F4A_7C15
            for value in [posting.frequency, posting.length] {
                bits = (bits ^ (bits >> 29) ^ UInt64(value)) &* 0xBF58_476D_1CE4_E5B9
            }
            count += 1
            sum &+= bits ^ (bits >> 32)
        }
    }

    private func termNames() throws -> [Int64: (namespace: Int64, name: String)] {
        var names: [Int64: (namespace: Int64, name: String)] = [:]
        let rows = try db.rows("SELECT id, namespace, name FROM term", [])
        while let row = try rows.next() { names[row[0]] = (row[1], row[2]) }
        return names
    }

    /// The namespaces of terms whose postings are wrong, and of those whose count is.
    private func wrongTerms(
        _ names: [Int64: (namespace: Int64, name: String)], _ expected: [Int64: PostingSum]
    ) throws -> (unsound: [Int64], miscounted: [Int64]) {
        var (unsound, miscounted): ([Int64], [Int64]) = ([], [])
        for (term, home) in names.sorted(by: { $0.key < $1.key }) {
            guard let row = try db.row("SELECT record_count, tail FROM term WHERE id = ?", [term]) else { continue }
            var (sum, last, isSound) = (PostingSum(), RecordKey.min, true)
            func take(_ data: Data) {
                guard let block = try? PostingBlock(decoding: data) else {
                    isSound = false
                    return
                }
                for posting in block.postings {
                    isSound = isSound && posting.key > last
                    last = posting.key
                    sum.add(posting)
                }
            }
            let blocks = try db.rows("SELECT entries FROM posting WHERE term = ? ORDER BY first", [term])
            while let block = try blocks.next() { take(block[0]) }
            take(row[1])
            if !isSound || sum != expected[term] ?? PostingSum() { unsound.append(home.namespace) }
            if row[0] as Int != sum.count || sum.count == 0 { miscounted.append(home.namespace) }
        }
        // Numbers that rows name and no term has: nobody knows whose they were.
        let nameless = expected.keys.filter { names[$0] == nil }.count
        return (unsound + Array(repeating: 0, count: nameless), miscounted)
    }

    /// Makes terms, postings and keyword rows anew from the texts.
    private func rebuildKeywords() throws {
        for table in ["posting", "keyword", "term"] { try db.run("DELETE FROM \(table)") }
        var numbers: [Counters.Term: Int64] = [:]
        var changes: [Int64: [RecordKey: PostingBlock.Posting?]] = [:]
        var pendingCount = 0
        func flush() throws {
            for (term, postings) in changes.sorted(by: { $0.key < $1.key }) {
                try PostingWriter(db: db, term: term).apply(postings)
            }
            changes = [:]
            pendingCount = 0
        }
        // The keys are read first: a statement that is being read must not see its own table's neighbours change.
        for key in try Int64.fetchAll(db, sql: "SELECT key FROM record ORDER BY key") {
            guard
                let row = try db.row(
                    "SELECT \(RecordRow.columns), r.namespace AS number FROM record r WHERE r.key = ?", [key]),
                let stored = try? RecordRow.stored(row)
            else { continue }
            var frequencies: [Int64: Int] = [:]
            for name in terms(stored.record.searchableText) {
                let term = Counters.Term(namespace: row["number"], name: name)
                if numbers[term] == nil {
                    try db.run("INSERT INTO term(namespace, name) VALUES (?, ?)", [term.namespace, term.name])
                    numbers[term] = db.lastInsertedRowID
                }
                frequencies[numbers[term] ?? 0, default: 0] += 1
            }
            guard !frequencies.isEmpty else { continue }
            let words = KeywordRow(frequencies: frequencies)
            try db.run("INSERT INTO keyword(record, terms) VALUES (?, ?)", [key, words.data])
            for (number, frequency) in words.terms {
                changes[number, default: [:]].updateValue(
                    PostingBlock.Posting(key: key, frequency: frequency, length: words.length), forKey: key)
            }
            pendingCount += words.terms.count
            if pendingCount > 1_000_000 { try flush() }
        }
        try flush()
    }

    private mutating func checkLengths(_ lengths: [Int64: Int]) throws {
        var wrong: [(number: Int64, length: Int)] = []
        let namespaces = try db.rows("SELECT id, term_count FROM namespace", [])
        while let row = try namespaces.next() {
            let (number, count): (Int64, Int) = (row[0], row[1])
            let length = lengths[number, default: 0]
            if count != length { wrong.append((number, length)) }
        }
        let (db, repairable) = (db, wrong)
        try note("length_count", wrong.map { String($0.number) }, "namespaces with a wrong number of terms") {
            for (number, length) in repairable {
                try db.run("UPDATE namespace SET term_count = ? WHERE id = ?", [length, number])
            }
        }
    }
}
