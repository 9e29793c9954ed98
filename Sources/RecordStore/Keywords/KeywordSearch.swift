import CKeywordRank
import Foundation
import GRDB
import StrataCore

/// One keyword search.
struct KeywordSearch {
    let db: Database
    let namespace: Int64
    let terms: [WeightedTerm]
    let parameters: kr_parameters
    let condition: FilterSQL?
    let limit: Int

    /// Searches the postings of the terms.
    func hits() throws -> [KeywordHit] {
        let lists = try terms.compactMap { term in
            try postings(of: term.term).map { (bytes: $0, weight: term.weight) }
        }
        guard condition != nil else { return try best(of: lists, limit: limit).hits }
        // Far fewer records are asked about than have the words, unless hardly any of the best pass.
        var depth = max(4 * min(limit, 1 << 32), 1024)
        while true {
            let (hits, foundCount) = try best(of: lists, limit: depth)
            let passing = try filtered(hits)
            if passing.count >= limit || foundCount <= depth { return Array(passing.prefix(limit)) }
            depth = min(foundCount, 8 * depth)
        }
    }

    /// Scores given records by their own terms, which costs what they are, not how frequent the words are.
    ///
    /// The terms of another namespace have other numbers, so that its records match nothing.
    func hits(among keys: [RecordKey]) throws -> [KeywordHit] {
        let wanted = try terms.compactMap { term in
            try db.number("SELECT id FROM term WHERE namespace = ? AND name = ?", [namespace, term.term])
                .map { (number: $0, weight: term.weight) }
        }
        guard !wanted.isEmpty else { return [] }
        let (numbers, weights) = (wanted.map(\.number), wanted.map(\.weight))
        let rows = try db.rows(
            "SELECT w.record, w.terms FROM json_each(?) k CROSS JOIN keyword w ON w.record = k.value",
            [Self.list(Set(keys).sorted())])
        var hits: [KeywordHit] = []
        while let row = try rows.next() {
            var score = 0.0
            let result = try row.withUnsafeData(atIndex: 1) { data in
                (data ?? Data()).withUnsafeBytes { bytes in
                    kr_score(
                        bytes.baseAddress, bytes.count, numbers, weights, numbers.count, parameters, &score)
                }
            }
            guard result == 0 else { throw Self.damage }
            if score > 0 { hits.append(KeywordHit(key: row[0], score: score)) }
        }
        hits.sort { ($1.score, $0.key) < ($0.score, $1.key) }
        return Array(try filtered(hits).prefix(limit))
    }

    /// The postings of a term, oldest block first, or nil when no record of the namespace holds it.
    private func postings(of term: String) throws -> [UInt8]? {
        guard
            let row = try db.row(
                "SELECT id, tail FROM term WHERE namespace = ? AND name = ?", [namespace, term])
        else { return nil }
        var bytes: [UInt8] = []
        let blocks = try db.rows("SELECT entries FROM posting WHERE term = ? ORDER BY first", [row[0] as Int64])
        while let block = try blocks.next() {
            try block.withUnsafeData(atIndex: 0) { bytes += $0 ?? Data() }
        }
        return bytes + (row[1] as Data)
    }

    private func best(
        of lists: [(bytes: [UInt8], weight: Double)], limit: Int
    ) throws -> (hits: [KeywordHit], foundCount: Int) {
        // One piece of memory, so that its parts have addresses for as long as the search takes.
        let bytes = lists.flatMap(\.bytes)
        // No term has more postings than bytes.
        let limit = min(limit, bytes.count)
        guard limit > 0 else { return ([], 0) }
        var foundCount = 0
        let hits = try bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            let lists = lists.map { list in
                defer { start += list.bytes.count }
                return kr_list(
                    bytes: bytes.baseAddress.map { $0 + start }, byte_count: list.bytes.count, weight: list.weight)
            }
            var room = [kr_hit](repeating: kr_hit(), count: limit)
            let count = kr_search(lists, lists.count, parameters, &room, limit, &foundCount)
            guard count >= 0 else { throw Self.damage }
            return room.prefix(count).map { KeywordHit(key: $0.key, score: $0.score) }
        }
        return (hits, foundCount)
    }

    /// The hits that pass the filter, in their order.
    private func filtered(_ hits: [KeywordHit]) throws -> [KeywordHit] {
        guard let condition, !hits.isEmpty else { return hits }
        let passing = try Int64.fetchSet(
            db.cachedStatement(
                sql: """
                    SELECT r.key FROM json_each(?) k CROSS JOIN record r ON r.key = k.value \
                    WHERE r.namespace = ? AND \(condition.sql)
                    """), arguments: StatementArguments([Self.list(hits.map(\.key)), namespace] + condition.arguments))
        return hits.filter { passing.contains($0.key) }
    }

    private static func list(_ keys: [RecordKey]) -> String {
        "[" + keys.map(String.init).joined(separator: ",") + "]"
    }

    private static let damage = StrataError(
        .corrupted, "an entry of the keyword index is damaged; restore the database from a backup")
}
