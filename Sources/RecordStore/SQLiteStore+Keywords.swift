import CKeywordRank
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
        let parameters = kr_parameters(k1: parameters.k1, b: parameters.b, length_mean: lengthMean)
        return try await read { db in
            guard let number = try db.namespaceNumber(namespace) else { return [] }
            let condition = try filter.map { try FilterSQL($0, namespace: number, tagLookup: .perRecord) }
            let search = KeywordSearch(
                db: db, namespace: number, terms: terms, parameters: parameters, condition: condition, limit: limit)
            return if let keys { try search.hits(among: keys) } else { try search.hits() }
        }
    }
}
