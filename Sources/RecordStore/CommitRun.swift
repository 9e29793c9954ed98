import Foundation
import GRDB
import StrataCore

/// One commit: applies units inside a write transaction and gathers the counts they change.
struct CommitRun {
    let db: Database
    let time: Timestamp
    private var counters = Counters()
    /// The counts of the unit at hand.
    var unit = Counters()
    /// By UTF-8 bytes: two canonically equivalent names are one `String` key, but two tenants.
    private var namespaces: [[UInt8]: Int64] = [:]
    private var spaces: [[UInt8]: Int64] = [:]
    private var shelves: [Int64: [Int64: Int64]] = [:]
    private var terms: [Counters.Term: Int64] = [:]

    init(db: Database, time: Timestamp) {
        self.db = db
        self.time = time
    }

    /// Applies one unit in a savepoint.
    ///
    /// - Returns: its outcomes, or why the unit, and only it, was undone.
    /// - Throws: what breaks the whole transaction: every error that comes from SQLite itself.
    mutating func apply(_ mutations: [StoreMutation]) throws -> Result<[StoreOutcome], StrataError> {
        unit = Counters()
        var outcomes: [StoreOutcome] = []
        do {
            try db.inSavepoint {
                for mutation in mutations { outcomes.append(try apply(mutation)) }
                return .commit
            }
        } catch let error as StrataError where error.code != .corrupted {
            // What the unit had put into these was rolled back with it.
            (namespaces, spaces, shelves, terms) = ([:], [:], [:], [:])
            return .failure(error)
        }
        counters.add(unit)
        return .success(outcomes)
    }

    /// Writes the counts of all units that held.
    func writeCounters() throws { try counters.write(to: db) }

    private mutating func apply(_ mutation: StoreMutation) throws -> StoreOutcome {
        switch mutation {
        case .insert(let record, let content, let policy): try insert(record, content, onDuplicate: policy)
        case .restore(let record, let content, let history): try restore(record, content, history)
        case .update(let id, let namespace, let patch, let content, let change):
            try update(id, in: namespace, patch, content, ifChange: change)
        case .embed(let key, let namespace, let digest, let embedding):
            try embed(key, in: namespace, digest: digest, embedding)
        case .forget(let target, let namespace): try forget(target, in: namespace)
        case .use(let ids, let namespace): try use(ids, in: namespace)
        case .feedback(let ids, let namespace, let feedback): try count(feedback, on: ids, in: namespace)
        case .move(let id, let namespace, let layer, let reason, let change):
            try move(id, in: namespace, to: layer, reason: reason, ifChange: change)
        case .discard(let versions, let namespace, let reason): try discard(versions, in: namespace, reason: reason)
        case .logDecisions(let rows, let namespace): try log(rows, in: namespace)
        case .save(let text, let name): try save(text, named: name)
        }
    }
}

extension CommitRun {
    /// The number of a namespace, or nil when it was never written.
    mutating func existingNamespace(_ name: String) throws -> Int64? {
        if let id = namespaces[Array(name.utf8)] { return id }
        let id = try db.namespaceNumber(name)
        namespaces[Array(name.utf8)] = id
        return id
    }

    /// The number of a namespace, which is made when there is none.
    mutating func namespace(_ name: String) throws -> Int64 {
        if let id = try existingNamespace(name) { return id }
        try db.run("INSERT INTO namespace(name) VALUES (?)", [name])
        namespaces[Array(name.utf8)] = db.lastInsertedRowID
        return db.lastInsertedRowID
    }

    /// The number of a space, which is made when there is none.
    mutating func space(_ space: EmbeddingSpace) throws -> Int64 {
        let bytes = Array(space.identifier.utf8)
        if let id = try spaces[bytes] ?? db.spaceNumber(space) {
            spaces[bytes] = id
            return id
        }
        try db.run(
            "INSERT INTO space(model, revision, dimension) VALUES (?, ?, ?)",
            [space.model, space.revision, space.dimension])
        spaces[bytes] = db.lastInsertedRowID
        return db.lastInsertedRowID
    }

    /// The shelves of a namespace by their spaces.
    mutating func shelves(of namespace: Int64) throws -> [Int64: Int64] {
        if let known = shelves[namespace] { return known }
        var found: [Int64: Int64] = [:]
        let rows = try db.rows("SELECT space, id FROM shelf WHERE namespace = ?", [namespace])
        while let row = try rows.next() { found[row[0]] = row[1] }
        shelves[namespace] = found
        return found
    }

    /// Puts a vector on its shelf, in place of the one it had there.
    ///
    /// - Returns: the number of the space.
    mutating func putVector(_ embedding: StoredEmbedding, of key: RecordKey, namespace: Int64) throws -> Int64 {
        let space = try space(embedding.space)
        var shelf = try shelves(of: namespace)[space]
        if shelf == nil {
            try db.run("INSERT INTO shelf(namespace, space) VALUES (?, ?)", [namespace, space])
            shelf = db.lastInsertedRowID
            shelves[namespace]?[space] = shelf
        }
        let vectorKey = try VectorKey.number(shelf: shelf ?? 0, record: key)
        let isReplaced = try removeVector(vectorKey)
        try db.run(
            "INSERT INTO vector(key, components) VALUES (?, ?)", [vectorKey, VectorBlob.data(embedding.vector)])
        if !isReplaced { unit.countVector(shelf: shelf ?? 0, sign: 1) }
        return space
    }

    /// Removes the vectors of a record from all shelves and says how many there were.
    mutating func removeVectors(of key: RecordKey, namespace: Int64) throws -> Int {
        var count = 0
        for shelf in try shelves(of: namespace).values
        where try removeVector(try VectorKey.number(shelf: shelf, record: key)) {
            unit.countVector(shelf: shelf, sign: -1)
            count += 1
        }
        return count
    }

    private func removeVector(_ key: Int64) throws -> Bool {
        try db.run("DELETE FROM vector WHERE key = ?", [key])
        return db.changesCount > 0
    }

    /// Writes the keyword row of a record; a record without terms has none.
    mutating func addTerms(_ names: [String], of key: RecordKey, namespace: Int64) throws {
        guard !names.isEmpty else { return }
        var frequencies: [Int64: Int] = [:]
        for name in names {
            frequencies[try term(Counters.Term(namespace: namespace, name: name)), default: 0] += 1
        }
        let row = KeywordRow(frequencies: frequencies)
        try db.run("INSERT INTO keyword(record, terms) VALUES (?, ?)", [key, row.data])
        unit.count(row, of: key, namespace: namespace, sign: 1)
    }

    /// Removes the keyword row of a record and says whether there was one.
    mutating func removeTerms(of key: RecordKey, namespace: Int64) throws -> Bool {
        guard let row = try db.row("SELECT terms FROM keyword WHERE record = ?", [key]) else { return false }
        unit.count(try KeywordRow(decoding: row[0]), of: key, namespace: namespace, sign: -1)
        try db.run("DELETE FROM keyword WHERE record = ?", [key])
        return true
    }

    /// The number of a term, which is made when there is none.
    private mutating func term(_ term: Counters.Term) throws -> Int64 {
        if let id = terms[term] { return id }
        let known = try db.number(
            "SELECT id FROM term WHERE namespace = ? AND name = ?", [term.namespace, term.name])
        if known == nil {
            try db.run("INSERT INTO term(namespace, name) VALUES (?, ?)", [term.namespace, term.name])
        }
        let id = known ?? db.lastInsertedRowID
        terms[term] = id
        return id
    }

    /// Appends to the change log and gives the change's number.
    func log(
        _ operation: Change.Operation, _ id: RecordID, namespace: Int64, previous: [String: JSONValue] = [:],
        reason: String? = nil, at moment: Timestamp? = nil
    ) throws -> Int64 {
        try db.run(
            "INSERT INTO change(namespace, record, operation, at, previous, reason) VALUES (?, ?, ?, ?, ?, ?)",
            [
                namespace, id.data, operation.rawValue, (moment ?? time).milliseconds,
                previous.isEmpty ? nil : RecordRow.text(of: previous), reason,
            ])
        return db.lastInsertedRowID
    }

    /// The record of a condition on `record r`.
    func stored(where condition: String, _ arguments: [(any DatabaseValueConvertible)?]) throws -> StoredRecord? {
        try db.row("SELECT \(RecordRow.columns) FROM record r WHERE \(condition)", arguments)
            .map(RecordRow.stored)
    }
}
