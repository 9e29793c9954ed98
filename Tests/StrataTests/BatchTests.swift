import Foundation
import StrataCore
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// A way to wait that a test opens by hand.
private final class Gate: Sendable {
    private struct State {
        var delays: [Duration] = []
        var waiting: [CheckedContinuation<Void, any Error>] = []
        var isOpen = false
    }
    private let state = Mutex(State())

    /// Every delay that was asked for.
    var delays: [Duration] { state.withLock { $0.delays } }

    func sleep(_ duration: Duration) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let isOpen = state.withLock { state in
                state.delays.append(duration)
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    /// Lets everyone through, from now on.
    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

@Suite struct BatchTests {
    private func open(
        _ path: String, gate: Gate, configure: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> MemoryEngine {
        try await openEngine(at: path) { configuration in
            configuration.environment.sleep = gate.sleep
            configure(&configuration)
        }
    }

    @Test func aBatchIsWrittenWhenItIsFullAndNotBefore() async throws {
        let scratch = try Scratch()
        let gate = Gate()
        let engine = try await open(scratch.path, gate: gate) { $0.batches.countMax = 4 }
        let first = try await engine.batch().layer(.insights).add("one").add("two").layer(.assets).add("three").submit()
        #expect(try await engine.batchStatistics().pendingCount == 3)
        #expect(try await engine.stats().store.recordCount == 0)
        let second = try await engine.batch().add("four").submit()
        let outcomes = try await first.outcomes().map { try $0.get().record }
        #expect(outcomes.map(\.text) == ["one", "two", "three"])
        #expect(outcomes.map(\.layer) == [.insights, .insights, .assets])
        #expect(try await second.outcomes()[0].get().record.layer == .interact)
        let statistics = try await engine.batchStatistics()
        #expect(statistics.batchCount == 3 && statistics.storedCount == 4 && statistics.pendingCount == 0)
        gate.open()
        try await engine.close()
    }

    @Test func aBatchIsWrittenWhenItsTimeHasPassed() async throws {
        let scratch = try Scratch()
        let gate = Gate()
        let engine = try await open(scratch.path, gate: gate)
        let ticket = try await engine.batch().add("one").submit()
        gate.open()
        #expect(try await ticket.outcomes()[0].get().status == .stored)
        #expect(gate.delays.first == .seconds(5))
        try await engine.close()
    }

    @Test func closingWritesWhatWaits() async throws {
        let scratch = try Scratch()
        let gate = Gate()
        let engine = try await open(scratch.path, gate: gate)
        let ticket = try await engine.batch().add(contentsOf: (0..<50).map { "text \($0)" }).submit()
        try await engine.close()
        #expect(await ticket.outcomes().allSatisfy { (try? $0.get()) != nil })
        await #expect(throws: StrataError.self) { try await engine.batch().add("late").submit() }
        let again = try await openEngine(at: scratch.path)
        #expect(try await again.stats().store.recordCount == 50)
        try await again.close()
        gate.open()
    }

    @Test func eachRecordHasItsOwnOutcomeAndAFailureIsADeadLetterThatCanBeReplayed() async throws {
        let scratch = try Scratch()
        let gate = Gate()
        gate.open()
        let engine = try await open(scratch.path, gate: gate)
        let taken = try await engine.remember("taken").record.id
        let clash = NewMemory("another text", id: taken, tags: ["t"], metadata: ["k": 1.5])
        let outcomes = try await engine.batch().add("good").add("  ").add(clash).add("good").submit().outcomes()
        #expect(try outcomes[0].get().status == .stored)
        #expect(try outcomes[3].get().status == .duplicate)
        let letters = try await engine.deadLetters()
        #expect(letters.map(\.errorCode) == ["invalid_argument", "conflict"])
        #expect(letters[1].memory == clash && letters[1].attemptCount == 1)
        // What is wrong for good is not tried again on its own.
        #expect(try await engine.batchStatistics().retryCount == 0)
        try await engine.close()

        let again = try await openEngine(at: scratch.path)
        #expect(try await again.deadLetters() == letters)
        try await again.forget(.ids([taken]))
        // The letter bears the id that was forgotten.
        #expect(try await again.deadLetters().map(\.errorCode) == ["invalid_argument"])
        #expect(try await again.replayDeadLetters().count == 1)
        #expect(try await again.dropDeadLetters(["nothing"]) == 0)
        #expect(try await again.dropDeadLetters() == 1)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/dead-letters.jsonl"))
        try await again.close()
    }

    @Test func aReplayedLetterThatIsStoredLeavesTheLetters() async throws {
        let scratch = try Scratch()
        let gate = Gate()
        gate.open()
        let engine = try await open(scratch.path, gate: gate)
        let taken = try await engine.remember("taken").record.id
        _ = try await engine.batch().add(NewMemory("kept", id: taken)).submit().outcomes()
        try await engine.update(taken, RecordPatch(text: "kept"))
        let replayed = try await engine.replayDeadLetters()
        #expect(try replayed[0].outcome.get().record.id == taken)
        #expect(try await engine.deadLetters().isEmpty)
        try await engine.close()
    }

    @Test(arguments: [0, 1, 2, 3]) func forgettingReachesTheDeadLetters(way: Int) async throws {
        let scratch = try Scratch()
        let gate = Gate()
        gate.open()
        let engine = try await open(scratch.path, gate: gate)
        let taken = try await engine.remember("taken").record.id
        let secret = try await engine.remember("the secret word").record.id
        _ = try await engine.batch().add(NewMemory("the secret word", id: taken, tags: ["s"])).add("  ").submit()
            .outcomes()
        #expect(try await engine.deadLetters().count == 2)
        switch way {
        case 0: try await engine.forget(.ids([taken]))
        case 1: try await engine.forget(.filter(.tagsAny(["s"])))
        case 2: try await engine.forget(.everything)
        default: try await engine.forget(.ids([secret]))
        }
        #expect(try await engine.deadLetters().allSatisfy { $0.memory.text == "  " })
        let file = try? String(contentsOfFile: scratch.path + "/dead-letters.jsonl", encoding: .utf8)
        #expect(file?.contains("secret") != true)
        try await engine.close()
    }

    @Test func whatMaySucceedLaterIsTriedAgainWithGrowingDelays() async throws {
        let scratch = try Scratch()
        let gate = Gate()
        gate.open()
        let failures = Mutex(3)
        let options = BatchOptions()
        let writer = BatchWriter(
            options: options,
            environment: EngineEnvironment(
                now: { Timestamp(milliseconds: 0) }, randomBits: { .max }, sleep: gate.sleep),
            deadLetters: DeadLetterFile(path: scratch.path + "/dead")
        ) { memories, _, _ in
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            let error = StrataError(.storageFailure, "the disk is full", isRetryable: fails)
            return memories.map { _ in .failure(error) }
        }
        let ticket = try await writer.submit([NewMemory("one")], in: "a", onDuplicate: .skip)
        await writer.close()
        let outcomes = await ticket.outcomes()
        #expect(throws: StrataError.self) { try outcomes[0].get() }
        // The first delay is that of the timer.
        let delays = gate.delays.filter { $0 < .seconds(1) }
        #expect(delays.count == 3)
        for (delay, expected) in zip(delays, [100, 200, 400]) {
            #expect(abs(delay / .milliseconds(1) - Double(expected)) < 0.01)
        }
        #expect(await writer.statistics().retryCount == 3)
        #expect(try await DeadLetterFile(path: scratch.path + "/dead").letters().map(\.attemptCount) == [4])
    }

    @Test func delaysGrowAndAreJitteredWithinBounds() {
        let policy = RetryPolicy()
        for bits in [0, 1 << 40, UInt64.max] {
            for attempt in 1..<policy.attemptCountMax {
                let full = min(policy.delayMax, policy.delayFirst * (1 << (attempt - 1)))
                let delay = policy.delay(after: attempt, bits: bits) ?? .zero
                #expect(delay >= full * 0.5 && delay <= full)
            }
            #expect(policy.delay(after: policy.attemptCountMax, bits: bits) == nil)
        }
    }

    @Test func whoeverHandsInMoreThanThereIsRoomForWaits() async throws {
        let scratch = try Scratch()
        let gate = Gate()
        let engine = try await open(scratch.path, gate: gate) {
            $0.batches.countMax = 100
            $0.batches.pendingCountMax = 20
        }
        // Ten calls of ten: room for two at a time, and none waits for the timer, which never fires here.
        let tickets = try await withThrowingTaskGroup { group in
            for call in 0..<10 {
                group.addTask {
                    try await engine.batch().add(contentsOf: (0..<10).map { "text \(call) \($0)" }).submit()
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await engine.flushBatches()
        for ticket in tickets { #expect(await ticket.outcomes().allSatisfy { (try? $0.get()) != nil }) }
        #expect(try await engine.stats().store.recordCount == 100)
        try await engine.close()
        gate.open()
    }

    @Test(arguments: Seeds.ci) func groupingKeepsEveryRecordOnceInItsOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = BatchQueue(countMax: 7)
        let ticket = BatchTicket(count: 1000)
        var submitted: [BatchQueue.Entry] = []
        var taken: [BatchQueue.Entry] = []
        for position in 0..<200 {
            let entry = BatchQueue.Entry(
                memory: NewMemory("\(position)", layer: Layer.allCases.randomElement(using: &random) ?? .assets),
                namespace: ["a", "b", "e\u{301}", "\u{e9}"].randomElement(using: &random) ?? "a", onDuplicate: .skip,
                submittedAt: Timestamp(milliseconds: 0), ticket: ticket, position: position)
            submitted.append(entry)
            let wasEmpty = queue.count == 0
            let action = queue.add([entry])
            #expect(action == (queue.count >= 7 ? .flush : wasEmpty ? .startTimer : .none))
            guard action == .flush || Int.random(in: 0..<9, using: &random) == 0 else { continue }
            for batch in queue.takeBatches() {
                #expect(batch.count <= 7)
                #expect(batch.allSatisfy { $0.memory.layer == batch[0].memory.layer })
                #expect(batch.allSatisfy { $0.namespace.utf8.elementsEqual(batch[0].namespace.utf8) })
                #expect(zip(batch, batch.dropFirst()).allSatisfy { $0.position < $1.position })
                taken += batch
            }
            #expect(queue.count == 0)
        }
        taken += queue.takeBatches().flatMap { $0 }
        #expect(taken.map(\.position).sorted() == submitted.map(\.position))
    }

    @Test func manyQueriesAnswerAsOneByOne() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        for number in 0..<30 { try await engine.remember(NewMemory("text \(number) about topic \(number % 5)")) }
        let queries = ["topic 3", "text 7", "nothing at all"]
        let options = RecallOptions(countsUse: false)
        let many = try await engine.recall(queries + ["  "], options: options)
        for (query, answer) in zip(queries, many) {
            let alone = try await engine.recall(query, options: options)
            #expect(try answer.get().hits == alone.hits)
        }
        #expect(throws: StrataError.self) { try many[3].get() }
        try await engine.close()
    }

    @Test func manyTargetsAreForgottenTogetherEachWithItsReceipt() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let ids = try await engine.remember((0..<6).map { NewMemory("text \($0)", tags: [$0 < 3 ? "low" : "high"]) })
            .map { try $0.get().record.id }
        let deep = (0..<80).reduce(Filter.all([])) { filter, _ in .not(filter) }
        let receipts = try await engine.forget([.ids([ids[5]]), .filter(deep), .filter(.tagsAny(["low"]))])
        #expect(try receipts[0].get().ids == [ids[5]])
        #expect(throws: StrataError.self) { try receipts[1].get() }
        #expect(try receipts[2].get().recordCount == 3)
        #expect(try await engine.list().records.map(\.id) == [ids[3], ids[4]])
        try await engine.close()
    }

    @Test func aBufferedMemoryIsWrittenSoonAndAtTheLatestAtTheEnd() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        var ids: [RecordID] = []
        for number in 0..<200 {
            let outcome = try await engine.remember(NewMemory("text \(number)"), ack: .buffered)
            #expect(outcome.status == .accepted)
            ids.append(outcome.record.id)
        }
        try await engine.close()
        let again = try await openEngine(at: scratch.path)
        #expect(try await again.list(limit: 1000).records.map(\.id) == ids)
        try await again.close()
    }

    @Test func aBufferedMemoryThatCannotBeWrittenIsCountedAndKept() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let taken = try await engine.remember("taken").record.id
        _ = try await engine.remember(NewMemory("another", id: taken), ack: .buffered)
        await #expect(throws: StrataError.self) { try await engine.remember("  ", ack: .buffered) }
        // A durable write behind it is answered after it.
        try await engine.remember("behind")
        let writes = try await engine.stats().writes
        #expect(writes == WriteStatistics(bufferedCount: 0, bufferedFailedCount: 1, lastFailureCode: "conflict"))
        try await engine.close()
        let again = try await openEngine(at: scratch.path)
        #expect(try await again.deadLetters().map(\.memory.text) == ["another"])
        try await again.close()
    }
}
