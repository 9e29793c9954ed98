import Foundation
import GRDB
import StrataCore

/// Changes the postings of one term.
///
/// The last ones lie in the term's own row, whose count changes with them anyway: a new record then costs one row a term,
/// and a rare term has no other. When they are too many they move into a row of `posting`.
struct PostingWriter {
    let db: Database
    let term: Int64

    /// Applies changes, nil for a posting that goes, and removes the term when no record holds it any more.
    func apply(_ changes: [RecordKey: PostingBlock.Posting?]) throws {
        guard let row = try db.row("SELECT record_count, tail FROM term WHERE id = ?", [term]) else {
            throw StrataError(
                .corrupted, "term number \(term) is in a record but not in its table; restore from a backup")
        }
        let oldCount: Int = row[0]
        var count = oldCount
        var tail = try PostingBlock(decoding: row[1])
        // All keys of the other blocks are less than those of the tail.
        let tailFirst =
            oldCount > tail.postings.count
            ? try tail.postings.first?.key ?? lastKeyOfBlocks().map { $0 + 1 } ?? .min : .min
        for (key, posting) in changes.sorted(by: { $0.key < $1.key }) {
            count += key >= tailFirst ? tail.set(posting, of: key) : try setInBlocks(posting, of: key)
        }
        guard count > 0 else {
            try db.run("DELETE FROM term WHERE id = ?", [term])
            return
        }
        while tail.postings.count > PostingBlock.countMax {
            try insert(PostingBlock(tail.postings.prefix(PostingBlock.countMax)))
            tail = PostingBlock(tail.postings.dropFirst(PostingBlock.countMax))
        }
        try db.run("UPDATE term SET record_count = ?, tail = ? WHERE id = ?", [count, tail.data, term])
    }

    private func lastKeyOfBlocks() throws -> RecordKey? {
        let data = try Data.fetchOne(
            db.cachedStatement(sql: "SELECT entries FROM posting WHERE term = ? ORDER BY first DESC LIMIT 1"),
            arguments: [term])
        return try data.flatMap { try PostingBlock(decoding: $0).postings.last?.key }
    }

    /// Changes the block that a key belongs into: the last that begins at or before it, or else the first.
    private func setInBlocks(_ posting: PostingBlock.Posting?, of key: RecordKey) throws -> Int {
        let row =
            try db.row(
                "SELECT first, entries FROM posting WHERE term = ? AND first <= ? ORDER BY first DESC LIMIT 1",
                [term, key])
            ?? db.row("SELECT first, entries FROM posting WHERE term = ? ORDER BY first LIMIT 1", [term])
        var block = PostingBlock()
        if let row {
            block = try PostingBlock(decoding: row[1])
            try db.run("DELETE FROM posting WHERE term = ? AND first = ?", [term, row[0] as Int64])
        }
        let change = block.set(posting, of: key)
        let middle = block.postings.count > PostingBlock.countMax ? block.postings.count / 2 : 0
        try insert(PostingBlock(block.postings.prefix(middle)))
        try insert(PostingBlock(block.postings.dropFirst(middle)))
        return change
    }

    private func insert(_ block: PostingBlock) throws {
        guard let first = block.postings.first?.key else { return }
        try db.run("INSERT INTO posting(term, first, entries) VALUES (?, ?, ?)", [term, first, block.data])
    }
}
