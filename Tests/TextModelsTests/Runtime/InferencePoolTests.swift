import Dispatch
import StrataCore
import Synchronization
import Testing

@testable import TextModels

struct InferencePoolTests {
    /// Inputs in the order in which workers reached them.
    private final class Log: Sendable {
        let entries = Mutex<[Int]>([])
        func add(_ new: [Int]) { entries.withLock { $0 += new } }
        var all: [Int] { entries.withLock(\.self) }
    }

    /// Keeps the only worker of a pool busy until it is opened.
    private struct Gate: Sendable {
        private let entered = DispatchSemaphore(value: 0)
        private let opened = DispatchSemaphore(value: 0)
        func pass() {
            entered.signal()
            opened.wait()
        }
        func open() { opened.signal() }
        /// Waits off the cooperative pool until a worker stands in the gate.
        func waitUntilEntered() async {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    entered.wait()
                    continuation.resume()
                }
            }
        }
    }

    private struct Broken: Error {}

    /// An input that stops its worker in the gate, and one whose run fails.
    private static let (gateInput, brokenInput) = (-1, -2)

    /// A pool that doubles numbers.
    private func pool(
        workerCount: Int = 1, callCountMax: Int = 8, log: Log = Log(), gate: Gate = Gate()
    ) -> InferencePool<Int, Int> {
        let limits = RunScheduler.Limits(workerCount: workerCount, callCountMax: callCountMax)
        return InferencePool(name: "test", limits: limits) { inputs in
            log.add(inputs)
            if inputs.contains(Self.gateInput) { gate.pass() }
            if inputs.contains(Self.brokenInput) { throw Broken() }
            return inputs.map { $0 * 2 }
        }
    }

    private func perform(
        _ inputs: [Int], in pool: InferencePool<Int, Int>, _ lane: RunScheduler.Lane = .bulk, tokenCount: Int = 20
    ) async throws -> [Int] {
        try await pool.withCall(lane, textCount: inputs.count) { call in
            try await call.perform(
                inputs, tokenCounts: inputs.map { _ in tokenCount }, isShared: true, rowCountMax: .max)
        }
    }

    /// Yields until so many pieces wait behind the held worker.
    private func waitUntil(_ pool: InferencePool<Int, Int>, holds waitingCount: Int) async {
        while pool.waitingCount != waitingCount { await Task.yield() }
    }

    @Test func everyInputIsAnsweredInItsPlaceWhenCallsOverlap() async throws {
        let pool = pool(workerCount: 3, callCountMax: 40)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<40 {
                group.addTask {
                    let inputs = (0..<caller * 7).map { caller * 1000 + $0 }
                    let lane = RunScheduler.Lane.allCases[caller % 2]
                    let outputs = try await perform(inputs, in: pool, lane, tokenCount: 5 + caller)
                    #expect(outputs == inputs.map { $0 * 2 })
                }
            }
            try await group.waitForAll()
        }
        #expect(pool.callCount == 0 && pool.waitingCount == 0)
    }

    @Test func aQueryWaitsForTheRunUnderWayOnly() async throws {
        let (log, gate) = (Log(), Gate())
        let pool = pool(log: log, gate: gate)
        let bulk = Task { try await perform([Self.gateInput] + Array(0..<500), in: pool) }
        await gate.waitUntilEntered()
        let held = log.all.count
        let query = Task { try await perform([7000], in: pool, .fast) }
        await waitUntil(pool, holds: 501 - held + 1)
        gate.open()
        #expect(try await query.value == [14_000])
        #expect(try await bulk.value.count == 501)
        #expect(log.all[held] == 7000)
    }

    @Test func onlyTheCallWithTheGuiltyInputFails() async throws {
        let gate = Gate()
        let pool = pool(gate: gate)
        let held = Task { try await perform([Self.gateInput], in: pool) }
        await gate.waitUntilEntered()
        // These wait together, so that they share a run.
        let good = Task { try await perform([1, 2, 3], in: pool) }
        let bad = Task { try await perform([Self.brokenInput], in: pool) }
        await waitUntil(pool, holds: 4)
        gate.open()
        #expect(try await good.value == [2, 4, 6])
        await #expect(throws: Broken.self) { try await bad.value }
        #expect(try await held.value == [-2])
        #expect(pool.callCount == 0 && pool.waitingCount == 0)
    }

    @Test func aFailedCallRunsNoFurther() async throws {
        let log = Log()
        let pool = pool(log: log)
        await #expect(throws: Broken.self) {
            _ = try await perform([Self.brokenInput] + Array(0..<1000), in: pool, tokenCount: 200)
        }
        #expect(log.all.count < 100)
        #expect(try await perform([5], in: pool) == [10])
    }

    @Test func aCancelledCallTakesItsWaitingPiecesBack() async throws {
        let (log, gate) = (Log(), Gate())
        let pool = pool(log: log, gate: gate)
        let held = Task { try await perform([Self.gateInput], in: pool) }
        await gate.waitUntilEntered()
        let call = Task { try await perform(Array(0..<50), in: pool) }
        await waitUntil(pool, holds: 50)
        call.cancel()
        // The worker still stands in the gate: the answer does not wait for it.
        await #expect(throws: CancellationError.self) { _ = try await call.value }
        #expect(pool.waitingCount == 0 && pool.callCount == 1)
        gate.open()
        _ = try await held.value
        #expect(log.all == [Self.gateInput])
    }

    @Test func aCallThatIsCancelledWhileItRunsIsAnsweredAtOnce() async throws {
        let gate = Gate()
        let pool = pool(gate: gate)
        let call = Task { try await perform([Self.gateInput], in: pool) }
        await gate.waitUntilEntered()
        call.cancel()
        await #expect(throws: CancellationError.self) { _ = try await call.value }
        gate.open()
        #expect(try await perform([4], in: pool) == [8])
    }

    @Test func oneCallTooManyIsRefusedAtOnce() async throws {
        let gate = Gate()
        let pool = pool(callCountMax: 1, gate: gate)
        let first = Task { try await perform([Self.gateInput], in: pool) }
        await gate.waitUntilEntered()
        let error = try await failure(.overloaded) { _ = try await perform([1], in: pool) }
        #expect(error.isRetryable)
        let query = Task { try await perform([2], in: pool, .fast) }
        await waitUntil(pool, holds: 1)
        gate.open()
        #expect(try await first.value == [-2])
        #expect(try await query.value == [4])
        #expect(try await perform([1], in: pool) == [2])
    }
}
