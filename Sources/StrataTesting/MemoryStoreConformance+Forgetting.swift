import StrataCore

extension MemoryStoreConformance {
    static let forgetting: [Self] = [
        Self("forgetting removes the record everywhere and says truly what it removed") { store in
            try await store.insert(StoreSample.record(1, "one two", tags: ["t"]), space: StoreSample.space)
            _ = try await store.apply(StoreSample.insert(StoreSample.record(2, "one two"), onDuplicate: .link))
            let patch = RecordPatch(kind: "secret")
            for kind in ["x", "y"] {
                _ = try await store.apply(
                    .update(StoreSample.id(1), namespace: "a", RecordPatch(kind: kind), content: nil, ifChange: nil))
            }
            _ = try await store.apply(.update(StoreSample.id(2), namespace: "a", patch, content: nil, ifChange: nil))
            let ids = [StoreSample.id(1), StoreSample.id(1), StoreSample.id(9)]
            guard
                case .forgotten(let receipt, let keys, let contents) = try await store.apply(
                    .forget(.ids(ids), namespace: "a"))
            else { throw BrokenRule(description: "forgetting did not answer with a receipt") }
            let last = try await store.changes(since: 0, in: nil, limit: 99).last
            let expected = ForgetReceipt(
                ids: [StoreSample.id(1)], recordCount: 1, vectorCount: 1, keywordCount: 1, historyCount: 2,
                change: last?.number ?? 0)
            try expectEqual(receipt, expected, "the receipt")
            try expectEqual(keys.count, 1, "the number of keys")
            try expectEqual(contents, [StoreSample.content("one two").digest], "the digests of what was forgotten")
            try expectEqual(try await store.record(StoreSample.id(1), in: "a"), nil, "the forgotten record")
            try expectEqual(try await store.records(keys, in: "a"), [], "the record under its key")
            try expectEqual(try await store.keys(in: "a", matching: .tagsAny(["t"])), [], "the keys under its tag")
            try expectEqual(try await store.vectors(in: "a", space: StoreSample.space).keys, [], "the vectors")
            let terms = try await store.termStatistics(["one", "two"], in: "a")
            try expectEqual(terms.recordCounts, ["one": 1, "two": 1], "the term counts")
            try expectEqual(
                try await store.record(StoreSample.id(2), in: "a")?.record.duplicateOf, nil, "the link to it")
            let history = try await store.history(of: StoreSample.id(1), in: "a")
            try expectEqual(history.map(\.previous), [[:], [:], [:], [:]], "the old values in its history")
            try expectEqual(history.last?.operation, .forgotten, "the last operation")
            let other = try await store.history(of: StoreSample.id(2), in: "a").last?.previous
            try expectEqual(other, ["kind": "general"], "the history of the other record")
        },
        Self("vectors of all spaces are forgotten") { store in
            let stored = try await store.insert(StoreSample.record(1, "one"), space: StoreSample.space)
            let content = StoreSample.content("one", space: StoreSample.otherSpace)
            if let embedding = content.embedding {
                _ = try await store.apply(.embed(stored.key, namespace: "a", digest: content.digest, embedding))
            }
            guard case .forgotten(let receipt, _, _) = try await store.apply(.forget(.everything, namespace: "a"))
            else {
                throw BrokenRule(description: "forgetting did not answer with a receipt")
            }
            try expectEqual(receipt.vectorCount, 2, "the number of vectors in the receipt")
            let statistics = try await store.statistics(in: nil, space: StoreSample.space)
            try expectEqual(statistics.vectorCountBySpace, [:], "the vectors by space")
        },
        Self("forgetting by filter takes what passes, forgetting everything takes one namespace") { store in
            for number in 1...6 {
                let namespace = number > 4 ? "b" : "a"
                try await store.insert(
                    StoreSample.record(
                        number, "text \(number)", in: namespace, metadata: ["n": .integer(Int64(number))]))
            }
            let filter = Filter.metadata(path: ["n"], .gte, 3)
            guard
                case .forgotten(let some, _, _) = try await store.apply(.forget(.filter(filter), namespace: "a")),
                case .forgotten(let all, _, _) = try await store.apply(.forget(.everything, namespace: "a")),
                case .forgotten(let none, _, _) = try await store.apply(.forget(.everything, namespace: "a"))
            else { throw BrokenRule(description: "forgetting did not answer with a receipt") }
            try expectEqual(Set(some.ids), Set([3, 4].map(StoreSample.id)), "the ids that passed")
            try expectEqual(Set(all.ids), Set([1, 2].map(StoreSample.id)), "the ids of the rest")
            try expectEqual(none, ForgetReceipt(), "the receipt of nothing")
            try expectEqual(try await store.namespaces(), ["b"], "the namespaces that hold records")
            try expectEqual(try await store.statistics(in: nil, space: nil).recordCount, 2, "the number of records")
        },
        Self("a forgotten id and text can be stored anew") { store in
            try await store.insert(StoreSample.record(1, "one"))
            _ = try await store.apply(.forget(.everything, namespace: "a"))
            try await store.insert(StoreSample.record(1, "one"))
            let operations = try await store.history(of: StoreSample.id(1), in: "a").map(\.operation)
            try expectEqual(operations, [.remembered, .forgotten, .remembered], "the operations")
        },
    ]
}
