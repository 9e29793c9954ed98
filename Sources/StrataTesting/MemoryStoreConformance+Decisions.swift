import StrataCore

extension MemoryStoreConformance {
    static let decisions: [Self] = [
        Self("vectors come by key, only those of the namespace and the space") { store in
            let space = EmbeddingSpace(model: "m", revision: "1", dimension: 2)
            let other = EmbeddingSpace(model: "m", revision: "2", dimension: 2)
            var keys: [RecordKey] = []
            for number in 1...4 {
                let record = StoreSample.record(number, "text \(number)", in: number == 4 ? "b" : "a")
                let stored = try await store.insert(record)
                keys.append(stored.key)
                guard number != 2 else { continue }
                _ = try await store.apply(
                    .embed(
                        stored.key, namespace: record.namespace, digest: SHA256.digest(of: record.searchableText),
                        StoredEmbedding(space: number == 3 ? other : space, vector: [Float(number), 0.5])))
            }
            let wanted = keys + [keys[0], -1, 0, 999, .max]
            try expectEqual(
                try await store.vectors(of: wanted, in: "a", space: space), [keys[0]: [1, 0.5]], "those of the space")
            try expectEqual(
                try await store.vectors(of: wanted, in: "a", space: other), [keys[2]: [3, 0.5]], "those of the other")
            try expectEqual(
                try await store.vectors(of: wanted, in: "b", space: space), [keys[3]: [4, 0.5]], "those of the tenant")
            try expectEqual(try await store.vectors(of: [], in: "a", space: space), [:], "those of no keys")
            try expectEqual(try await store.vectors(of: keys, in: "c", space: space), [:], "those of no namespace")
        },
        Self("a decision is logged once a week, and only about a record of the namespace") { store in
            for number in 1...2 { try await store.insert(StoreSample.record(number, "text \(number)")) }
            let rows = [
                row(1, at: 10), row(1, at: 20), row(2, at: 20), row(7, at: 20), row(1, at: 20 + 604_800_000),
            ]
            _ = try await store.apply(.logDecisions(rows, namespace: "b"))
            try expectEqual(try await store.decisions(limit: 9), [], "rows about another tenant's records")
            _ = try await store.apply(.logDecisions(rows, namespace: "a"))
            let kept = [rows[4], rows[2], rows[0]]
            try expectEqual(try await store.decisions(limit: 9), kept, "the rows")
            for limit in 0...2 {
                try expectEqual(
                    try await store.decisions(limit: limit), Array(kept.prefix(limit)), "the newest \(limit)")
            }
        },
        Self("the first use or useful verdict after a decision is noted with it") { store in
            for number in 1...4 { try await store.insert(StoreSample.record(number, "text \(number)")) }
            _ = try await store.apply(.logDecisions((1...4).map { row($0, at: 1000) }, namespace: "a"))
            func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
            _ = try await store.apply(.use([StoreSample.id(1)], namespace: "a"), at: time(900))
            _ = try await store.apply(.use([StoreSample.id(1)], namespace: "a"), at: time(2000))
            _ = try await store.apply(.use([StoreSample.id(1)], namespace: "a"), at: time(3000))
            _ = try await store.apply(.feedback([StoreSample.id(2)], namespace: "a", .notUseful), at: time(2000))
            _ = try await store.apply(.feedback([StoreSample.id(2)], namespace: "a", .useful), at: time(4000))
            _ = try await store.apply(
                StoreSample.insert(StoreSample.record(9, "text 3"), onDuplicate: .skip), at: time(5000))
            let needed = try await store.decisions(limit: 9).map(\.firstNeededAt)
            try expectEqual(needed, [time(2000), time(4000), time(5000), nil], "when they were first needed")
        },
        Self("decisions about a forgotten record go with it, and old ones and those beyond the count by upkeep") {
            store in
            for number in 1...6 { try await store.insert(StoreSample.record(number, "text \(number)")) }
            _ = try await store.apply(.logDecisions((1...6).map { row($0, at: Int64($0)) }, namespace: "a"))
            _ = try await store.apply(.forget(.ids([StoreSample.id(6)]), namespace: "a"))
            try expectEqual(
                try await store.decisions(limit: 9).map(\.record), [5, 4, 3, 2, 1].map(StoreSample.id), "the rows")
            var (count, next): (Int, Int64?) = (0, 0)
            while next != nil {
                let step = try await store.upkeep(
                    .decisions(before: Timestamp(milliseconds: 2), countMax: 3), limit: 1)
                count += step.doneCount
                next = step.next
            }
            try expectEqual(count, 2, "how many went")
            try expectEqual(
                try await store.decisions(limit: 9).map(\.record), [5, 4, 3].map(StoreSample.id), "the rest")
        },
    ]

    private static func row(_ number: Int, at milliseconds: Int64) -> DecisionRow {
        DecisionRow(
            record: StoreSample.id(number), decidedAt: Timestamp(milliseconds: milliseconds), confidence: 0.25,
            promotes: number == 1, isShadow: number == 2, features: "{\"detail\":\(number)}")
    }
}
