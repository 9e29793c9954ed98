import Foundation
import GRDB
import StrataCore

/// The tables of the embedding cache and the statements on them.
///
/// `kind` numbers the pairs of fingerprint and role. `removal` counts the removals that have begun and not ended; a file
/// that is opened with any is out of use.
enum EmbeddingCacheTables {
    /// "StrE" in ASCII, written as `application_id`.
    private static let applicationID: Int32 = 0x5374_7245
    private static let version = 1
    /// The files that SQLite may have made for a path.
    static let fileSuffixes = ["", "-journal", "-wal", "-shm"]

    private static let schema = """
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(version);
        CREATE TABLE kind(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE entry(
            id INTEGER PRIMARY KEY,
            digest BLOB NOT NULL,
            kind INTEGER NOT NULL,
            made_at INTEGER NOT NULL,
            token_count INTEGER NOT NULL,
            chunk_count INTEGER NOT NULL,
            is_truncated INTEGER NOT NULL,
            vector BLOB NOT NULL,
            checksum INTEGER NOT NULL,
            UNIQUE(digest, kind)
        ) STRICT;
        CREATE INDEX entry_by_age ON entry(made_at);
        CREATE TABLE removal(open_count INTEGER NOT NULL) STRICT;
        INSERT INTO removal VALUES (0);
        """

    /// What makes a file unfit for use.
    private struct Unusable: Error {}

    /// Opens the file or makes it; blocks.
    ///
    /// - Throws: for a file that is not as it should be.
    static func open(at path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "strata.embedding-cache"
        configuration.prepareDatabase { db in
            try db.execute(
                sql: """
                    PRAGMA page_size = 8192;
                    PRAGMA journal_mode = TRUNCATE;
                    PRAGMA synchronous = NORMAL;
                    PRAGMA secure_delete = ON;
                    PRAGMA cache_size = -8192;
                    PRAGMA trusted_schema = OFF
                    """)
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        do {
            try queue.write { db in
                if try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0 { try db.execute(sql: schema) }
                guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == applicationID,
                    try Int.fetchOne(db, sql: "PRAGMA user_version") == version,
                    try Int.fetchOne(db, sql: "SELECT open_count FROM removal") == 0
                else { throw Unusable() }
            }
        } catch {
            try? queue.close()
            throw error
        }
        return queue
    }

    /// Fingerprint and role in one name.
    static func kind(_ key: EmbeddingCacheKey) -> String { "\(key.role.rawValue) \(key.fingerprint)" }

    static func number(of kind: String, in db: Database) throws -> Int64? {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT id FROM kind WHERE name = ?"), arguments: [kind])
    }

    static func entry(of key: EmbeddingCacheKey, kind: Int64, in db: Database) throws -> EmbeddingCacheEntry? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT made_at, token_count, chunk_count, is_truncated, vector, checksum FROM entry \
                WHERE digest = ? AND kind = ?
                """)
        let digest = Data(key.digest.bytes)
        guard let row = try Row.fetchOne(statement, arguments: [digest, kind]) else { return nil }
        let vector: Data = row[4]
        guard vector.count % MemoryLayout<Float>.stride == 0, row[5] == checksum(digest, vector, kind: kind) else {
            return nil
        }
        let components = [Float](unsafeUninitializedCapacity: vector.count / 4) { buffer, count in
            if let base = buffer.baseAddress { VectorBlob.copy(vector, to: base) }
            count = vector.count / 4
        }
        return EmbeddingCacheEntry(
            key: key,
            embedding: Embedding(
                vector: components, tokenCount: row[1], isTruncated: row[3], chunkCount: row[2]),
            madeAt: Timestamp(milliseconds: row[0]))
    }

    /// The entries that fail their checksum.
    static func damagedEntries(in db: Database) throws -> [Int64] {
        let rows = try Row.fetchCursor(db, sql: "SELECT id, digest, vector, kind, checksum FROM entry")
        var damaged: [Int64] = []
        while let row = try rows.next() {
            let vector: Data = row[2]
            let isSound = vector.count % MemoryLayout<Float>.stride == 0
            if !isSound || row[4] != checksum(row[1], vector, kind: row[3]) { damaged.append(row[0]) }
        }
        return damaged
    }

    static func insert(_ entries: [EmbeddingCacheEntry], in db: Database) throws {
        var numbers: [String: Int64] = [:]
        let statement = try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO entry(digest, kind, made_at, token_count, chunk_count, is_truncated, vector, checksum) \
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for entry in entries {
            let name = kind(entry.key)
            if numbers[name] == nil {
                try db.execute(sql: "INSERT OR IGNORE INTO kind(name) VALUES (?)", arguments: [name])
                numbers[name] = try number(of: name, in: db)
            }
            guard let number = numbers[name] else { continue }
            let (digest, vector) = (Data(entry.key.digest.bytes), VectorBlob.data(entry.embedding.vector))
            try statement.execute(
                arguments: [
                    digest, number, entry.madeAt.milliseconds, entry.embedding.tokenCount, entry.embedding.chunkCount,
                    entry.embedding.isTruncated, vector, checksum(digest, vector, kind: number),
                ])
        }
    }

    /// Removes what is too old, and the oldest until the used pages fit; some more than came in, so that it need not be
    /// done each time.
    static func trim(to bytesMax: Int, madeSince: Timestamp, rowCount: Int, in db: Database) throws {
        try db.execute(
            sql: "DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE made_at < ? LIMIT ?)",
            arguments: [madeSince.milliseconds, rowCount * 2])
        while try usedBytes(in: db) > bytesMax {
            try db.execute(
                sql: "DELETE FROM entry WHERE id IN (SELECT id FROM entry ORDER BY made_at, id LIMIT ?)",
                arguments: [rowCount + 64])
            if db.changesCount == 0 { return }
        }
    }

    private static func usedBytes(in db: Database) throws -> Int {
        func pragma(_ name: String) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA \(name)") ?? 0 }
        return try (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
    }

    /// FNV-1a over eight bytes at a time, of everything that decides over the answer.
    private static func checksum(_ digest: Data, _ vector: Data, kind: Int64) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ word: UInt64) {
            hash = (hash ^ word) &* 0x0000_0100_0000_01b3
            hash ^= hash >> 29
        }
        for data in [digest, vector] {
            data.withUnsafeBytes { bytes in
                for offset in stride(from: 0, to: bytes.count - bytes.count % 8, by: 8) {
                    add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
                }
                for byte in bytes.suffix(bytes.count % 8) { add(UInt64(byte)) }
            }
        }
        add(UInt64(bitPattern: kind))
        return Int64(bitPattern: hash)
    }
}
