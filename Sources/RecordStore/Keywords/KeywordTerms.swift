import StrataCore

/// What a term of the keyword index may be.
enum KeywordTerms {
    /// Refuses what no analyser gives.
    static func check(_ terms: some Sequence<String>) throws {
        try RecordContent(digest: SHA256.digest(of: ""), terms: Array(terms), embedding: nil).checkStorable()
    }
}
