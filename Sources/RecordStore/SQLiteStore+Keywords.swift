import Foundation
import GRDB
public import StrataCore

extension SQLiteStore {
    /// How often terms occur in a namespace; a look-up a term.
    public func termStatistics(_ terms: [String], in namespace: String) async throws -> TermStatistics {
        try KeywordTerms.check(terms)
        return try await read { db in
            var counts: [String: Int] = [:]
            for term in terms { counts[term] = 0 }
            let totals = try db.row(
                "SELECT id, record_count, term_count FROM namespace WHERE name = ?", [namespace]
            )
            guard let totals, !namespace.utf8.contains(0) else {
                return TermStatistics(recordCount: 0, lengthMean: 0, recordCounts: counts)
            }
            let (number, recordCount, termCount): (Int64, Int, Int) = (totals[0], totals[1], totals[2])
            for term in terms {
                let count = try db.number(
                    "SELECT record_count FROM term WHERE namespace = ? AND name = ?", [number, term])
                counts[term] = Int(count ?? 0)
            }
            return TermStatistics(
                recordCount: recordCount, lengthMean: recordCount == 0 ? 0 : Double(termCount) / Double(recordCount),
                recordCounts: counts)
        }
    }

    /// The records that match at least one term, best BM25 score first, ties by key.
    public func keywordSearch(
        _ terms: [WeightedTerm], lengthMean: Double, parameters: BM25Parameters, in namespace: String,
        matching filter: Filter?, keys: [RecordKey]?, limit: Int
    ) async throws -> [KeywordHit] {
        try KeywordTerms.check(terms.map(\.term))
        try filter?.checkStorable()
        let terms = terms.filter { $0.weight > 0 }
        guard !terms.isEmpty, limit > 0, lengthMean > 0 else { return [] }
        let search = KeywordSearch(terms: terms, lengthMean: lengthMean, parameters: parameters, limit: limit)
        return try await read { db in
            guard let number = try db.namespaceNumber(namespace) else { return [] }
            let condition = try filter.map { try FilterSQL($0, namespace: number, tagLookup: .perRecord) }
            return if let keys {
                try search.hits(db, namespace: number, condition, among: keys)
            } else {
                try search.hits(db, namespace: number, condition)
            }
        }
    }
}

/// One keyword search.
private struct KeywordSearch {
    let terms: [WeightedTerm]
    let lengthMean: Double
    let parameters: BM25Parameters
    let limit: Int

    /// Searches the posting lists; `strata_bm25` scores each record that passes.
    func hits(_ db: Database, namespace: Int64, _ condition: FilterSQL?) throws -> [KeywordHit] {
        let join = condition.map { "CROSS JOIN record r ON r.key = keyword.rowid AND \($0.sql)" } ?? ""
        let sql = """
            SELECT keyword.rowid, strata_bm25(keyword, ?, ?, ?, ?) AS score FROM keyword \(join) \
            WHERE keyword MATCH ? ORDER BY score DESC, keyword.rowid LIMIT ?
            """
        let weights = terms.map(\.weight).withUnsafeBytes { Data($0) }
        var arguments: [(any DatabaseValueConvertible)?] = [weights, lengthMean, parameters.k1, parameters.b]
        arguments += condition?.arguments ?? []
        arguments += [KeywordTerms.query(terms, namespace: namespace), limit]
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: StatementArguments(arguments))
        var hits: [KeywordHit] = []
        while let row = try rows.next() { hits.append(KeywordHit(key: row[0], score: row[1])) }
        return hits
    }

    /// Scores given records by their own terms, which costs what they are, not how frequent the words are.
    ///
    /// The terms of another namespace's record carry another number, so that it matches nothing.
    func hits(_ db: Database, namespace: Int64, _ condition: FilterSQL?, among keys: [RecordKey]) throws -> [KeywordHit]
    {
        let join = condition.map { "JOIN record r ON r.key = c.id AND \($0.sql)" } ?? ""
        let sql = """
            SELECT c.id, CAST(c.c0 AS BLOB) FROM json_each(?) k CROSS JOIN keyword_content c ON c.id = k.value \(join)
            """
        let list = "[" + Set(keys).map(String.init).joined(separator: ",") + "]"
        let wanted = terms.map { Array("\(namespace)_\($0.term)".utf8) }
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: sql), arguments: StatementArguments([list] + (condition?.arguments ?? [])))
        var frequencies = [Int](repeating: 0, count: terms.count)
        var hits: [KeywordHit] = []
        while let row = try rows.next() {
            let length = try row.withUnsafeData(atIndex: 1) { data in
                Self.count(wanted, in: data ?? Data(), into: &frequencies)
            }
            let score = score(frequencies, length: length)
            if score > 0 { hits.append(KeywordHit(key: row[0], score: score)) }
        }
        hits.sort { ($1.score, $0.key) < ($0.score, $1.key) }
        return Array(hits.prefix(limit))
    }

    /// Counts how often each wanted term stands in a row text and returns how many terms the text has.
    private static func count(_ wanted: [[UInt8]], in text: Data, into frequencies: inout [Int]) -> Int {
        for index in frequencies.indices { frequencies[index] = 0 }
        guard !text.isEmpty else { return 0 }
        return text.withUnsafeBytes { bytes in
            var (length, start) = (0, 0)
            while start <= bytes.count {
                let rest = bytes[start...]
                let end = rest.firstIndex(of: UInt8(ascii: " ")) ?? bytes.count
                length += 1
                let term = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                for (index, candidate) in wanted.enumerated() where candidate.count == term.count {
                    if term.elementsEqual(candidate) {
                        frequencies[index] += 1
                        break
                    }
                }
                start = end + 1
            }
            return length
        }
    }

    /// The same steps as in `keyword_rank.c`, so that both give the same bits.
    private func score(_ frequencies: [Int], length: Int) -> Double {
        let norm = parameters.k1 * (1 - parameters.b + parameters.b * Double(length) / lengthMean)
        var score = 0.0
        for (term, frequency) in zip(terms, frequencies) where frequency > 0 {
            score += term.weight * (Double(frequency) * (parameters.k1 + 1) / (Double(frequency) + norm))
        }
        return score
    }
}
