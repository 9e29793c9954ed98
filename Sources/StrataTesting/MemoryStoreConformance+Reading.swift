import StrataCore

extension MemoryStoreConformance {
    static let reading: [Self] = [
        Self("no read and no write crosses namespaces") { store in
            let names = ["a", "A", "a\u{301}", "\u{e1}", "1", "1_", "", "a' OR 1=1 --", "%", "_"]
            var keys: [RecordKey] = []
            for (number, name) in names.enumerated() {
                keys.append(
                    try await store.insert(
                        StoreSample.record(number, "same words", in: name, tags: ["t"]), space: StoreSample.space
                    ).key)
            }
            for (number, name) in names.enumerated() {
                let own = try await store.list(in: name, matching: .tagsAny(["t"]), after: nil, limit: 99)
                try expectEqual(own.map(\.record.id), [StoreSample.id(number)], "the records of one namespace")
                try expectEqual(try await store.records(keys, in: name).count, 1, "the records under all keys")
                let term = WeightedTerm(term: "same", weight: 1)
                for among in [nil, keys] {
                    let hits = try await store.keywordSearch(
                        [term], lengthMean: 2, parameters: BM25Parameters(), in: name, matching: nil, keys: among,
                        limit: 99)
                    try expectEqual(hits.map(\.key), [keys[number]], "the keyword hits")
                }
                try expectEqual(
                    try await store.vectors(in: name, space: StoreSample.space).keys, [keys[number]], "the vectors")
                try expectEqual(
                    try await store.termStatistics(["same"], in: name).recordCounts, ["same": 1], "the terms")
                try expectEqual(try await store.changes(since: 0, in: name, limit: 99).count, 1, "the changes")
                try expectEqual(try await store.statistics(in: name, space: nil).recordCount, 1, "the count")
                try expectEqual(
                    try await store.record(StoreSample.id(number), in: name + "\0"), nil, "a name with U+0000")
            }
            try expectEqual(try await store.record(StoreSample.id(0), in: "b"), nil, "a record of another namespace")
            let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            let found = try await store.namespaces()
            try expectEqual(found.map { Array($0.utf8) }, sorted.map { Array($0.utf8) }, "the names in order")
        },
        Self("a list goes on after a key and ends at its limit") { store in
            for number in 1...5 { try await store.insert(StoreSample.record(number, "text \(number)")) }
            var seen: [RecordID] = []
            var last: RecordKey?
            while true {
                let page = try await store.list(in: "a", matching: nil, after: last, limit: 2)
                try expect(page.count <= 2, "a page holds at most 2 records")
                guard let end = page.last else { break }
                seen += page.map(\.record.id)
                last = end.key
            }
            try expectEqual(seen, (1...5).map(StoreSample.id), "the records in order")
            try expectEqual(try await store.list(in: "a", matching: nil, after: nil, limit: 0), [], "a page of none")
        },
        Self("records come in the order of the keys, missing ones passed over") { store in
            let one = try await store.insert(StoreSample.record(1, "one"))
            let two = try await store.insert(StoreSample.record(2, "two"))
            let found = try await store.records([two.key, -1, one.key, .max, two.key], in: "a")
            try expectEqual(found, [two, one, two], "the records")
        },
        Self("changes go on after a number and end at their limit") { store in
            for number in 1...4 {
                try await store.insert(StoreSample.record(number, "text \(number)", in: number % 2 == 0 ? "b" : "a"))
            }
            let all = try await store.changes(since: 0, in: nil, limit: 99)
            try expectEqual(all.map(\.record), (1...4).map(StoreSample.id), "the records of all changes")
            try expect(zip(all, all.dropFirst()).allSatisfy { $0.number < $1.number }, "change numbers ascend")
            try expectEqual(
                try await store.changes(since: all[0].number, in: nil, limit: 2), Array(all[1...2]), "a part of them")
            let ofB = try await store.changes(since: all[1].number, in: "b", limit: 9)
            try expectEqual(ofB, [all[3]], "those of one namespace")
            try expectEqual(try await store.statistics(in: nil, space: nil).change, all[3].number, "the last number")
            try expectEqual(try await store.statistics(in: "a", space: nil).change, all[2].number, "the last of one")
        },
        Self("a store or namespace without records answers with nothing") { store in
            try expectEqual(try await store.namespaces(), [], "the namespaces")
            let empty = StoreStatistics(
                recordCounts: [.interact: 0, .insights: 0, .assets: 0], pinnedCount: 0, vectorCount: 0,
                vectorCountBySpace: [:], textBytes: 0, namespaceCount: 0, change: 0, fileBytes: 0)
            for namespace in [nil, "a"] {
                var statistics = try await store.statistics(in: namespace, space: StoreSample.space)
                statistics.fileBytes = 0
                try expectEqual(statistics, empty, "the statistics")
            }
            try expectEqual(try await store.termStatistics(["x"], in: "a").recordCounts, ["x": 0], "the term counts")
            try expectEqual(try await store.vectors(in: "a", space: StoreSample.space).components, [], "the vectors")
            try expectEqual(
                try await store.records(withContent: [SHA256.digest(of: "")], in: "a"), [nil], "the contents")
        },
        Self("a filter with U+0000 or too many levels is refused") { store in
            let deep = (0..<100).reduce(Filter.pinned(true)) { filter, _ in .not(filter) }
            for filter in [deep, .text(.kind, oneOf: ["a\0"]), .metadata(path: ["k\0"], .eq, 1)] {
                try await expectThrows(.invalidFilter, "such a filter") {
                    _ = try await store.keys(in: "a", matching: filter)
                }
            }
        },
        Self("a filter of very many conditions and values is taken") { store in
            try await store.insert(StoreSample.record(1, "one", tags: ["t7"]))
            let many = Filter.any((0..<5000).map { .tagsAll(["t\($0)"]) })
            try expectEqual(try await store.keys(in: "a", matching: many).count, 1, "the matches of many conditions")
            let tags = Filter.tagsAny((0..<50_000).map { "t\($0)" })
            try expectEqual(try await store.keys(in: "a", matching: tags).count, 1, "the matches of many values")
        },
        Self("a closed store says so, and may be closed again") { store in
            try await store.close()
            try await store.close()
            try await expectThrows(.closed, "a read") { _ = try await store.namespaces() }
            try await expectThrows(.closed, "a commit") { _ = try await store.commit([], at: StoreSample.time(0)) }
        },
    ]
}
