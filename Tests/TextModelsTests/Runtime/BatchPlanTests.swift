import Testing

@testable import TextModels

struct BatchPlanTests {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func everyTextRunsOnceWithinTheBounds(seed: UInt64) {
        var random = SplitMix(state: seed)
        let tokenCounts = (0..<random.next(below: 300)).map { _ in random.next(below: 600) }
        let workerCount = 1 + random.next(below: 8)
        let rowCountMax = random.next(below: 4) == 0 ? 1 : 1 + random.next(below: 64)
        let runs = BatchPlan.runs(tokenCounts: tokenCounts, workerCount: workerCount, rowCountMax: rowCountMax)
        #expect(runs.flatMap(\.self).sorted() == Array(tokenCounts.indices))
        for run in runs {
            let longest = run.map { tokenCounts[$0] }.max() ?? 0
            #expect(run.count >= 1 && run.count <= rowCountMax)
            #expect(run.count == 1 || run.count * longest <= BatchPlan.tokenBudgetMax)
        }
        let longest = runs.map { $0.map { tokenCounts[$0] }.max() ?? 0 }
        #expect(longest == longest.sorted(by: >))
    }

    @Test func aSmallCallIsDividedAmongTheWorkers() {
        let runs = BatchPlan.runs(tokenCounts: Array(repeating: 20, count: 16), workerCount: 2, rowCountMax: .max)
        #expect(runs.map(\.count) == [8, 8])
    }

    @Test func noTextsMakeNoRun() {
        #expect(BatchPlan.runs(tokenCounts: [], workerCount: 2, rowCountMax: .max).isEmpty)
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
