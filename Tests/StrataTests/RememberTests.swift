import Foundation
import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct RememberTests {
    @Test func whatIsRememberedIsRecalledAndSurvivesReopening() async throws {
        let scratch = try Scratch()
        var engine = try await openEngine(at: scratch.path)
        let outcome = try await engine.remember(
            NewMemory(
                "The user prefers metric units.", speaker: "Nora", kind: "preference", tags: ["units", "units"],
                session: "s1", metadata: ["confidence": 0.9]))
        #expect(outcome.status == .stored)
        #expect(outcome.record.tags == ["units"])
        #expect(outcome.degradations.isEmpty)
        #expect(try await engine.recall("Which units?").first?.record == outcome.record)
        try await engine.close()
        engine = try await openEngine(at: scratch.path)
        let found = try #require(try await engine.recall("metric units").first?.record)
        #expect(found.id == outcome.record.id)
        #expect(found.metadata == ["confidence": 0.9])
        #expect(found.accessCount == 1)
        try await engine.close()
    }

    @Test func theSameTextAgainIsTheSameMemoryAndCountsAsAUse() async throws {
        let scratch = try Scratch()
        let embedder = SeededEmbedder()
        let engine = try await openEngine(at: scratch.path, embedder: embedder)
        let first = try await engine.remember("Bean is my brother.")
        let again = try await engine.remember("Bean is my brother.")
        #expect(again.status == .duplicate)
        #expect(again.record.id == first.record.id)
        #expect(again.record.accessCount == 1)
        #expect(embedder.embeddedTexts == [["Bean is my brother."]])
        let elsewhere = try await engine.remember("Bean is my brother.", in: "other")
        #expect(elsewhere.status == .stored)
        let bySomebodyElse = try await engine.remember(NewMemory("Bean is my brother.", speaker: "Nora"))
        #expect(bySomebodyElse.status == .stored)
        try await engine.close()
    }

    @Test(arguments: MemoryRecord.Source.allCases)
    func aRepeatCountsAsAUseOnlyWhenItIsEvidence(source: MemoryRecord.Source) async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        _ = try await engine.remember(NewMemory("the hut has no cutlery", source: source))
        let again = try await engine.remember(NewMemory("the hut has no cutlery", source: source))
        #expect(again.status == .duplicate)
        #expect(again.record.accessCount == (source == .import || source == .recall ? 0 : 1))
        try await engine.close()
        let bytes = try FileManager.default.attributesOfItem(atPath: scratch.path + "/strata.sqlite")[.size] as? Int
        #expect(try #require(bytes) > 4096, "a closed memory is in its one file")
    }

    @Test func repeatsWithinOneCallAreDuplicatesOfTheFirst() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let results = try await engine.remember(["one", "two", "one"])
        let outcomes = try results.map { try $0.get() }
        #expect(outcomes.map(\.status) == [.stored, .stored, .duplicate])
        #expect(outcomes[2].record.id == outcomes[0].record.id)
        try await engine.close()
    }

    @Test func aDuplicateCanBeKeptLinkedOrTakeOver() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let first = try await engine.remember(NewMemory("water the plants", importance: 0.2)).record
        let kept = try await engine.remember("water the plants", onDuplicate: .keep).record
        #expect(kept.id != first.id)
        #expect(kept.duplicateOf == nil)
        let linked = try await engine.remember("water the plants", onDuplicate: .link).record
        #expect(linked.duplicateOf == first.id)
        let replaced = try await engine.remember(
            NewMemory("water the plants", layer: .assets, importance: 0.9), onDuplicate: .replace)
        #expect(replaced.status == .replaced)
        #expect(replaced.record.id == first.id)
        #expect(replaced.record.importance == 0.9)
        #expect(replaced.record.layer == .assets)
        try await engine.close()
    }

    @Test func aNearDuplicateIsLinkedAndNotLost() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path) { $0.nearDuplicates?.cosineMin = 0.9 }
        let text = "the red kettle on the stove whistles every single morning before breakfast starts"
        let first = try await engine.remember(NewMemory(text)).record
        let near = try await engine.remember(NewMemory(text + " again")).record
        #expect(near.id != first.id)
        #expect(near.duplicateOf == first.id)
        let far = try await engine.remember("a train leaves for the coast at nine").record
        #expect(far.duplicateOf == nil)
        let results = try await engine.remember([
            "an entirely different long sentence about painting old wooden window frames white",
            "an entirely different long sentence about painting old wooden window frames white today",
        ])
        let records = try results.map { try $0.get().record }
        #expect(records[1].duplicateOf == records[0].id)
        try await engine.forget(.ids([first.id]))
        #expect(try await engine.get(near.id)?.duplicateOf == nil)
        try await engine.close()
    }

    @Test func anIdOfTheCallersOwnMakesAWriteIdempotentAndNeverHidesOtherContent() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let id = RecordID(high: 7, low: 7)
        _ = try await engine.remember(NewMemory("mine", id: id))
        #expect(try await engine.remember(NewMemory("mine", id: id)).status == .duplicate)
        await #expect(throws: StrataError.self) { try await engine.remember(NewMemory("not mine", id: id)) }
        await #expect(throws: StrataError.self) { try await engine.remember(NewMemory("mine", id: id), in: "other") }
        #expect(try await engine.get(id)?.text == "mine")
        try await engine.close()
    }

    @Test func aStreamIsStoredInBatchesWithItsProgress() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let (stream, feed) = AsyncStream.makeStream(of: NewMemory.self)
        for index in 0..<25 { feed.yield(NewMemory(index == 24 ? " " : "memory number \(index % 20)")) }
        feed.finish()
        var counts: [Int] = []
        var last: RememberProgress?
        for try await progress in engine.remember(contentsOf: stream, batchCount: 10) {
            counts.append(progress.batch.count)
            last = progress
        }
        #expect(counts == [10, 10, 5])
        #expect(last?.storedCount == 20)
        #expect(last?.duplicateCount == 4)
        #expect(last?.refusedCount == 1)
        try await engine.close()
    }

    @Test func manyCallersAtOnceAllGetTheirOwnAnswer() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let ids = try await withThrowingTaskGroup(of: (Int, RecordID).self) { group in
            for index in 0..<200 {
                group.addTask { (index, try await engine.remember(NewMemory("fact number \(index)")).record.id) }
            }
            return try await group.reduce(into: [Int: RecordID]()) { $0[$1.0] = $1.1 }
        }
        #expect(Set(ids.values).count == 200)
        for (index, id) in ids { #expect(try await engine.get(id)?.text == "fact number \(index)") }
        try await engine.close()
    }

    @Test(arguments: [
        (NewMemory(""), StrataError.Code.invalidArgument), (NewMemory(" \n\t\u{3000}"), .invalidArgument),
        (NewMemory(String(repeating: "x", count: 10 << 20)), .tooLarge), (NewMemory("a\0b"), .invalidArgument),
        (NewMemory("x", kind: ""), .invalidArgument), (NewMemory("x", tags: ["a\nb"]), .invalidArgument),
        (NewMemory("x", tags: Array(repeating: "t", count: 65)), .tooLarge),
        (NewMemory("x", session: String(repeating: "s", count: 257)), .tooLarge),
        (NewMemory("x", metadata: ["n": .number(.nan)]), .invalidArgument),
        (NewMemory("x", metadata: ["n": .string(String(repeating: "m", count: 70_000))]), .tooLarge),
        (NewMemory("x", importance: 1.5), .invalidArgument), (NewMemory("x", importance: .nan), .invalidArgument),
        (NewMemory("x", vector: [1, 2]), .dimensionMismatch),
        (NewMemory("x", vector: Array(repeating: .nan, count: 32)), .invalidVector),
        (NewMemory("x", vector: [.infinity] + Array(repeating: 0, count: 31)), .invalidVector),
        (NewMemory("x", vector: Array(repeating: 0, count: 32)), .invalidVector),
    ])
    func badInputIsRefusedWithItsReasonAndChangesNothing(memory: NewMemory, code: StrataError.Code) async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let error = await #expect(throws: StrataError.self) { try await engine.remember(memory) }
        #expect(error?.code == code)
        #expect(try await engine.stats().store.recordCount == 0)
        #expect(try await engine.changes(since: 0).isEmpty)
        try await engine.close()
    }

    @Test(arguments: ["", "a\u{7}b", String(repeating: "n", count: 300)])
    func aBadNamespaceIsRefusedEverywhere(namespace: String) async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        await #expect(throws: StrataError.self) { try await engine.remember("x", in: namespace) }
        await #expect(throws: StrataError.self) { try await engine.recall("x", in: namespace) }
        await #expect(throws: StrataError.self) { try await engine.list(in: namespace) }
        await #expect(throws: StrataError.self) { try await engine.forget(.everything, in: namespace) }
        await #expect(throws: StrataError.self) { try await engine.get(RecordID(high: 0, low: 0), in: namespace) }
        try await engine.close()
    }
}
