import StrataCore

extension MemoryStoreConformance {
    static let updating: [Self] = [
        Self("an update changes what the patch names and remembers the old values") { store in
            let old = try await store.insert(StoreSample.record(1, "one", tags: ["t"]), space: StoreSample.space)
            let patch = RecordPatch(kind: "fact", tags: [], metadata: ["k": 1], importance: 0.9, pinned: true)
            let update = StoreMutation.update(StoreSample.id(1), namespace: "a", patch, content: nil, ifChange: nil)
            guard
                case .updated(let new, contentChanged: false) = try await store.apply(update, at: StoreSample.time(50))
            else { throw BrokenRule(description: "a patch without a text changed the content") }
            var expected = old.record
            (expected.kind, expected.tags, expected.metadata) = ("fact", [], ["k": 1])
            (expected.importance, expected.pinned, expected.updatedAt) = (0.9, true, StoreSample.time(50))
            expected.change = new.record.change
            try expectEqual(new, StoredRecord(key: old.key, record: expected), "the updated record")
            try expect(new.record.change > old.record.change, "an update has a new change number")
            let last = try await store.history(of: StoreSample.id(1), in: "a").last
            let previous: [String: JSONValue] = [
                "kind": "general", "tags": ["t"], "metadata": [:], "importance": 0.5, "pinned": false,
            ]
            try expectEqual(last?.previous, previous, "the old values")
            try expectEqual(last?.operation, .updated, "the operation")
            try expectEqual(
                try await store.statistics(in: "a", space: nil).pinnedCount, 1, "the number of pinned records")
        },
        Self("a patch that changes no value writes nothing") { store in
            let old = try await store.insert(StoreSample.record(1, "one"))
            let patch = RecordPatch(layer: .interact, kind: "general", tags: [])
            let update = StoreMutation.update(StoreSample.id(1), namespace: "a", patch, content: nil, ifChange: nil)
            guard case .updated(let new, contentChanged: false) = try await store.apply(update) else {
                throw BrokenRule(description: "an idle patch changed the content")
            }
            try expectEqual(new, old, "the record after an idle patch")
            try expectEqual(try await store.changes(since: old.record.change, in: nil, limit: 9), [], "the changes")
        },
        Self("moving up is a promotion, moving down a demotion") { store in
            try await store.insert(StoreSample.record(1, "one"), space: StoreSample.space)
            for layer in [Layer.assets, .insights] {
                let patch = RecordPatch(layer: layer)
                _ = try await store.apply(
                    .update(StoreSample.id(1), namespace: "a", patch, content: nil, ifChange: nil))
            }
            let history = try await store.history(of: StoreSample.id(1), in: "a")
            try expectEqual(history.map(\.operation), [.remembered, .promoted, .demoted], "the operations")
            try expectEqual(history.map { $0.previous["layer"] }, [nil, "interact", "assets"], "the old layers")
            let counts = try await store.statistics(in: "a", space: nil).recordCounts
            try expectEqual(counts, [.interact: 0, .insights: 1, .assets: 0], "the counts by layer")
            let tags = try await store.vectors(in: "a", space: StoreSample.space).tags
            try expectEqual(tags, [Layer.insights.tag], "the layer tags of the vectors")
        },
        Self("a new text replaces terms and vectors") { store in
            try await store.insert(StoreSample.record(1, "one two"), space: StoreSample.space)
            let patch = RecordPatch(text: "two three")
            let content = StoreSample.content("two three", space: StoreSample.otherSpace)
            let update = StoreMutation.update(StoreSample.id(1), namespace: "a", patch, content: content, ifChange: nil)
            guard case .updated(let new, contentChanged: true) = try await store.apply(update) else {
                throw BrokenRule(description: "a new text did not change the content")
            }
            try expectEqual(new.record.embeddingSpace, StoreSample.otherSpace.identifier, "the space")
            let terms = try await store.termStatistics(["one", "two", "three"], in: "a").recordCounts
            try expectEqual(terms, ["one": 0, "two": 1, "three": 1], "the term counts")
            let statistics = try await store.statistics(in: "a", space: StoreSample.space)
            try expectEqual(
                statistics.vectorCountBySpace, [StoreSample.otherSpace.identifier: 1], "the vectors by space")
            try expectEqual(statistics.textBytes, 9, "the bytes of the texts")
            let holders = try await store.records(
                withContent: ["one two", "two three"].map(SHA256.digest(of:)), in: "a")
            try expectEqual(holders, [nil, StoreSample.id(1)], "the records by content")
            try expectEqual(
                try await store.history(of: StoreSample.id(1), in: "a").last?.previous["text"], "one two",
                "the old text")
        },
        Self("a new text without a vector leaves the record without one") { store in
            try await store.insert(StoreSample.record(1, "one"), space: StoreSample.space)
            let update = StoreMutation.update(
                StoreSample.id(1), namespace: "a", RecordPatch(text: "two"), content: StoreSample.content("two"),
                ifChange: nil)
            guard case .updated(let new, contentChanged: true) = try await store.apply(update) else {
                throw BrokenRule(description: "a new text did not change the content")
            }
            try expectEqual(new.record.embeddingSpace, nil, "the space")
            let missing = try await store.recordsWithoutVector(space: StoreSample.space, after: nil, limit: 9)
            try expectEqual(missing, [new], "the records without a vector")
        },
        Self("an update of a missing record, at another change or of half a text is refused") { store in
            let old = try await store.insert(StoreSample.record(1, "one"))
            let patch = RecordPatch(pinned: true)
            let id = StoreSample.id(1)
            for (namespace, id) in [("a", StoreSample.id(2)), ("b", id), ("a\0", id)] {
                let update = StoreMutation.update(id, namespace: namespace, patch, content: nil, ifChange: nil)
                try expectError(.notFound, try await store.result(of: update), "an update of no record")
            }
            let late = StoreMutation.update(id, namespace: "a", patch, content: nil, ifChange: old.record.change + 1)
            try expectError(.conflict, try await store.result(of: late), "an update at another change")
            let half = StoreMutation.update(id, namespace: "a", RecordPatch(text: "two"), content: nil, ifChange: nil)
            try expectError(.internal, try await store.result(of: half), "a text without content")
            let onTime = StoreMutation.update(id, namespace: "a", patch, content: nil, ifChange: old.record.change)
            _ = try await store.result(of: onTime).get()
        },
        Self("use counts each record once, in its own namespace, without a change") { store in
            let one = try await store.insert(StoreSample.record(1, "one"))
            try await store.insert(StoreSample.record(2, "two", in: "b"))
            let ids = [1, 1, 2, 3].map(StoreSample.id)
            guard
                case .used(1) = try await store.apply(.use(ids, namespace: "a"), at: StoreSample.time(90)),
                case .used(0) = try await store.apply(.use(ids, namespace: "nowhere"))
            else { throw BrokenRule(description: "use counted other than one record") }
            let used = try await store.record(StoreSample.id(1), in: "a")?.record
            try expectEqual(used?.accessCount, 1, "the access count")
            try expectEqual(used?.lastAccessedAt, StoreSample.time(90), "the last access")
            try expectEqual(used?.change, one.record.change, "the change number")
            try expectEqual(
                try await store.record(StoreSample.id(2), in: "b")?.record.accessCount, 0, "the other's count")
        },
    ]
}
