import StrataCore

extension MemoryStoreConformance {
    static let insertion: [Self] = [
        Self("a record reads back as it was stored") { store in
            let record = MemoryRecord(
                id: StoreSample.id(1), namespace: "a", text: "Ünïcode 🙂 \"quoted\"\n", speaker: "O'Hara",
                layer: .assets,
                kind: "fact", tags: ["b", "a", "b c"], project: "p", session: "s",
                metadata: [
                    "whole": .integer(.max), "real": 0.1, "big": 1e300, "text": "x\u{1}y", "no": nil, "yes": true,
                    "nested": ["k\"'.[]$": [1, "two", [:]]], "": "empty key",
                ],
                importance: 0.25, pinned: true, source: .tool, createdAt: Timestamp(milliseconds: -5),
                updatedAt: StoreSample.time(3), occurredAt: StoreSample.time(4), lastAccessedAt: StoreSample.time(5),
                accessCount: 7)
            let stored = try await store.insert(record, space: StoreSample.space)
            var expected = record
            expected.change = stored.record.change
            expected.embeddingSpace = StoreSample.space.identifier
            try expectEqual(stored.record, expected, "the record in the outcome")
            try expectEqual(try await store.record(record.id, in: "a"), stored, "the record read by id")
            try expectEqual(try await store.records([stored.key], in: "a"), [stored], "the record read by key")
            try expect(stored.record.change > 0, "a stored record has a change number")
        },
        Self("a restored record keeps its times, counts, link and history, and a second time changes nothing") {
            store in
            let original = try await store.insert(StoreSample.record(1, "one"), space: StoreSample.otherSpace)
            var record = StoreSample.record(2, "two", in: "a", layer: .assets, tags: ["t"])
            (record.accessCount, record.lastAccessedAt) = (9, StoreSample.time(8))
            (record.updatedAt, record.duplicateOf) = (StoreSample.time(7), original.record.id)
            let history = [
                Change(
                    number: 1, namespace: "a", record: record.id, operation: .remembered, at: StoreSample.time(5),
                    previous: [:]),
                Change(
                    number: 2, namespace: "a", record: record.id, operation: .updated, at: StoreSample.time(6),
                    previous: ["text": "too"]),
            ]
            let content = StoreSample.content("two", space: StoreSample.space)
            let mutation = StoreMutation.restore(record, content, history: history)
            guard case .inserted(let stored) = try await store.apply(mutation),
                case .duplicate(stored) = try await store.apply(mutation)
            else { throw BrokenRule(description: "a record was not restored once") }
            record.change = stored.record.change
            record.embeddingSpace = StoreSample.space.identifier
            try expectEqual(stored.record, record, "the record")
            let logged = try await store.history(of: record.id, in: "a")
            try expectEqual(logged.map(\.at), history.map(\.at), "the times in the history")
            try expectEqual(logged.map(\.previous), history.map(\.previous), "the old values in the history")
            try expectEqual(logged.last?.number, record.change, "the number of the last change")
            let vectors = try await store.embeddings(of: [stored.key, original.key, 99], in: "a")
            try expectEqual(
                vectors.map(\.?.space), [StoreSample.space, StoreSample.otherSpace, nil], "the spaces of the vectors")
            try expectEqual(vectors[0], content.embedding, "the vector")
            try expectEqual(
                try await store.embeddings(of: [stored.key], in: "b"), [nil], "the vector in another namespace")
            var taken = record
            taken.text = "other"
            let clash = StoreMutation.restore(taken, StoreSample.content("other"), history: [])
            try expectError(.conflict, try await store.result(of: clash), "a restoration over other content")
        },
        Self("keys and change numbers ascend") { store in
            let first = try await store.insert(StoreSample.record(1, "one"))
            let second = try await store.insert(StoreSample.record(2, "two"))
            try expect(first.key < second.key, "a later record has a greater key")
            try expect(first.record.change < second.record.change, "a later change has a greater number")
            _ = try await store.apply(.forget(.everything, namespace: "a"))
            let third = try await store.insert(StoreSample.record(3, "three"))
            try expect(third.key > second.key, "the key of a forgotten record is not used again")
        },
        Self("a unit that fails leaves no trace and does not disturb the others") { store in
            try await store.insert(StoreSample.record(1, "one"))
            let results = try await store.commit(
                [
                    [StoreSample.insert(StoreSample.record(2, "two"))],
                    [
                        StoreSample.insert(
                            StoreSample.record(3, "three", in: "fresh", tags: ["t"]), space: StoreSample.space),
                        StoreSample.insert(StoreSample.record(1, "other")),
                    ],
                    [StoreSample.insert(StoreSample.record(4, "four", in: "fresh"))],
                ], at: StoreSample.time(10))
            try expectEqual(results.count, 3, "the number of results")
            try expectError(.conflict, results[1], "the second unit")
            _ = try results[0].get()
            _ = try results[2].get()
            try expectEqual(try await store.record(StoreSample.id(3), in: "fresh"), nil, "the undone record")
            try expectEqual(
                try await store.list(in: "fresh", matching: .tagsAny(["t"]), after: nil, limit: 9), [], "its tag")
            let statistics = try await store.statistics(in: nil, space: StoreSample.space)
            try expectEqual(statistics.recordCount, 3, "the number of records")
            try expectEqual(statistics.vectorCount, 0, "the number of vectors")
            let terms = try await store.termStatistics(["three", "four"], in: "fresh")
            try expectEqual(terms.recordCounts, ["three": 0, "four": 1], "the term counts")
            try expectEqual(try await store.changes(since: 0, in: nil, limit: 9).count, 3, "the number of changes")
        },
        Self("a later unit of a commit sees the earlier ones") { store in
            let results = try await store.commit(
                [
                    [StoreSample.insert(StoreSample.record(1, "one"))],
                    [StoreSample.insert(StoreSample.record(2, "one"))],
                ], at: StoreSample.time(10))
            guard case .duplicate(let old)? = try results[1].get().first else {
                throw BrokenRule(description: "the same text in one commit was not seen as a duplicate")
            }
            try expectEqual(old.record.id, StoreSample.id(1), "the id of the old record")
        },
        Self("skip stores nothing and counts a use of the old record, without a change") { store in
            let old = try await store.insert(StoreSample.record(1, "one"))
            let mutation = StoreSample.insert(StoreSample.record(2, "one"), onDuplicate: .skip)
            guard case .duplicate(let found) = try await store.apply(mutation, at: StoreSample.time(77)) else {
                throw BrokenRule(description: "skip did not answer with a duplicate")
            }
            var expected = old.record
            (expected.accessCount, expected.layerUseCount) = (1, 1)
            expected.lastAccessedAt = StoreSample.time(77)
            try expectEqual(found.record, expected, "the old record")
            try expectEqual(try await store.record(StoreSample.id(2), in: "a"), nil, "the new record")
            try expectEqual(try await store.changes(since: old.record.change, in: nil, limit: 9), [], "the changes")
        },
        Self("replace gives the old record the new one's fields, and keeps its id and text") { store in
            try await store.insert(StoreSample.record(1, "one", tags: ["old"]))
            var new = StoreSample.record(2, "one", layer: .assets, tags: ["new"], metadata: ["k": 1])
            (new.kind, new.importance, new.occurredAt, new.pinned) = ("fact", 0.9, StoreSample.time(5), true)
            guard
                case .duplicate(let found) = try await store.apply(
                    StoreSample.insert(new, onDuplicate: .replace), at: StoreSample.time(77))
            else { throw BrokenRule(description: "replace did not answer with a duplicate") }
            var expected = new
            (expected.id, expected.pinned, expected.accessCount) = (StoreSample.id(1), false, 1)
            (expected.updatedAt, expected.lastAccessedAt) = (StoreSample.time(77), StoreSample.time(77))
            expected.enteredLayerAt = StoreSample.time(77)
            expected.change = found.record.change
            try expectEqual(found.record, expected, "the replaced record")
            let history = try await store.history(of: StoreSample.id(1), in: "a")
            try expectEqual(history.map(\.operation), [.remembered, .promoted], "the history")
            try expectEqual(history.last?.previous["tags"], ["old"], "the old tags in the history")
            try expectEqual(history.last?.previous["occurredAt"], .null, "the old time in the history")
            let byTag = try await store.keys(in: "a", matching: .tagsAny(["new"]))
            try expectEqual(byTag, [found.key], "the keys under the new tag")
        },
        Self("link stores the record and names the old one; keep stores it alone") { store in
            try await store.insert(StoreSample.record(1, "one"))
            guard
                case .inserted(let linked) = try await store.apply(
                    StoreSample.insert(StoreSample.record(2, "one"), onDuplicate: .link)),
                case .inserted(let kept) = try await store.apply(
                    StoreSample.insert(StoreSample.record(3, "one"), onDuplicate: .keep))
            else { throw BrokenRule(description: "link and keep did not insert") }
            try expectEqual(linked.record.duplicateOf, StoreSample.id(1), "the link")
            try expectEqual(kept.record.duplicateOf, nil, "the link under keep")
            let holders = try await store.records(
                withContent: [SHA256.digest(of: "one"), SHA256.digest(of: "two")], in: "a")
            try expectEqual(holders, [StoreSample.id(1), nil], "the first records of the contents")
        },
        Self("a link to a record that the namespace does not hold is dropped") { store in
            try await store.insert(StoreSample.record(1, "one", in: "b"))
            var record = StoreSample.record(2, "two")
            record.duplicateOf = StoreSample.id(1)
            try expectEqual(try await store.insert(record).record.duplicateOf, nil, "the link across namespaces")
        },
        Self("an id is taken once: equal content is a duplicate under every policy, other content a conflict") {
            store in
            try await store.insert(StoreSample.record(1, "one"))
            for policy in DuplicatePolicy.allCases {
                let again = StoreSample.insert(StoreSample.record(1, "one"), onDuplicate: policy)
                guard case .duplicate = try await store.apply(again) else {
                    throw BrokenRule(description: "the same id and text were not a duplicate under \(policy)")
                }
                let other = StoreSample.insert(StoreSample.record(1, "two"), onDuplicate: policy)
                try expectError(.conflict, try await store.result(of: other), "other text under \(policy)")
                let elsewhere = StoreSample.insert(StoreSample.record(1, "one", in: "b"), onDuplicate: policy)
                try expectError(.conflict, try await store.result(of: elsewhere), "the id in another namespace")
            }
        },
        Self("what cannot be held without loss is refused") { store in
            let content = StoreSample.content("one")
            var bad = StoreSample.record(1, "o\0ne")
            try expectError(.invalidArgument, try await store.result(of: StoreSample.insert(bad)), "U+0000 in a text")
            bad = StoreSample.record(1, "one", tags: ["t\0"])
            try expectError(.invalidArgument, try await store.result(of: StoreSample.insert(bad)), "U+0000 in a tag")
            bad = StoreSample.record(1, "one", metadata: ["k": ["n": .number(.nan)]])
            try expectError(.invalidArgument, try await store.result(of: StoreSample.insert(bad)), "NaN in metadata")
            let good = StoreSample.record(1, "one")
            for term in ["", "two words", "A", "a\"", "a*", "ä-b", "a\0b"] {
                let content = RecordContent(digest: content.digest, terms: [term], embedding: nil)
                let result = try await store.result(of: .insert(good, content, onDuplicate: .keep))
                try expectError(.internal, result, "a term that is none")
            }
            for (vector, code) in [
                ([1, 2] as [Float], StrataError.Code.dimensionMismatch), ([1, 2, 3, .nan], .invalidVector),
            ] {
                let embedding = StoredEmbedding(space: StoreSample.space, vector: vector)
                let content = RecordContent(digest: content.digest, terms: [], embedding: embedding)
                let result = try await store.result(of: .insert(good, content, onDuplicate: .keep))
                try expectError(code, result, "a bad vector")
            }
            try expectEqual(try await store.statistics(in: nil, space: nil).recordCount, 0, "the number of records")
        },
    ]
}
