/// Where records live for good: the truth that every index is a cache of.
///
/// One caller at a time commits (the engine's write queue); reads go on meanwhile and see whole transactions only.
/// Every error is a ``StrataError`` or a `CancellationError`; a commit that throws has changed nothing. Strings are equal
/// when their UTF-8 bytes are; what may be stored at all is in ``MemoryRecord/checkStorable()`` and its siblings.
public protocol MemoryStore: Sendable {
    /// Applies units of work in one durable transaction.
    ///
    /// Each unit holds or fails as a whole and on its own: a unit that fails leaves no trace and does not disturb the
    /// others. When the call returns, every unit that succeeded survives a kill and a power loss.
    ///
    /// - Returns: one result a unit; a success holds one outcome a mutation.
    /// - Throws: ``StrataError/Code/storageFailure`` when the transaction as a whole failed.
    func commit(_ units: [[StoreMutation]], at time: Timestamp) async throws -> [Result<[StoreOutcome], StrataError>]

    /// The record of that id, or nil; never a record of another namespace.
    func record(_ id: RecordID, in namespace: String) async throws -> StoredRecord?
    /// The records of those keys in one namespace, in their order; keys without a record are passed over.
    func records(_ keys: [RecordKey], in namespace: String) async throws -> [StoredRecord]
    /// The records that pass, ascending by key, at most `limit` with a key greater than `key`.
    func list(
        in namespace: String, matching filter: Filter?, after key: RecordKey?, limit: Int
    ) async throws -> [StoredRecord]
    /// The keys of all records that pass, ascending.
    func keys(in namespace: String, matching filter: Filter) async throws -> [RecordKey]
    /// For each digest, the record of the namespace with that content that was stored first, or nil.
    func records(withContent digests: [SHA256.Digest], in namespace: String) async throws -> [RecordID?]

    /// How often terms occur in a namespace.
    func termStatistics(_ terms: [String], in namespace: String) async throws -> TermStatistics
    /// The records that match at least one term, best BM25 score first, ties by key.
    ///
    /// - Parameters:
    ///   - terms: distinct analysed terms with their weights (inverse document frequencies); those with weight 0 or
    ///     less are passed over.
    ///   - lengthMean: the mean number of terms of a record, from ``TermStatistics``.
    ///   - keys: when given, only these records are scored.
    func keywordSearch(
        _ terms: [WeightedTerm], lengthMean: Double, parameters: BM25Parameters, in namespace: String,
        matching filter: Filter?, keys: [RecordKey]?, limit: Int
    ) async throws -> [KeywordHit]

    /// Where every record of a namespace stands among the others, in no particular order.
    func threadRows(in namespace: String) async throws -> [ThreadRow]

    /// Every vector of a namespace in a space, ascending by key, with the last change that is in them.
    func vectors(in namespace: String, space: EmbeddingSpace) async throws -> VectorSnapshot
    /// The vectors of some records of a namespace in a space, by key; records that have none there are left out.
    func vectors(
        of keys: [RecordKey], in namespace: String, space: EmbeddingSpace
    ) async throws -> [RecordKey: [Float]]
    /// What became of those vectors since a mark; nil when the change log does not hold the mark, or more than `limit`
    /// records changed since.
    func vectorChanges(
        in namespace: String, space: EmbeddingSpace, since mark: ChangeMark, limit: Int
    ) async throws -> VectorChanges?
    /// For each key, the vector of its record in the space that the record names, or nil when it has none.
    func embeddings(of keys: [RecordKey], in namespace: String) async throws -> [StoredEmbedding?]
    /// Records that have no vector in the space, ascending by key, at most `limit` with a key greater than `key`.
    func recordsWithoutVector(
        space: EmbeddingSpace, after key: RecordKey?, limit: Int
    ) async throws -> [StoredRecord]

    /// Changes with a number greater than `change`, ascending, at most `limit`; of one namespace or of all.
    func changes(since change: Int64, in namespace: String?, limit: Int) async throws -> [Change]
    /// The changes of one record, oldest first.
    func history(of id: RecordID, in namespace: String) async throws -> [Change]
    /// Counts, sizes and the last change; of one namespace or of all. `space` is the one that vectors are counted for.
    func statistics(in namespace: String?, space: EmbeddingSpace?) async throws -> StoreStatistics
    /// The namespaces that hold records, in order of their names.
    func namespaces() async throws -> [String]

    /// What decides about the unpinned records of a layer that came into it by `moment`, in the order in which they came,
    /// ties by key; at most `limit` behind `position`. A page costs a look-up in an ordered index, however large the
    /// namespace is.
    func lifecycleFacts(
        in namespace: String, layer: Layer, enteredBy moment: Timestamp, after position: LifecyclePosition?, limit: Int
    ) async throws -> [LifecycleFacts]
    /// The text that was last saved under a name, or nil.
    func savedText(named name: String) async throws -> String?
    /// The latest rows of the log of promotion decisions, newest first, ties by record; at most `limit`.
    func decisions(limit: Int) async throws -> [DecisionRow]
    /// Does one step of upkeep, which touches at most `limit` rows or pages and no record.
    func upkeep(_ task: StoreUpkeep, limit: Int) async throws -> UpkeepOutcome

    /// Ends all work and releases the files. Later calls throw ``StrataError/Code/closed``.
    func close() async throws
}

/// A record with the store's own number for it.
public struct StoredRecord: Sendable, Hashable {
    /// The number that indexes know it by.
    public let key: RecordKey
    /// The record.
    public let record: MemoryRecord

    /// A record under that key.
    public init(key: RecordKey, record: MemoryRecord) {
        self.key = key
        self.record = record
    }
}

/// A vector together with the space it belongs to.
public struct StoredEmbedding: Sendable, Hashable {
    /// The space.
    public let space: EmbeddingSpace
    /// As many finite components as the space's dimension.
    public let vector: [Float]

    /// A vector of that space.
    public init(space: EmbeddingSpace, vector: [Float]) {
        self.space = space
        self.vector = vector
    }
}

/// What derives from a record's searchable text.
public struct RecordContent: Sendable, Hashable {
    /// The SHA-256 of the searchable text.
    public let digest: SHA256.Digest
    /// The analysed terms in their order, repeats kept; letters, digits and `_` of any script, lower case, one
    /// normal form, no spaces.
    public let terms: [String]
    /// The vector, or nil when no model could be asked.
    public let embedding: StoredEmbedding?

    /// Content of that digest, terms and vector.
    public init(digest: SHA256.Digest, terms: [String], embedding: StoredEmbedding?) {
        self.digest = digest
        self.terms = terms
        self.embedding = embedding
    }
}

/// What to do when a namespace already holds the same text.
public enum DuplicatePolicy: String, Sendable, Codable, CaseIterable {
    /// Store nothing, answer with the old record and count a use of it if the new one's source
    /// ``MemoryRecord/Source/isEvidence``.
    case skip
    /// Store nothing new and count a use of the old record as `skip` does; it takes the new one's layer, kind, tags, metadata,
    /// importance, `createdAt` and `occurredAt`.
    case replace
    /// Store it, linked to the old record.
    case link
    /// Store it as if there were no other.
    case keep
}

/// One change to the store.
public enum StoreMutation: Sendable {
    /// Adds a record, unless the namespace already holds its content and the policy says otherwise.
    ///
    /// An id that is already taken in the namespace by equal content counts as a duplicate under `skip`, whatever the
    /// policy, so that a repeated call is harmless; taken by other content, or in another namespace, it is
    /// ``StrataError/Code/conflict``. The store sets `change` and `embeddingSpace`; a `duplicateOf` that names no record
    /// of the namespace is dropped.
    case insert(MemoryRecord, RecordContent, onDuplicate: DuplicatePolicy)
    /// Adds a record that came from elsewhere as it is: times, counts and history are kept, no policy applies.
    ///
    /// An id that is already taken by equal content changes nothing, not even a count; taken by other content, or in
    /// another namespace, it is ``StrataError/Code/conflict``. The entries of `history` are logged anew, in their order,
    /// under new numbers and with their own times; without any the log says that the record was remembered now.
    case restore(MemoryRecord, RecordContent, history: [Change])
    /// Changes a record; `content` comes with a patch that has a text, and only then. With `ifChange` the record must
    /// still be at that change number, else ``StrataError/Code/conflict``. No such record is
    /// ``StrataError/Code/notFound``. A patch that changes no value writes nothing, not even a time; a new text drops
    /// the vectors of the old one. Moving to another layer is a `promoted` or `demoted` change, whatever else changed.
    case update(RecordID, namespace: String, RecordPatch, content: RecordContent?, ifChange: Int64?)
    /// Gives a record its vector, if its content is still the one that was embedded; else changes nothing.
    case embed(RecordKey, namespace: String, digest: SHA256.Digest, StoredEmbedding)
    /// Removes records everywhere: row, vectors, keyword entries, links, and texts in their history.
    case forget(ForgetTarget, namespace: String)
    /// Counts one use of each record, once however often it is named; ids without a record are passed over. Writes no
    /// change.
    case use([RecordID], namespace: String)
    /// Counts one verdict on each record, once however often it is named; ids without a record are passed over. Writes
    /// no change.
    case feedback([RecordID], namespace: String, Feedback)
    /// Moves a record to another layer, where its time and its uses count from nothing. With `ifChange` the record must
    /// still be at that change number, else ``StrataError/Code/conflict``; no such record is
    /// ``StrataError/Code/notFound``. The reason goes into the change log. A move to the same layer writes nothing.
    case move(RecordID, namespace: String, to: Layer, reason: String, ifChange: Int64?)
    /// Forgets records that expired or were evicted, with the reason in the change log. A record that was changed, used
    /// or judged since, or is pinned, stays.
    case discard([RecordVersion], namespace: String, reason: String)
    /// Writes rows into the log of promotion decisions; a row of a week in which its record already has one, or of no
    /// record of the namespace, is passed over. Whatever counts as a use of the record, or calls it useful, fills in
    /// ``DecisionRow/firstNeededAt`` of its earlier rows; forgetting the record removes them.
    case logDecisions([DecisionRow], namespace: String)
    /// Keeps a short text under a name, or drops it: what the engine itself has to remember, not a memory.
    case save(String?, named: String)
}

/// What to forget in one namespace.
public enum ForgetTarget: Sendable, Hashable, Codable {
    /// These records; ids that are not there are passed over.
    case ids([RecordID])
    /// All records that pass.
    case filter(Filter)
    /// The whole namespace.
    case everything
}

/// What a mutation did.
public enum StoreOutcome: Sendable, Hashable {
    /// A new record.
    case inserted(StoredRecord)
    /// Nothing new was stored; this record already holds the content. Under `replace` it is the changed record.
    case duplicate(StoredRecord)
    /// The record as it is now, and whether its vector was replaced or dropped.
    case updated(StoredRecord, contentChanged: Bool)
    /// The record as it is now, or nil when it was gone or its content had changed.
    case embedded(StoredRecord?)
    /// What was removed, with the records' keys and the digests of their contents.
    case forgotten(ForgetReceipt, keys: [RecordKey], contents: [SHA256.Digest])
    /// How many records were found and counted.
    case used(Int)
    /// The text is kept, or dropped; the rows are in the log.
    case saved
}

/// What forgetting removed.
public struct ForgetReceipt: Sendable, Hashable, Codable {
    /// The records that are gone, in no particular order.
    public var ids: [RecordID]
    /// How many record rows were removed.
    public var recordCount: Int
    /// How many vectors were removed, over all spaces.
    public var vectorCount: Int
    /// How many keyword index rows were removed.
    public var keywordCount: Int
    /// How many history entries lost the texts they held.
    public var historyCount: Int
    /// The number of the last change that the removal wrote; 0 when nothing was removed.
    public var change: Int64

    /// A receipt of those counts.
    public init(
        ids: [RecordID] = [], recordCount: Int = 0, vectorCount: Int = 0, keywordCount: Int = 0,
        historyCount: Int = 0, change: Int64 = 0
    ) {
        self.ids = ids
        self.recordCount = recordCount
        self.vectorCount = vectorCount
        self.keywordCount = keywordCount
        self.historyCount = historyCount
        self.change = change
    }
}

/// How often terms occur in one namespace.
public struct TermStatistics: Sendable, Hashable {
    /// How many records the namespace holds.
    public let recordCount: Int
    /// The mean number of terms of a record; 0 when there are none.
    public let lengthMean: Double
    /// For each term that was asked for, the number of records that hold it.
    public let recordCounts: [String: Int]

    /// Statistics of those counts.
    public init(recordCount: Int, lengthMean: Double, recordCounts: [String: Int]) {
        self.recordCount = recordCount
        self.lengthMean = lengthMean
        self.recordCounts = recordCounts
    }
}

/// A query term and how much a match is worth.
public struct WeightedTerm: Sendable, Hashable {
    /// The analysed term.
    public let term: String
    /// The inverse document frequency, 0 or more.
    public let weight: Double

    /// A term of that weight.
    public init(term: String, weight: Double) {
        self.term = term
        self.weight = weight
    }
}

/// The two settings of BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009).
public struct BM25Parameters: Sendable, Hashable {
    /// How fast repeats of a term stop counting; 0 through 3.
    public var k1: Double
    /// How much longer records are held back; 0 through 1.
    public var b: Double

    /// The settings; the defaults suit short texts such as single turns of a conversation.
    public init(k1: Double = 0.9, b: Double = 0.4) {
        self.k1 = k1
        self.b = b
    }
}

/// A record that shares terms with a query.
public struct KeywordHit: Sendable, Hashable {
    /// The record.
    public let key: RecordKey
    /// Its BM25 score, greater than 0.
    public let score: Double

    /// A hit of that key and score.
    public init(key: RecordKey, score: Double) {
        self.key = key
        self.score = score
    }
}

/// All vectors of a namespace in one space at one moment.
public struct VectorSnapshot: Sendable, Hashable {
    /// The last change of the store at that moment.
    public let change: Int64
    /// The keys, ascending.
    public let keys: [RecordKey]
    /// The layer tag of each key.
    public let tags: [UInt8]
    /// The vectors, one after another in the order of the keys.
    public let components: [Float]

    /// A snapshot of those rows.
    public init(change: Int64, keys: [RecordKey], tags: [UInt8], components: [Float]) {
        self.change = change
        self.keys = keys
        self.tags = tags
        self.components = components
    }
}

/// One entry of the change log.
public struct Change: Sendable, Hashable, Codable {
    /// What was done.
    public enum Operation: String, Sendable, Codable, CaseIterable {
        /// A record was stored.
        case remembered
        /// Fields of a record changed.
        case updated
        /// A record moved to a more lasting layer.
        case promoted
        /// A record moved to a less lasting layer.
        case demoted
        /// A record got a vector, or another one.
        case embedded
        /// A record was removed.
        case forgotten
    }

    /// Its number; greater than that of every earlier change of the store.
    public let number: Int64
    /// The namespace of the record.
    public let namespace: String
    /// The record.
    public let record: RecordID
    /// What was done.
    public let operation: Operation
    /// When.
    public let at: Timestamp
    /// The old values of the fields that changed, by field name, times as ISO 8601; empty once the record is forgotten.
    public let previous: [String: JSONValue]
    /// Why the engine made it: which rule promoted, expired or evicted the record. It holds names and figures, nothing of
    /// the record's text; nil for what a caller asked for.
    public let reason: String?

    /// A change of that number.
    public init(
        number: Int64, namespace: String, record: RecordID, operation: Operation, at: Timestamp,
        previous: [String: JSONValue], reason: String? = nil
    ) {
        self.number = number
        self.namespace = namespace
        self.record = record
        self.operation = operation
        self.at = at
        self.previous = previous
        self.reason = reason
    }
}

/// Counts and sizes of a store or of one namespace in it.
public struct StoreStatistics: Sendable, Hashable, Codable {
    /// How many records there are in each layer; every layer is present.
    public var recordCounts: [Layer: Int]
    /// How many records are pinned.
    public var pinnedCount: Int
    /// How many records have a vector in the space that was asked for.
    public var vectorCount: Int
    /// How many vectors there are in each space, by its identifier.
    public var vectorCountBySpace: [String: Int]
    /// The sum of the texts' UTF-8 bytes.
    public var textBytes: Int
    /// How many namespaces hold records; 1 or 0 when one namespace was asked for.
    public var namespaceCount: Int
    /// The number of the last change.
    public var change: Int64
    /// The bytes on disk of the whole store, whatever was asked for.
    public var fileBytes: Int

    /// Statistics of those counts.
    public init(
        recordCounts: [Layer: Int], pinnedCount: Int, vectorCount: Int, vectorCountBySpace: [String: Int],
        textBytes: Int, namespaceCount: Int, change: Int64, fileBytes: Int
    ) {
        self.recordCounts = recordCounts
        self.pinnedCount = pinnedCount
        self.vectorCount = vectorCount
        self.vectorCountBySpace = vectorCountBySpace
        self.textBytes = textBytes
        self.namespaceCount = namespaceCount
        self.change = change
        self.fileBytes = fileBytes
    }

    /// How many records there are in all layers.
    public var recordCount: Int { recordCounts.values.reduce(0, +) }
}
