import GRDB
import StrataCore

extension SQLiteStore {
    /// Reads everything and holds records, tags, keyword index, vectors, counts and change log against one another.
    ///
    /// It runs on the writing connection, because FTS5 checks its index by a statement of that kind; reads go on, writes
    /// wait.
    ///
    /// - Parameters:
    ///   - repairs: whether what can be mended is mended, in one transaction.
    ///   - terms: the analysed terms of a searchable text.
    /// - Returns: what was found; empty for a sound store.
    /// - Throws: ``StrataError/Code/corrupted`` when the file is too damaged to be read through.
    public func verify(
        repairs: Bool = false, terms: @escaping @Sendable (String) -> [String]
    ) async throws -> [StoreFinding] {
        try await write { db in
            var inspection = StoreInspection(db: db, repairs: repairs, terms: terms)
            try inspection.run()
            return inspection.findings
        }
    }
}
