import Testing

@testable import TextModels

struct RunSchedulerTests {
    /// What a plain model knows about an open call.
    private struct Known {
        var lane: RunScheduler.Lane
        var textCount: Int
        var waiting: [Int: Int] = [:]
        var isShared = false
        var rowCountMax = 1
    }

    /// A scheduler that expectations may change.
    private final class Held {
        private(set) var scheduler: RunScheduler

        init(_ limits: RunScheduler.Limits) { scheduler = RunScheduler(limits: limits) }

        convenience init(workerCount: Int = 1, callCountMax: Int = 64, textCountMax: Int = 10_000) {
            self.init(.init(workerCount: workerCount, callCountMax: callCountMax, textCountMax: textCountMax))
        }

        func open(_ lane: RunScheduler.Lane, textCount: Int) -> Int? { scheduler.open(lane, textCount: textCount) }
        func close(_ id: Int) { scheduler.close(id) }
        func next() -> RunScheduler.Run? { scheduler.next() }
        func enqueue(_ id: Int, _ tokenCounts: [Int], isShared: Bool, rowCountMax: Int) {
            scheduler.enqueue(id, tokenCounts: tokenCounts, isShared: isShared, rowCountMax: rowCountMax)
        }

        /// Opens a call and enqueues its pieces.
        func add(
            _ lane: RunScheduler.Lane, _ tokenCounts: [Int], isShared: Bool = true, rowCountMax: Int = .max
        ) throws -> Int {
            let id = try #require(open(lane, textCount: tokenCounts.count))
            enqueue(id, tokenCounts, isShared: isShared, rowCountMax: rowCountMax)
            return id
        }
    }

    /// Seeded operations beside a plain model: every piece runs once unless its call was dropped, within the bounds, and
    /// no lane starves.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func everyPieceRunsOnceWithinTheBounds(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let limits = RunScheduler.Limits(
            workerCount: 1 + random.next(below: 4), callCountMax: 1 + random.next(below: 12),
            textCountMax: 50 + random.next(below: 400))
        let held = Held(limits)
        var open: [Int: Known] = [:]
        var (fastRunCount, runCount, refusedCount) = (0, 0, 0)
        for _ in 0..<600 {
            switch random.next(below: 10) {
            case 0, 1:
                let lane = RunScheduler.Lane.allCases[random.next(below: 2)]
                let textCount = random.next(below: 8) == 0 ? 300 : random.next(below: 20)
                let inLane = open.values.filter { $0.lane == lane }
                let fits =
                    inLane.count < limits.callCountMax
                    && (inLane.isEmpty
                        || inLane.reduce(textCount) { $0 + $1.textCount } <= limits.textCountMax)
                let id = held.open(lane, textCount: textCount)
                #expect((id != nil) == fits)
                guard let id else {
                    refusedCount += 1
                    continue
                }
                var known = Known(lane: lane, textCount: textCount, isShared: random.next(below: 4) > 0)
                known.rowCountMax = random.next(below: 4) == 0 ? 1 : .max
                let tokenCounts = (0..<textCount).map { _ in random.next(below: 300) }
                held.enqueue(
                    id, tokenCounts, isShared: known.isShared, rowCountMax: known.rowCountMax)
                for (index, count) in tokenCounts.enumerated() { known.waiting[index] = max(1, count) }
                open[id] = known
            case 2:
                guard let id = open.keys.sorted().dropFirst(random.next(below: max(1, open.count))).first else { break }
                held.close(id)
                open[id] = nil
            default:
                let waitsInBulk = open.values.contains { $0.lane == .bulk && !$0.waiting.isEmpty }
                let waitsInFast = open.values.contains { $0.lane == .fast && !$0.waiting.isEmpty }
                let run = held.next()
                #expect((run != nil) == (waitsInBulk || waitsInFast))
                if !waitsInBulk { fastRunCount = 0 }
                guard let run else { break }
                runCount += 1
                fastRunCount = run.lane == .fast && waitsInBulk ? fastRunCount + 1 : 0
                #expect(fastRunCount <= limits.overtakeCountMax)
                var longest = 0
                for piece in run.pieces {
                    let waited = open[piece.call]?.waiting.removeValue(forKey: piece.index)
                    let count = try #require(waited)
                    longest = max(longest, count)
                    #expect(open[piece.call]?.lane == run.lane)
                }
                #expect(run.paddedTokenCount == longest * run.pieces.count)
                #expect(run.pieces.count == 1 || run.paddedTokenCount <= limits.tokenBudgetMax)
                let calls = Set(run.pieces.map { $0.call })
                if calls.count > 1 { #expect(calls.allSatisfy { open[$0]?.isShared == true }) }
                #expect(calls.allSatisfy { run.pieces.count <= open[$0]?.rowCountMax ?? 0 })
            }
            #expect(held.scheduler.waitingCount == open.values.reduce(0) { $0 + $1.waiting.count })
            #expect(held.scheduler.callCount == open.count)
        }
        #expect(runCount > 20)
        while let run = held.next() { for piece in run.pieces { open[piece.call]?.waiting[piece.index] = nil } }
        #expect(open.values.allSatisfy { $0.waiting.isEmpty })
    }

    @Test func aQueryIsNextHoweverMuchBulkWorkWaits() throws {
        let held = Held(workerCount: 2)
        for _ in 0..<8 { _ = try held.add(.bulk, Array(repeating: 100, count: 200)) }
        _ = held.next()
        let query = try held.add(.fast, [12])
        #expect(held.next()?.pieces == [.init(call: query, index: 0)])
    }

    @Test func bulkRunsAreShortWhileQueriesCome() throws {
        let held = Held()
        _ = try held.add(.bulk, Array(repeating: 20, count: 4000))
        #expect(held.next()?.paddedTokenCount == 500)
        _ = try held.add(.fast, [12])
        #expect(held.next()?.lane == .fast)
        for _ in 0..<held.scheduler.limits.alertRunCount - 1 { #expect(held.next()?.paddedTokenCount == 160) }
        #expect(held.next()?.paddedTokenCount == 500)
    }

    @Test func oneOfNineRunsIsBulkUnderAFloodOfQueries() throws {
        let held = Held()
        _ = try held.add(.bulk, Array(repeating: 100, count: 50))
        var lanes: [RunScheduler.Lane] = []
        for _ in 0..<90 {
            held.close(try held.add(.fast, []))
            let query = try held.add(.fast, [9])
            lanes.append(try #require(held.next()).lane)
            held.close(query)
        }
        #expect(lanes.count { $0 == .bulk } == 10)
    }

    @Test func callsOfALaneTakeTurns() throws {
        let held = Held()
        let large = try held.add(.bulk, Array(repeating: 250, count: 100))
        _ = held.next()
        let small = try held.add(.bulk, [30, 30])
        let next = [held.next(), held.next()].compactMap { $0?.pieces.first?.call }
        #expect(next == [large, small])
    }

    @Test func smallCallsOfEqualLengthShareARunAndOthersDoNot() throws {
        let held = Held()
        let first = try held.add(.bulk, [20])
        let second = try held.add(.bulk, [18])
        let short = try held.add(.bulk, [5])
        let alone = try held.add(.bulk, [20], isShared: false)
        let single = try held.add(.bulk, [20], rowCountMax: 1)
        let runs = (0..<4).map { _ in held.next()?.pieces.map(\.call) }
        #expect(runs == [[first, second], [short], [alone], [single]])
        #expect(held.next() == nil)
    }

    @Test func aSmallCallIsDividedAmongTheWorkersLongestFirst() throws {
        let held = Held(workerCount: 2)
        _ = try held.add(.bulk, Array(repeating: 20, count: 16))
        #expect(held.next()?.pieces.map(\.index) == Array(0..<8))
        #expect(held.next()?.pieces.map(\.index) == Array(8..<16))
        _ = try held.add(.bulk, [10, 200, 90])
        #expect(held.next()?.pieces.map(\.index) == [1])
        #expect(held.next()?.pieces.map(\.index) == [2])
        #expect(held.next()?.pieces.map(\.index) == [0])
    }

    @Test func aFullBulkLaneRefusesNoQuery() throws {
        let held = Held(callCountMax: 2, textCountMax: 100)
        let first = try #require(held.open(.bulk, textCount: 500))
        #expect(held.open(.bulk, textCount: 1) == nil)
        #expect(held.open(.fast, textCount: 1) != nil)
        held.close(first)
        #expect(held.open(.bulk, textCount: 60) != nil)
        #expect(held.open(.bulk, textCount: 41) == nil)
        #expect(held.open(.bulk, textCount: 40) != nil)
        #expect(held.open(.bulk, textCount: 0) == nil)
    }
}

/// A seeded generator; Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }

    mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
