import Foundation
import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct RecordsTests {
    @Test func anUpdateIsFoundByItsNewWordsOnly() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let old = try await engine.remember(NewMemory("the repair is on Wednesday", speaker: "Nora")).record
        let new = try await engine.update(
            old.id, RecordPatch(text: "the repair is on Thursday", tags: ["moved", "moved"]))
        #expect(new.text == "the repair is on Thursday")
        #expect(new.tags == ["moved"])
        #expect(new.change > old.change)
        let hit = try #require(try await engine.recall("Thursday").first)
        #expect(hit.record.id == old.id)
        #expect((hit.parts.first { $0.name == .keyword }?.raw ?? 0) > 0)
        let gone = try #require(try await engine.recall("Wednesday").first)
        #expect(gone.parts.first { $0.name == .keyword }?.raw == 0)
        let history = try await engine.history(of: old.id)
        #expect(history.map(\.operation) == [.remembered, .updated])
        #expect(history.last?.previous["text"] == "the repair is on Wednesday")
        try await engine.close()
    }

    @Test func anUpdateThatFindsTheModelBusyChangesNothingAndOneThatFindsItBrokenKeepsTheText() async throws {
        let scratch = try Scratch()
        let embedder = SeededEmbedder()
        let engine = try await openEngine(at: scratch.path, embedder: embedder)
        let old = try await engine.remember("the repair is on Wednesday").record
        embedder.fail(with: StrataError(.overloaded, "busy", isRetryable: true))
        let busy = await #expect(throws: StrataError.self) {
            try await engine.update(old.id, RecordPatch(text: "the repair is on Thursday"))
        }
        #expect(busy?.code == .overloaded)
        #expect(try await engine.get(old.id) == old)
        #expect(try await engine.stats().vectorMissingCount == 0)
        embedder.fail(with: StrataError(.inferenceFailed, "broken"))
        let new = try await engine.update(old.id, RecordPatch(text: "the repair is on Friday"))
        #expect(new.text == "the repair is on Friday")
        #expect(try await engine.stats().vectorMissingCount == 1)
        try await engine.close()
    }

    @Test func aStaleWriterIsToldAndChangesNothing() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let record = try await engine.remember("version one").record
        let second = try await engine.update(record.id, RecordPatch(importance: 0.9), ifChange: record.change)
        let error = await #expect(throws: StrataError.self) {
            try await engine.update(record.id, RecordPatch(text: "version three"), ifChange: record.change)
        }
        #expect(error?.code == .conflict)
        #expect(try await engine.get(record.id) == second)
        let missing = await #expect(throws: StrataError.self) {
            try await engine.update(RecordID(high: 1, low: 1), RecordPatch(importance: 0.1))
        }
        #expect(missing?.code == .notFound)
        await #expect(throws: StrataError.self) { try await engine.update(record.id, RecordPatch()) }
        try await engine.close()
    }

    @Test func promotionDemotionAndPinsAreChangesWithTheirNames() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let id = try await engine.remember("keep this").record.id
        #expect(try await engine.move(id, to: .assets).layer == .assets)
        #expect(try await engine.recall("keep this", options: RecallOptions(layers: [.assets])).count == 1)
        #expect(try await engine.recall("keep this", options: RecallOptions(layers: [.interact])).isEmpty)
        #expect(try await engine.move(id, to: .insights).layer == .insights)
        #expect(try await engine.pin(id).pinned)
        let operations = try await engine.history(of: id).map(\.operation)
        #expect(operations == [.remembered, .promoted, .demoted, .updated])
        try await engine.close()
    }

    @Test func whatIsForgottenIsGoneEverywhereAndTheReceiptSaysWhatItWas() async throws {
        let scratch = try Scratch()
        var engine = try await openEngine(at: scratch.path)
        let secret = "the spare key is under the terracotta pot"
        let id = try await engine.remember(NewMemory(secret, tags: ["secret"])).record.id
        _ = try await engine.remember("the bins go out on Tuesday")
        _ = try await engine.update(id, RecordPatch(text: secret + " by the door"))
        let receipt = try await engine.forget(.filter(.tagsAny(["secret"])))
        #expect(receipt.ids == [id])
        #expect(receipt.recordCount == 1)
        #expect(receipt.vectorCount == 1)
        #expect(receipt.keywordCount == 1)
        #expect(receipt.historyCount == 1)
        #expect(try await engine.get(id) == nil)
        #expect(try await engine.recall("terracotta pot key").allSatisfy { $0.record.id != id })
        let history = try await engine.history(of: id)
        #expect(history.last?.operation == .forgotten)
        #expect(history.allSatisfy { $0.previous.isEmpty })
        let again = try await engine.forget(.ids([id]))
        #expect(again.recordCount == 0)
        try await engine.close()
        engine = try await openEngine(at: scratch.path)
        #expect(try await engine.recall("terracotta pot key").allSatisfy { $0.record.id != id })
        #expect(try await engine.stats().store.recordCount == 1)
        try await engine.close()
    }

    @Test func pagesCoverEveryRecordOnceWhileOthersComeAndGo() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let results = try await engine.remember((0..<95).map { NewMemory("entry \($0)") })
        let expected = try results.map { try $0.get().record.id }
        var seen: [RecordID] = []
        var cursor: String?
        repeat {
            let page = try await engine.list(cursor: cursor, limit: 10)
            seen += page.records.map(\.id)
            cursor = page.nextCursor
            if seen.count == 30 { try await engine.forget(.ids([expected[5]])) }
        } while cursor != nil
        #expect(seen == expected)
        await #expect(throws: StrataError.self) { try await engine.list(cursor: "not a cursor!") }
        try await engine.close()
    }

    @Test func theChangeFeedTellsThePastAndThenWhatComesUntilTheEngineIsClosed() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let first = try await engine.remember("before").record
        let reader = Task {
            var seen: [RecordID] = []
            for try await change in engine.changeFeed(since: 0) { seen.append(change.record) }
            return seen
        }
        let second = try await engine.remember("after").record
        let third = try await engine.remember("last", in: "other").record
        var feed = engine.changeFeed(since: 0, in: "other").makeAsyncIterator()
        #expect(try await feed.next()?.record == third.id)
        try await engine.close()
        let seen = try await reader.value
        #expect([first.id, second.id, third.id].starts(with: seen))
    }

    @Test func aReaderWaitsForTheNextChangeAndCanGiveUp() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let first = try await engine.remember("before").record
        let waiting = Task {
            var feed = engine.changeFeed(since: first.change).makeAsyncIterator()
            return try await feed.next()
        }
        let second = try await engine.remember("after").record
        #expect(try await waiting.value?.record == second.id)
        let idle = Task {
            var feed = engine.changeFeed(since: second.change).makeAsyncIterator()
            return try await feed.next()
        }
        idle.cancel()
        await #expect(throws: CancellationError.self) { try await idle.value }
        try await engine.close()
    }

    @Test func oneProcessOwnsADirectoryUntilItCloses() async throws {
        let scratch = try Scratch()
        let owner = try await openEngine(at: scratch.path)
        let error = await #expect(throws: StrataError.self) { try await openEngine(at: scratch.path) }
        #expect(error?.code == .locked)
        #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
        try await owner.remember("still mine")
        try await owner.close()
        let next = try await openEngine(at: scratch.path)
        #expect(try await next.stats().store.recordCount == 1)
        try await next.close()
    }

    @Test func aClosedEngineSaysSo() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        try await engine.close()
        let write = await #expect(throws: StrataError.self) { try await engine.remember("x") }
        #expect(write?.code == .closed)
        let read = await #expect(throws: StrataError.self) { try await engine.recall("x") }
        #expect(read?.code == .closed)
    }

    @Test func aDamagedDatabaseIsNamedAndLeftAsItIs() async throws {
        let scratch = try Scratch()
        let file = scratch.path + "/strata.sqlite"
        let junk = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
        try junk.write(to: URL(filePath: file))
        let error = await #expect(throws: StrataError.self) { try await openEngine(at: scratch.path) }
        #expect(error?.code == .corrupted)
        #expect(try Data(contentsOf: URL(filePath: file)) == junk)
    }
}
