import GRDB
import StrataCore

/// What a term of the keyword index may be.
enum KeywordTerms {
    /// Refuses what no analyser gives.
    static func check(_ terms: some Sequence<String>) throws {
        try RecordContent(digest: SHA256.digest(of: ""), terms: Array(terms), embedding: nil).checkStorable()
    }

    /// The terms of a record, repeats kept, in no particular order; none for one without a keyword row.
    static func terms(of key: RecordKey, in db: Database) throws -> [String] {
        guard let row = try db.row("SELECT terms FROM keyword WHERE record = ?", [key]) else { return [] }
        return try KeywordRow(decoding: row[0]).terms.flatMap { term in
            let name = try String.fetchOne(
                db.cachedStatement(sql: "SELECT name FROM term WHERE id = ?"), arguments: [term.number])
            guard let name else {
                throw StrataError(
                    .corrupted,
                    "a keyword row names term number \(term.number), which is not there; restore from a backup")
            }
            return repeatElement(name, count: term.frequency)
        }
    }
}
