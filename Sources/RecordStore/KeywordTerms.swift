import Foundation
import GRDB
import StrataCore

/// How terms lie in the keyword index: each behind the number of its namespace, one space between them.
enum KeywordTerms {
    /// The row text of a record's terms.
    static func text(of terms: [String], namespace: Int64) -> String {
        terms.map { "\(namespace)_\($0)" }.joined(separator: " ")
    }

    /// The terms of a row text.
    static func terms(in text: String, namespace: Int64) -> [String] {
        let prefixLength = "\(namespace)_".utf8.count
        return text.split(separator: " ").map { String(decoding: $0.utf8.dropFirst(prefixLength), as: UTF8.self) }
    }

    /// The row text of a record, or nil when it has no terms; straight from FTS5's own content table, which is a point
    /// look-up without a tokenizer.
    static func text(of key: RecordKey, in db: Database) throws -> String? {
        try String.fetchOne(
            db.cachedStatement(sql: "SELECT c0 FROM keyword_content WHERE id = ?"), arguments: [key])
    }

    /// The FTS5 query that matches records with at least one of the terms.
    static func query(_ terms: [WeightedTerm], namespace: Int64) -> String {
        terms.map { "\"\(namespace)_\($0.term)\"" }.joined(separator: " OR ")
    }

    /// Refuses what cannot be a term, because it would be taken apart or mean something to FTS5.
    static func check(_ terms: some Sequence<String>) throws {
        try RecordContent(digest: SHA256.digest(of: ""), terms: Array(terms), embedding: nil).checkStorable()
    }
}
