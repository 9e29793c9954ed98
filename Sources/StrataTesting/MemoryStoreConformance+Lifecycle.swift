import StrataCore

extension MemoryStoreConformance {
    static let lifecycle: [Self] = [
        Self("a move starts time and uses in the layer anew and is logged with its reason") { store in
            let stored = try await store.insert(StoreSample.record(1, "one"))
            try expectEqual(stored.record.enteredLayerAt, StoreSample.time(1), "the first entry")
            _ = try await store.apply(.use([StoreSample.id(1)], namespace: "a"), at: StoreSample.time(5))
            guard
                case .updated(let moved, false) = try await store.apply(
                    .move(StoreSample.id(1), namespace: "a", to: .insights, reason: "used twice", ifChange: 1),
                    at: StoreSample.time(9))
            else { throw BrokenRule(description: "a move did not answer with the record") }
            try expectEqual(moved.record.layer, .insights, "the layer")
            try expectEqual(moved.record.enteredLayerAt, StoreSample.time(9), "the entry into the layer")
            try expectEqual(moved.record.layerUseCount, 0, "the uses in the layer")
            try expectEqual(moved.record.accessCount, 1, "the uses in all")
            let last = try await store.history(of: StoreSample.id(1), in: "a").last
            try expectEqual(last?.operation, .promoted, "the operation")
            try expectEqual(last?.reason, "used twice", "the reason")
            try expectEqual(last?.previous, ["layer": "interact"], "the old values")
            try expectError(
                .conflict,
                try await store.result(
                    of: .move(StoreSample.id(1), namespace: "a", to: .assets, reason: "late", ifChange: 1)),
                "a move of an older version")
            try expectError(
                .notFound,
                try await store.result(
                    of: .move(StoreSample.id(1), namespace: "b", to: .assets, reason: "other", ifChange: nil)),
                "a move in another namespace")
        },
        Self("a move by update starts time in the layer anew, any other update does not") { store in
            try await store.insert(StoreSample.record(1, "one"))
            for (patch, entered) in [
                (RecordPatch(importance: 0.9), StoreSample.time(1)), (RecordPatch(layer: .assets), StoreSample.time(9)),
            ] {
                guard
                    case .updated(let stored, _) = try await store.apply(
                        .update(StoreSample.id(1), namespace: "a", patch, content: nil, ifChange: nil),
                        at: StoreSample.time(9))
                else { throw BrokenRule(description: "an update did not answer with the record") }
                try expectEqual(stored.record.enteredLayerAt, entered, "the entry into the layer")
            }
        },
        Self("verdicts are counted once a call and write no change") { store in
            try await store.insert(StoreSample.record(1, "one"))
            let ids = [StoreSample.id(1), StoreSample.id(1), StoreSample.id(7)]
            for feedback in [Feedback.useful, .useful, .notUseful] {
                try expectEqual(
                    try await store.apply(.feedback(ids, namespace: "a", feedback)), .used(1), "the outcome")
            }
            let record = try await store.record(StoreSample.id(1), in: "a")?.record
            try expectEqual(record?.usefulCount, 2, "the useful verdicts")
            try expectEqual(record?.notUsefulCount, 1, "the other verdicts")
            try expectEqual(try await store.changes(since: 0, in: nil, limit: 9).count, 1, "the number of changes")
        },
        Self("a record that was used, judged, changed or pinned since is not discarded") { store in
            for number in 1...5 { try await store.insert(StoreSample.record(number, "text \(number)")) }
            let facts = try await store.lifecycleFacts(
                in: "a", layer: .interact, enteredBy: .latest, after: nil, limit: 9)
            let versions = facts.map(\.version)
            _ = try await store.apply(.use([StoreSample.id(1)], namespace: "a"))
            _ = try await store.apply(.feedback([StoreSample.id(2)], namespace: "a", .useful))
            for (id, patch) in [(3, RecordPatch(kind: "new")), (4, RecordPatch(pinned: true))] {
                _ = try await store.apply(
                    .update(StoreSample.id(id), namespace: "a", patch, content: nil, ifChange: nil))
            }
            guard
                case .forgotten(let receipt, let keys, _) = try await store.apply(
                    .discard(versions, namespace: "a", reason: "expired: late"))
            else { throw BrokenRule(description: "a removal did not answer with a receipt") }
            try expectEqual(receipt.ids, [StoreSample.id(5)], "what was discarded")
            try expectEqual(keys.count, 1, "the keys")
            let pinned = try await store.record(StoreSample.id(4), in: "a")
            let version = pinned.map { LifecycleFacts($0).version }
            _ = try await store.apply(.discard([version].compactMap { $0 }, namespace: "a", reason: "no"))
            try expect(try await store.record(StoreSample.id(4), in: "a") != nil, "a pinned record stays")
            let last = try await store.history(of: StoreSample.id(5), in: "a").last
            try expectEqual(last?.operation, .forgotten, "the last operation")
            try expectEqual(last?.reason, "expired: late", "the reason")
        },
        Self("what decides comes by layer, in the order of entry, without the pinned, in pages") { store in
            for number in [5, 2, 4, 1, 3] { try await store.insert(StoreSample.record(number, "text \(number)")) }
            try await store.insert(StoreSample.record(6, "text 6", layer: .assets))
            let pin = RecordPatch(pinned: true)
            _ = try await store.apply(
                .update(StoreSample.id(2), namespace: "a", pin, content: nil, ifChange: nil))
            var (found, position): ([RecordID], LifecyclePosition?) = ([], nil)
            repeat {
                let page = try await store.lifecycleFacts(
                    in: "a", layer: .interact, enteredBy: StoreSample.time(4), after: position, limit: 2)
                found += page.map(\.id)
                position = page.last?.position
            } while position != nil
            try expectEqual(found, [1, 3, 4].map(StoreSample.id), "the order")
            let none = try await store.lifecycleFacts(
                in: "b", layer: .interact, enteredBy: .latest, after: nil, limit: 9)
            try expectEqual(none, [], "another namespace")
        },
        Self("saved texts are replaced, dropped and found by name") { store in
            try expectEqual(try await store.savedText(named: "job"), nil, "a text that was never saved")
            for text in ["one", "two"] { _ = try await store.apply(.save(text, named: "job")) }
            try expectEqual(try await store.savedText(named: "job"), "two", "the saved text")
            _ = try await store.apply(.save(nil, named: "job"))
            try expectEqual(try await store.savedText(named: "job"), nil, "the dropped text")
            try expectEqual(try await store.changes(since: 0, in: nil, limit: 9), [], "the changes")
        },
        Self("old history goes, the last change of a namespace stays, and sound data has no orphans") { store in
            for number in 1...4 {
                let record = StoreSample.record(number, "text \(number)", in: number == 1 ? "b" : "a")
                _ = try await store.apply(StoreSample.insert(record), at: StoreSample.time(Int64(number)))
            }
            var next: Int64? = 0
            while next != nil {
                next = try await store.upkeep(.history(before: StoreSample.time(4)), limit: 2).next
            }
            let left = try await store.changes(since: 0, in: nil, limit: 9)
            try expectEqual(left.map(\.record), [1, 4].map(StoreSample.id), "whose changes are left")
            let orphans = try await store.upkeep(.orphans(after: 0), limit: 100)
            try expectEqual(orphans, UpkeepOutcome(doneCount: 0, next: nil), "the orphans")
            try expectEqual(try await store.statistics(in: nil, space: nil).recordCount, 4, "the records")
        },
    ]
}
