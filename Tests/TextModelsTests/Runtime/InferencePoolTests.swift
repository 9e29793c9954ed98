import Dispatch
import StrataCore
import Synchronization
import Testing

@testable import TextModels

struct InferencePoolTests {
    /// Numbers in the order in which workers reached them.
    private final class Log: Sendable {
        let entries = Mutex<[Int]>([])
        func add(_ entry: Int) { entries.withLock { $0.append(entry) } }
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

    @Test func everyPieceIsDoneOnce() async throws {
        let pool = InferencePool(name: "test", workerCount: 3, callCountMax: 8)
        let log = Log()
        try await pool.forEach(100) { log.add($0) }
        #expect(log.all.sorted() == Array(0..<100))
        try await pool.forEach(0) { log.add($0) }
        #expect(log.all.count == 100)
    }

    @Test func aShortCallWaitsForOnePieceOfALongOne() async throws {
        let pool = InferencePool(name: "test", workerCount: 1, callCountMax: 8)
        let (log, gate) = (Log(), Gate())
        let bulk = Task {
            try await pool.forEach(50) { piece in
                if piece == 0 { gate.pass() }
                log.add(piece)
            }
        }
        await gate.waitUntilEntered()
        let query = Task { try await pool.forEach(1) { _ in log.add(-1) } }
        // The worker is held in the gate, so the query is in the queue once the pool has admitted it.
        while pool.callCount < 2 { await Task.yield() }
        while pool.waitingCount < 1 { await Task.yield() }
        gate.open()
        try await query.value
        try await bulk.value
        #expect(log.all.firstIndex(of: -1) == 1)
        #expect(log.all.count == 51)
    }

    @Test func anErrorEndsItsCallAlone() async throws {
        struct Broken: Error {}
        let pool = InferencePool(name: "test", workerCount: 2, callCountMax: 8)
        let log = Log()
        await #expect(throws: Broken.self) {
            try await pool.forEach(1000) { piece in
                log.add(piece)
                if piece == 3 { throw Broken() }
            }
        }
        #expect(log.all.count < 1000)
        try await pool.forEach(5) { log.add(5000 + $0) }
        #expect(log.all.filter { $0 >= 5000 }.count == 5)
    }

    @Test func aCancelledCallStopsBetweenPieces() async throws {
        let pool = InferencePool(name: "test", workerCount: 1, callCountMax: 8)
        let (log, gate) = (Log(), Gate())
        let call = Task {
            try await pool.forEach(50) { piece in
                log.add(piece)
                if piece == 0 { gate.pass() }
            }
        }
        await gate.waitUntilEntered()
        call.cancel()
        gate.open()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(log.all == [0])
    }

    @Test func oneCallTooManyIsRefusedAtOnce() async throws {
        let pool = InferencePool(name: "test", workerCount: 1, callCountMax: 1)
        let gate = Gate()
        let first = Task { try await pool.forEach(1) { _ in gate.pass() } }
        await gate.waitUntilEntered()
        let error = try await failure(.overloaded) { try await pool.forEach(1) { _ in } }
        #expect(error.isRetryable)
        gate.open()
        try await first.value
        try await pool.forEach(1) { _ in }
    }
}
