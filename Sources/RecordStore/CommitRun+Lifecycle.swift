import GRDB
import StrataCore

extension CommitRun {
    mutating func count(_ feedback: Feedback, on ids: [RecordID], in name: String) throws -> StoreOutcome {
        guard let namespace = try existingNamespace(name) else { return .used(0) }
        let column =
            switch feedback {
            case .useful: "useful_count"
            case .notUseful: "not_useful_count"
            }
        var count = 0
        for id in Set(ids) {
            guard let key = try key(of: id, namespace: namespace) else { continue }
            try db.run("UPDATE record SET \(column) = \(column) + 1 WHERE key = ?", [key])
            if feedback == .useful { try noteNeed(of: key) }
            count += 1
        }
        return .used(count)
    }

    mutating func move(
        _ id: RecordID, in name: String, to layer: Layer, reason: String, ifChange: Int64?
    ) throws -> StoreOutcome {
        guard let namespace = try existingNamespace(name),
            let old = try stored(where: "r.id = ? AND r.namespace = ?", [id.data, namespace])
        else { throw StrataError(.notFound, "there is no record \(id) in this namespace") }
        guard ifChange == nil || ifChange == old.record.change else {
            throw StrataError(
                .conflict,
                "record \(id) is at change \(old.record.change), the move expects \(ifChange ?? 0); decide anew")
        }
        var record = old.record
        let previous = record.apply(RecordPatch(layer: layer))
        let moved = try write(
            record, over: old, previous: previous, digest: nil, namespace: namespace, reason: reason)
        return .updated(moved, contentChanged: false)
    }

    mutating func discard(_ versions: [RecordVersion], in name: String, reason: String) throws -> StoreOutcome {
        var receipt = ForgetReceipt()
        var contents: [SHA256.Digest] = []
        guard let namespace = try existingNamespace(name) else {
            return .forgotten(receipt, keys: [], contents: [])
        }
        let keys = try Set(versions).compactMap { version in
            try db.number(
                """
                SELECT key FROM record WHERE id = ? AND namespace = ? AND pinned = 0 AND change = ? \
                AND access_count + useful_count + not_useful_count = ?
                """, [version.id.data, namespace, version.change, version.useCount])
        }.sorted()
        for key in keys {
            if let bytes = try digest(of: key), let digest = SHA256.Digest(bytes: [UInt8](bytes)) {
                contents.append(digest)
            }
            try forget(key, namespace: namespace, reason: reason, &receipt)
        }
        return .forgotten(receipt, keys: keys, contents: contents)
    }

    func save(_ text: String?, named name: String) throws -> StoreOutcome {
        if let text {
            try db.run("INSERT OR REPLACE INTO saved(name, text) VALUES (?, ?)", [name, text])
        } else {
            try db.run("DELETE FROM saved WHERE name = ?", [name])
        }
        return .saved
    }
}
