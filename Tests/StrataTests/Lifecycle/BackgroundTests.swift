import StrataCore
import StrataTesting
import Synchronization
import Testing

@testable import Strata

@Suite struct JobTableTests {
    private let start = Timestamp(milliseconds: 1_760_000_000_000)

    private func table(jitter: Double = 0) -> JobTable {
        JobTable(jobs: [("slow", .seconds(100)), ("quick", .seconds(10))], jitter: jitter)
    }

    @Test func theJobThatHasBeenDueForLongestRunsFirst() {
        var table = table()
        table.begin(at: start, lots: [0, 0])
        #expect(table.next(at: start) == .run("slow"))
        table.started("slow", at: start)
        table.ended("slow", at: start + .seconds(5), .success(["a": 1]), lot: 0.5)
        #expect(table.next(at: start + .seconds(5)) == .run("quick"))
        table.started("quick", at: start + .seconds(5))
        table.ended("quick", at: start + .seconds(6), .success([:]), lot: 0.5)
        #expect(table.next(at: start + .seconds(6)) == .wait(.seconds(10)))
        let slow = table.statuses[0]
        #expect(slow.lastMilliseconds == 5000 && slow.runCount == 1 && slow.lastFigures == ["a": 1])
        #expect(slow.nextAt == start + .seconds(105))
    }

    @Test func aJobThatRanInAnEarlierProcessWaitsForItsIntervalAndAFailureIsCountedUntilTheNextSuccess() {
        var table = table()
        var earlier = table.statuses
        earlier[0].lastStartedAt = start - .seconds(30)
        earlier[0].runCount = 7
        table.adopt(earlier)
        table.begin(at: start, lots: [0, 0])
        #expect(table.statuses[0].nextAt == start + .seconds(70))
        #expect(table.next(at: start) == .run("quick"))
        table.started("slow", at: start)
        table.ended("slow", at: start, .failure(StrataError(.storageFailure, "full")), lot: 0)
        #expect(table.statuses[0].lastError == "full" && table.statuses[0].failureCount == 1)
        #expect(table.statuses[0].runCount == 8)
        table.ended("slow", at: start, .success([:]), lot: 0)
        #expect(table.statuses[0].lastError == nil && table.statuses[0].failureCount == 1)
    }

    @Test(arguments: [(0.0, 90), (0.5, 100), (1.0, 110)])
    func jitterMovesTheNextRunByAtMostItsShare(lot: Double, seconds: Int) {
        var table = table(jitter: 0.1)
        table.begin(at: start, lots: [0])
        table.ended("slow", at: start, .success([:]), lot: lot)
        #expect(table.statuses[0].nextAt == start + .seconds(seconds))
    }

    @Test func aShorterIntervalBringsTheNextRunForward() {
        var table = table()
        table.begin(at: start, lots: [0])
        table.ended("slow", at: start, .success([:]), lot: 0.5)
        table.setInterval(.seconds(15), of: "slow", at: start)
        #expect(table.statuses[0].nextAt == start + .seconds(15) && table.statuses[0].intervalSeconds == 15)
    }

    @Test func withoutJobsThereIsNothingToWaitFor() {
        #expect(JobTable(jobs: [], jitter: 0).next(at: start) == .idle)
    }
}

@Suite struct BackgroundTests {
    /// A job that takes three steps of a second each.
    private struct Stepper: BackgroundJob {
        let name = "stepper"
        let interval = Duration.seconds(60)
        let clock: ManualClock
        let steps: Mutex<Int>.Box

        func run(_ pace: JobPace) async throws -> [String: Int] {
            for _ in 0..<3 {
                clock.advance(by: .seconds(1))
                steps.add()
                try await pace.rest()
            }
            return ["steps": 3]
        }
    }

    @Test func jobsRunOnTimeRestBetweenTheirStepsAndAreSeen() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let steps = Mutex<Int>.Box()
        let engine = try await openEngine(at: scratch.path, clock: clock) { configuration in
            configuration.background.isEnabled = true
            configuration.background.jitter = 0
            configuration.background.useInterval = .seconds(100_000)
            configuration.background.jobs = [Stepper(clock: clock, steps: steps)]
        }
        // A fifth of the time is for work, so a step of one second is followed by four seconds of rest.
        for step in 1...3 {
            await clock.untilAsleep(count: step)
            #expect(steps.count == step)
            clock.advance(by: .milliseconds(3999))
            #expect(clock.sleepCount == step)
            clock.advance(by: .milliseconds(1))
        }
        await clock.untilAsleep(count: 4)
        var status = try #require(await engine.backgroundJobs.first { $0.name == "stepper" })
        #expect(status.runCount == 1 && status.lastFigures == ["steps": 3] && status.lastMilliseconds == 15_000)
        #expect(status.nextAt == clock.now + .seconds(60))
        for name in ["promotion", "cleanup", "checkpoint", "uses"] {
            #expect(await engine.backgroundJobs.first { $0.name == name }?.runCount == 1, "\(name)")
        }
        clock.advance(by: .seconds(60))
        await clock.untilAsleep(count: 5)
        #expect(steps.count == 4)
        // Closing cancels the job in the middle of its rest.
        try await engine.close()
        status = try #require(await engine.backgroundJobs.first { $0.name == "stepper" })
        #expect(steps.count == 4 && status.failureCount == 1 && !status.isRunning)
    }

    @Test func promotionAndExpiryHappenByThemselvesAndUsesAreWrittenDown() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let engine = try await openEngine(at: scratch.path, clock: clock) {
            $0.background.isEnabled = true
            $0.background.jitter = 0
            $0.background.useInterval = .seconds(1800)
            $0.background.checkpointInterval = .seconds(100_000_000)
        }
        await clock.untilAsleep(count: 1)
        let gone = try await engine.remember("unused").record.id
        let kept = try await engine.remember(NewMemory("the safe's place", importance: 0.9)).record.id
        _ = try await engine.recall("safe", limit: 1)
        for _ in 0..<98 {
            let count = clock.sleepCount
            clock.advance(by: .seconds(1800))
            await clock.untilAsleep(count: count + 1)
        }
        #expect(try await engine.get(gone) == nil)
        let record = try #require(try await engine.get(kept))
        #expect(record.layer == .insights && record.accessCount == 1)
        try await engine.close()
    }

    @Test func aJobHoldsStillWhileManyCallsRunButNotForEver() async throws {
        let clock = ManualClock()
        let environment = EngineEnvironment(
            now: { clock.now }, randomBits: { 0 }, sleep: { try await clock.sleep(for: $0) })
        let gauge = LoadGauge()
        for _ in 0..<4 { gauge.begin() }
        let pace = JobPace(
            timeShareMax: 1, holdMax: .seconds(1), isBusy: { gauge.runningCount >= 4 }, environment: environment)
        let held = Task { try await pace.rest() }
        await clock.untilAsleep(count: 1)
        gauge.end()
        clock.advance(by: .milliseconds(100))
        try await held.value
        #expect(clock.sleepCount == 1)
        gauge.begin()
        let forced = Task { try await pace.rest() }
        for step in 0..<10 {
            await clock.untilAsleep(count: 2 + step)
            clock.advance(by: .milliseconds(100))
        }
        try await forced.value
        #expect(clock.sleepCount == 11)
    }

    @Test func theStreamingIntervalComesAndGoes() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        await engine.setStreaming(true)
        #expect(await engine.backgroundJobs.first { $0.name == "promotion" }?.intervalSeconds == 15)
        await engine.setStreaming(false)
        #expect(await engine.backgroundJobs.first { $0.name == "promotion" }?.intervalSeconds == 3600)
        try await engine.close()
    }
}

extension Mutex<Int> {
    /// A count that several owners share.
    final class Box: Sendable {
        private let value = Mutex(0)
        var count: Int { value.withLock { $0 } }
        func add() { value.withLock { $0 += 1 } }
    }
}
