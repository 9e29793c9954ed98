import Foundation
import GRDB
import StrataCore

extension SQLiteEmbeddingCache {
    /// Holds every entry of the cache at `path` against its checksum; a file that is not there has none.
    ///
    /// - Parameter repairs: whether bad entries are removed, which costs no more than embedding their texts again.
    public static func verify(at path: String, repairs: Bool = false) async throws -> [StoreFinding] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try await SQLiteStore.offPool {
            guard let queue = try? EmbeddingCacheTables.open(at: path) else {
                return [
                    StoreFinding(
                        code: "cache_file", count: 1,
                        message: "the embedding cache cannot be used; its next opening makes it anew",
                        isRepaired: false)
                ]
            }
            defer { try? queue.close() }
            let count = try queue.write { db in
                let damaged = try EmbeddingCacheTables.damagedEntries(in: db)
                guard repairs else { return damaged.count }
                for id in damaged { try db.execute(sql: "DELETE FROM entry WHERE id = ?", arguments: [id]) }
                return damaged.count
            }
            guard count > 0 else { return [] }
            return [
                StoreFinding(
                    code: "cache_checksum", count: count, message: "cached vectors fail their checksums",
                    isRepaired: repairs)
            ]
        }
    }
}
