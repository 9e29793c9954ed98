import StrataCore

extension MemoryStoreConformance {
    static let keywords: [Self] = [
        Self("keyword scores are BM25, best first, ties by key") { store in
            var keys: [RecordKey] = []
            for (number, text) in ["red red blue", "blue", "red blue green green", "grey", "blue"].enumerated() {
                let mutation = StoreSample.insert(StoreSample.record(number, text), onDuplicate: .keep)
                guard case .inserted(let stored) = try await store.apply(mutation) else {
                    throw BrokenRule(description: "keep did not insert")
                }
                keys.append(stored.key)
            }
            let terms = [("red", 1.5), ("blue", 0.5), ("grey", 0), ("nowhere", 2)].map {
                WeightedTerm(term: $0, weight: $1)
            }
            let hits = try await store.keywordSearch(
                terms, lengthMean: 2, parameters: BM25Parameters(k1: 1.2, b: 0.75), in: "a", matching: nil, keys: nil,
                limit: 9)
            // tf·(k1+1) / (tf + k1·(1 − b + b·length/lengthMean)), by hand.
            let expected = [
                1.5 * 2 * 2.2 / (2 + 1.2 * 1.375) + 0.5 * 2.2 / (1 + 1.2 * 1.375),
                1.5 * 2.2 / (1 + 1.2 * 1.75) + 0.5 * 2.2 / (1 + 1.2 * 1.75), 0.5 * 2.2 / (1 + 1.2 * 0.625),
                0.5 * 2.2 / (1 + 1.2 * 0.625),
            ]
            try expectEqual(hits.map(\.key), [keys[0], keys[2], keys[1], keys[4]], "the order of the hits")
            for (hit, score) in zip(hits, expected) {
                try expect(abs(hit.score - score) < 1e-9, "the score is \(score), not \(hit.score)")
            }
            for limit in [0, 1, 3] {
                let first = try await store.keywordSearch(
                    terms, lengthMean: 2, parameters: BM25Parameters(k1: 1.2, b: 0.75), in: "a", matching: nil,
                    keys: nil, limit: limit)
                try expectEqual(first, Array(hits.prefix(limit)), "the best \(limit) hits")
            }
        },
        Self("keyword search keeps to the filter and to the keys, and scores them the same") { store in
            var keys: [RecordKey] = []
            for number in 0..<6 {
                let layer = Layer.allCases[number % 3]
                keys.append(
                    try await store.insert(StoreSample.record(number, "word \(number) ünïcode", layer: layer)).key)
            }
            let terms = ["word", "ünïcode"].map { WeightedTerm(term: $0, weight: 1) }
            func search(_ filter: Filter?, _ keys: [RecordKey]?) async throws -> [KeywordHit] {
                try await store.keywordSearch(
                    terms, lengthMean: 3, parameters: BM25Parameters(), in: "a", matching: filter, keys: keys, limit: 9)
            }
            let all = try await search(nil, nil)
            try expectEqual(all.map(\.key), keys, "the hits of a word that all have")
            let filter = Filter.layers([.insights])
            try expectEqual(try await search(filter, nil), [all[1], all[4]], "the hits in a layer")
            try expectEqual(
                try await search(nil, [keys[4], keys[0], keys[4], -7]), [all[0], all[4]], "those of two keys")
            try expectEqual(try await search(filter, [keys[0], keys[1]]), [all[1]], "those of keys in a layer")
            try expectEqual(try await search(nil, []), [], "those of no keys")
        },
        Self("term statistics count records, not repeats, and the mean length counts both") { store in
            try await store.insert(StoreSample.record(1, "one one two"))
            try await store.insert(StoreSample.record(2, "two"))
            let statistics = try await store.termStatistics(["one", "two", "three"], in: "a")
            try expectEqual(
                statistics,
                TermStatistics(recordCount: 2, lengthMean: 2, recordCounts: ["one": 1, "two": 2, "three": 0]),
                "the statistics")
            for term in ["two words", "\"", ""] {
                try await expectThrows(.internal, "a term that is none") {
                    _ = try await store.termStatistics([term], in: "a")
                }
                try await expectThrows(.internal, "a search for a term that is none") {
                    _ = try await store.keywordSearch(
                        [WeightedTerm(term: term, weight: 1)], lengthMean: 1, parameters: BM25Parameters(), in: "a",
                        matching: nil, keys: nil, limit: 1)
                }
            }
        },
        Self("a record without terms is stored and found by nothing") { store in
            let record = StoreSample.record(1, "...")
            let content = RecordContent(digest: SHA256.digest(of: "..."), terms: [], embedding: nil)
            _ = try await store.apply(.insert(record, content, onDuplicate: .skip))
            try expectEqual(try await store.termStatistics([], in: "a").lengthMean, 0, "the mean length")
            guard case .forgotten(let receipt, _, _) = try await store.apply(.forget(.everything, namespace: "a"))
            else {
                throw BrokenRule(description: "forgetting did not answer with a receipt")
            }
            try expectEqual(receipt.keywordCount, 0, "the number of keyword rows removed")
        },
    ]

    static let vectors: [Self] = [
        Self("vectors come back bit for bit, ascending by key, with their layers and the last change") { store in
            var expected: [Float] = []
            var keys: [RecordKey] = []
            for number in 0..<5 {
                let record = StoreSample.record(number, "text \(number)", layer: Layer.allCases[number % 3])
                let space = number == 2 ? nil : StoreSample.space
                let stored = try await store.insert(record, space: space)
                guard space != nil else { continue }
                keys.append(stored.key)
                expected += StoreSample.content(record.text, space: space).embedding?.vector ?? []
            }
            let snapshot = try await store.vectors(in: "a", space: StoreSample.space)
            try expectEqual(snapshot.keys, keys, "the keys")
            try expectEqual(snapshot.tags, [0, 1, 0, 1], "the layer tags")
            try expectEqual(snapshot.components, expected, "the components")
            let last = try await store.changes(since: 0, in: nil, limit: 99).last?.number
            try expectEqual(snapshot.change, last ?? -1, "the last change")
            let empty = try await store.vectors(in: "a", space: StoreSample.otherSpace)
            try expectEqual(empty.keys, [], "the keys of a space that is not used")
        },
        Self("every record tells its session, its speaker and its time, and none of another namespace does") { store in
            var first = StoreSample.record(1, "one")
            (first.session, first.speaker) = ("talk", "Nora")
            first.occurredAt = Timestamp(milliseconds: 5)
            let stored = [try await store.insert(first), try await store.insert(StoreSample.record(2, "two"))]
            let rows = try await store.threadRows(in: "a").sorted { $0.key < $1.key }
            try expectEqual(rows, stored.map { ThreadRow($0) }, "the rows")
            try expectEqual(rows[0].time, Timestamp(milliseconds: 5), "the time of what happened")
            try expectEqual(rows[1].time, stored[1].record.createdAt, "the time of storing")
            try expectEqual(try await store.threadRows(in: "b"), [], "the rows of another namespace")
            _ = try await store.apply(.forget(.ids([first.id]), namespace: "a"))
            try expectEqual(try await store.threadRows(in: "a").map(\.key), [stored[1].key], "the keys that are left")
        },
        Self("what changed since a mark turns the vectors of then into those of now") { store in
            func number(_ number: Int, layer: Layer = .interact) -> MemoryRecord {
                StoreSample.record(number, "text \(number)", layer: layer)
            }
            var stored: [StoredRecord] = []
            for index in 0..<6 { stored.append(try await store.insert(number(index), space: StoreSample.space)) }
            let old = try await store.vectors(in: "a", space: StoreSample.space)
            guard let last = try await store.changes(since: 0, in: nil, limit: 99).last else { return }
            let mark = ChangeMark(last)
            func changes(_ mark: ChangeMark, limit: Int = 9) async throws -> VectorChanges? {
                try await store.vectorChanges(in: "a", space: StoreSample.space, since: mark, limit: limit)
            }
            let none = try await changes(mark)
            try expectEqual(none?.changed.keys, [], "the changes since the last change")
            try expectEqual(none?.hasRemovals, false, "whether something was removed")

            _ = try await store.apply(.forget(.ids([stored[1].record.id]), namespace: "a"))
            _ = try await store.apply(
                .update(
                    stored[2].record.id, namespace: "a", RecordPatch(layer: .assets), content: nil, ifChange: nil))
            _ = try await store.apply(
                .update(
                    stored[3].record.id, namespace: "a", RecordPatch(text: "other"),
                    content: StoreSample.content("other", space: nil), ifChange: nil))
            _ = try await store.insert(number(6, layer: .insights), space: StoreSample.space)
            let found = try await changes(mark)
            let new = try await store.vectors(in: "a", space: StoreSample.space)
            let dimension = StoreSample.space.dimension
            func vectors(_ snapshot: VectorSnapshot) -> [RecordKey: [Float]] {
                var vectors: [RecordKey: [Float]] = [:]
                for (row, key) in snapshot.keys.enumerated() {
                    vectors[key] = Array(snapshot.components[row * dimension..<(row + 1) * dimension])
                }
                return vectors
            }
            var result = vectors(old).filter { found?.tags[$0.key] != nil }
            for key in found?.withoutVector ?? [] { result[key] = nil }
            if let changed = found?.changed { result.merge(vectors(changed)) { $1 } }
            try expectEqual(result, vectors(new), "the vectors")
            try expectEqual(new.keys.map { found?.tags[$0] }, new.tags, "the layer tags")
            try expectEqual(found?.count, new.keys.count, "the number of vectors")
            try expectEqual(found?.change, new.change, "the last change")
            try expectEqual(found?.hasRemovals, true, "whether something was removed")

            try expect(try await changes(mark, limit: 2) == nil, "more than two records changed")
            let other = Change(
                number: mark.number, namespace: "a", record: stored[0].record.id, operation: .remembered, at: mark.at,
                previous: [:])
            try expect(try await changes(ChangeMark(other)) == nil, "a mark of another log was taken")
        },
        Self("a vector is given only to the content it was made from") { store in
            let stored = try await store.insert(StoreSample.record(1, "one"))
            let content = StoreSample.content("one", space: StoreSample.space)
            guard let embedding = content.embedding else { return }
            let stale = SHA256.digest(of: "old")
            for (key, namespace, digest) in [
                (stored.key, "a", stale), (stored.key, "b", content.digest), (stored.key + 1, "a", content.digest),
            ] {
                let mutation = StoreMutation.embed(key, namespace: namespace, digest: digest, embedding)
                guard case .embedded(nil) = try await store.apply(mutation) else {
                    throw BrokenRule(description: "a vector was given to other content")
                }
            }
            let missing = try await store.recordsWithoutVector(space: StoreSample.space, after: nil, limit: 9)
            try expectEqual(missing, [stored], "the records without a vector")
            let mutation = StoreMutation.embed(stored.key, namespace: "a", digest: content.digest, embedding)
            guard case .embedded(let new?) = try await store.apply(mutation) else {
                throw BrokenRule(description: "a vector was not given to its content")
            }
            try expectEqual(new.record.embeddingSpace, StoreSample.space.identifier, "the space")
            let last = try await store.changes(since: stored.record.change, in: "a", limit: 9)
            try expectEqual(last.map(\.operation), [.embedded], "the changes")
            try expectEqual(new.record.change, last.last?.number ?? -1, "the change number")
            let rest = try await store.recordsWithoutVector(space: StoreSample.space, after: nil, limit: 9)
            try expectEqual(rest, [], "the records without a vector afterwards")
            let other = try await store.recordsWithoutVector(space: StoreSample.otherSpace, after: nil, limit: 9)
            try expectEqual(other, [new], "the records without a vector in another space")
        },
    ]
}
