import Strata
import StrataCore
import StrataTesting
import Synchronization
import Testing

@Suite struct LifecycleTests {
    private let hour = Duration.seconds(3600)

    private func open(
        _ scratch: Scratch, _ clock: ManualClock, configure: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> MemoryEngine {
        try await openEngine(at: scratch.path, clock: clock, seed: UInt64(clock.now.milliseconds)) {
            $0.lifecycle.catchUpAfter = nil
            $0.lifecycle.learned.mode = .rules
            configure(&$0)
        }
    }

    @Test func aDueRecordIsFoundUntilItIsRemovedAndThenLeavesATraceWithItsReason() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let engine = try await open(scratch, clock)
        let id = try await engine.remember("the ferry leaves at noon").record.id
        clock.advance(by: hour * 47)
        #expect(try await engine.promote().expiredCount == 0)
        #expect(try await engine.recall("ferry").map(\.record.id) == [id])
        clock.advance(by: hour)
        let report = try await engine.promote()
        #expect(report.expiredCounts == [.interact: 1] && report.isComplete)
        #expect(try await engine.recall("ferry").isEmpty)
        let last = try await engine.history(of: id).last
        #expect(last?.operation == .forgotten)
        #expect(last?.reason?.hasPrefix("expired: 48 h in interact, at most 48 h") == true)
        try await engine.close()
    }

    @Test func aDryRunTellsEveryDecisionAndChangesNothing() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let engine = try await open(scratch, clock)
        let old = try await engine.remember("old and unused").record.id
        clock.advance(by: hour * 24)
        let vital = try await engine.remember(NewMemory("the safe's place", importance: 0.9)).record.id
        let kept = try await engine.remember("nothing special").record.id
        clock.advance(by: hour * 24)
        let change = try await engine.stats().store.change
        let decisions = Mutex<[RecordID: LifecycleDecision]>([:])
        let report = try await engine.promote(dryRun: true) { decision in
            decisions.withLock { $0[decision.id] = decision }
        }
        let told = decisions.withLock { $0 }
        #expect(told[old]?.action == .expire && told[vital]?.action == .promote && told[kept]?.action == .keep)
        #expect(told[vital]?.target == .insights && told[kept]?.removalAt == clock.now + hour * 24)
        #expect(told.values.allSatisfy { !$0.reasons.isEmpty })
        #expect(report.isDryRun && report.candidateCount == 3 && report.expiredCount == 1)
        #expect(try await engine.stats().store.change == change)
        try await engine.close()
    }

    @Test func aPromotionIsInTheHistoryAndCanBeUndoneAfterARestartForGood() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        var engine = try await open(scratch, clock)
        let id = try await engine.remember(NewMemory("the safe's place", importance: 0.9)).record.id
        clock.advance(by: hour * 24)
        #expect(try await engine.promote().promotedCounts == [.interact: 1])
        let change = try #require(try await engine.history(of: id).last)
        #expect(change.operation == .promoted && change.reason?.hasPrefix("rule important:") == true)
        #expect(try await engine.recall("safe", options: RecallOptions(layers: [.insights])).count == 1)
        try await engine.close()
        engine = try await open(scratch, clock)
        #expect(try await engine.undoMove(change: change.number).layer == .interact)
        #expect(try await engine.history(of: id).last?.reason == "undo of change \(change.number)")
        #expect(try await engine.recall("safe", options: RecallOptions(layers: [.interact])).count == 1)
        // Its time in the layer began anew, so the next cycle leaves it alone, and undoing the undo is a move like any.
        #expect(try await engine.promote().candidateCount == 0)
        #expect(try await engine.undoMove(of: id).layer == .insights)
        await expectError(.conflict) { _ = try await engine.undoMove(change: change.number) }
        await expectError(.invalidArgument) { _ = try await engine.undoMove(change: 1) }
        await expectError(.notFound) { _ = try await engine.undoMove(change: 999) }
        try await engine.close()
    }

    @Test func usesAndVerdictsSurviveARestartAndRaiseOrLowerTheValue() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        var engine = try await open(scratch, clock)
        let id = try await engine.remember("the ferry leaves at noon").record.id
        let before = try await engine.value(of: id)
        for _ in 0..<3 { _ = try await engine.recall("ferry") }
        try await engine.feedback(id, .useful)
        try await engine.close()
        engine = try await open(scratch, clock)
        let record = try #require(try await engine.get(id))
        #expect(record.accessCount == 3 && record.layerUseCount == 3 && record.usefulCount == 1)
        let after = try await engine.value(of: id)
        #expect(after > before)
        for _ in 0..<3 { try await engine.feedback(id, .notUseful) }
        #expect(try await engine.value(of: id) < after)
        await expectError(.notFound) {
            _ = try await engine.feedback(RecordID(high: 1, low: 1), .useful)
        }
        try await engine.close()
    }

    @Test func aFullLayerWarnsFirstAndThenLosesItsLeastValuableUnpinnedRecords() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let told = Mutex<[EngineEvent]>([])
        let engine = try await open(scratch, clock) {
            $0.lifecycle.recordCountMaxByNamespace = ["small": [.interact: 10]]
            $0.background.onEvent = { event in told.withLock { $0.append(event) } }
        }
        func remember(_ range: Range<Int>) async throws {
            let memories = range.map { number in
                NewMemory("note \(number)", importance: Double(number) / 20, pinned: number == 0)
            }
            for outcome in try await engine.remember(memories, in: "small") { _ = try outcome.get() }
            for outcome in try await engine.remember(memories, in: "large") { _ = try outcome.get() }
        }
        try await remember(0..<9)
        #expect(try await engine.cleanUp().evictedCount == 0)
        try await engine.cleanUp()
        #expect(told.withLock { $0.map(\.code) } == ["layer_nearly_full"])
        #expect(engine.recentEvents.first?.message.contains("9 of at most 10") == true)
        #expect(try await engine.stats(in: "small").layers.first?.share == 0.9)
        try await remember(9..<14)
        #expect(try await engine.cleanUp().evictedCounts == [.interact: 4])
        let left = try await engine.list(in: "small").records.map(\.text)
        #expect(Set(left) == Set(([0] + Array(5..<14)).map { "note \($0)" }))
        #expect(try await engine.list(in: "large").records.count == 14)
        let change = try await engine.changes(since: 0, in: "small").last { $0.operation == .forgotten }
        #expect(change?.reason?.hasPrefix("evicted: interact holds 14 records, at most 10; value ") == true)
        try await engine.close()
    }

    @Test func aPolicyThatFailsLeavesTheDecisionToTheRulesAndTheReportSaysSo() async throws {
        struct Broken: PromotionPolicy {
            let name = "broken"
            func ageMin(in layer: Layer) -> Duration? { layer == .assets ? nil : .zero }
            func decide(
                _ candidates: [PromotionCandidate], in namespace: String, layer: Layer, at now: Timestamp,
                from source: PromotionSource
            ) async throws -> [PromotionDecision] {
                let read = try await source.records(candidates.map(\.facts.key))
                throw StrataError(.modelInvalid, "no weights for \(read.count) records")
            }
        }
        let (scratch, clock) = (try Scratch(), ManualClock())
        let engine = try await open(scratch, clock) { $0.lifecycle.policy = Broken() }
        try await engine.remember(NewMemory("the safe's place", importance: 0.9))
        clock.advance(by: hour * 24)
        let report = try await engine.promote()
        #expect(report.policy == "broken" && report.promotedCount == 1)
        #expect(report.degradations.map(\.code) == ["promotion_policy_failed"])
        try await engine.close()
    }

    @Test func anOverdueCycleIsBegunAtOpeningAndNotAgainWithinTheHour() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        func reopen() async throws -> [JobStatus] {
            let engine = try await openEngine(at: scratch.path, clock: clock, seed: UInt64(clock.now.milliseconds))
            let jobs = await engine.backgroundJobs
            try await engine.close()
            return jobs
        }
        let engine = try await open(scratch, clock)
        try await engine.remember("gone in two days")
        try await engine.close()
        clock.advance(by: hour * 48)
        let first = try await reopen().first { $0.name == "promotion" }
        #expect(first?.runCount == 1 && first?.lastFigures["expired_from_interact"] == 1 && first?.nextAt == nil)
        clock.advance(by: .seconds(60))
        #expect(try await reopen().first { $0.name == "promotion" }?.runCount == 1)
    }

    private func expectError(_ code: StrataError.Code, _ body: () async throws -> Void) async {
        await #expect { try await body() } throws: { ($0 as? StrataError)?.code == code }
    }
}
