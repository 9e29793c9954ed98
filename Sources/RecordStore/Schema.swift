import GRDB

/// The tables, version by version.
///
/// A term belongs to a namespace, so that posting lists, and with them the cost of a search, belong to one tenant. Its
/// postings lie in blocks (``PostingBlock``), the last in the term's own row; `keyword` says which terms a record has. A
/// vector's key is its shelf (a namespace in a space) in the upper bits and
/// the record in the lower 40, so that the vectors of a shelf lie side by side. `namespace`, `shelf` and `term` hold
/// counts that every commit keeps up to date.
enum Schema {
    /// Written as `user_version`; grows with every migration.
    static let version = 1
    /// "Stra" in ASCII, written as `application_id`.
    static let applicationID: Int32 = 0x5374_7261
    /// How many bits of a vector's key name the record.
    static let recordBits: Int64 = 40

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in try db.execute(sql: first) }
        return migrator
    }

    private static let first = """
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = 1;

        CREATE TABLE namespace(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            record_count INTEGER NOT NULL DEFAULT 0,
            interact_count INTEGER NOT NULL DEFAULT 0,
            insights_count INTEGER NOT NULL DEFAULT 0,
            assets_count INTEGER NOT NULL DEFAULT 0,
            pinned_count INTEGER NOT NULL DEFAULT 0,
            term_count INTEGER NOT NULL DEFAULT 0,
            text_bytes INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE space(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            model TEXT NOT NULL,
            revision TEXT NOT NULL,
            dimension INTEGER NOT NULL,
            UNIQUE(model, revision, dimension)
        ) STRICT;

        CREATE TABLE record(
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            namespace INTEGER NOT NULL REFERENCES namespace(id),
            id BLOB NOT NULL UNIQUE,
            layer INTEGER NOT NULL,
            pinned INTEGER NOT NULL,
            importance REAL NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            occurred_at INTEGER,
            accessed_at INTEGER,
            access_count INTEGER NOT NULL,
            entered_at INTEGER NOT NULL,
            layer_use_count INTEGER NOT NULL,
            useful_count INTEGER NOT NULL,
            not_useful_count INTEGER NOT NULL,
            change INTEGER NOT NULL,
            space INTEGER REFERENCES space(id),
            duplicate_of BLOB,
            digest BLOB NOT NULL,
            kind TEXT NOT NULL,
            source TEXT NOT NULL,
            project TEXT,
            session TEXT,
            speaker TEXT,
            tags TEXT NOT NULL,
            metadata TEXT NOT NULL,
            text TEXT NOT NULL
        ) STRICT;
        CREATE INDEX record_digest ON record(namespace, digest);
        CREATE INDEX record_created ON record(namespace, created_at);
        CREATE INDEX record_layer ON record(namespace, layer, entered_at);
        CREATE INDEX record_occurred ON record(namespace, occurred_at) WHERE occurred_at IS NOT NULL;
        CREATE INDEX record_accessed ON record(namespace, accessed_at) WHERE accessed_at IS NOT NULL;
        CREATE INDEX record_duplicate ON record(duplicate_of) WHERE duplicate_of IS NOT NULL;

        CREATE TABLE tag(
            namespace INTEGER NOT NULL,
            name TEXT NOT NULL,
            record INTEGER NOT NULL,
            PRIMARY KEY(namespace, name, record)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE shelf(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            namespace INTEGER NOT NULL REFERENCES namespace(id),
            space INTEGER NOT NULL REFERENCES space(id),
            vector_count INTEGER NOT NULL DEFAULT 0,
            UNIQUE(namespace, space)
        ) STRICT;
        CREATE TABLE vector(
            key INTEGER PRIMARY KEY,
            components BLOB NOT NULL
        ) STRICT;

        CREATE TABLE term(
            id INTEGER PRIMARY KEY,
            namespace INTEGER NOT NULL,
            name TEXT NOT NULL,
            record_count INTEGER NOT NULL DEFAULT 0,
            tail BLOB NOT NULL DEFAULT x''
        ) STRICT;
        CREATE UNIQUE INDEX term_name ON term(namespace, name);
        CREATE TABLE posting(
            term INTEGER NOT NULL,
            first INTEGER NOT NULL,
            entries BLOB NOT NULL,
            PRIMARY KEY(term, first)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE keyword(
            record INTEGER PRIMARY KEY,
            terms BLOB NOT NULL
        ) STRICT;

        CREATE TABLE change(
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            namespace INTEGER NOT NULL REFERENCES namespace(id),
            record BLOB NOT NULL,
            operation TEXT NOT NULL,
            at INTEGER NOT NULL,
            previous TEXT,
            reason TEXT
        ) STRICT;
        CREATE INDEX change_namespace ON change(namespace);
        CREATE INDEX change_record ON change(record);

        CREATE TABLE decision(
            record INTEGER NOT NULL,
            week INTEGER NOT NULL,
            at INTEGER NOT NULL,
            confidence REAL NOT NULL,
            promotes INTEGER NOT NULL,
            is_shadow INTEGER NOT NULL,
            features TEXT NOT NULL,
            needed_at INTEGER,
            PRIMARY KEY(record, week)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX decision_at ON decision(at);

        CREATE TABLE saved(
            name TEXT PRIMARY KEY,
            text TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
