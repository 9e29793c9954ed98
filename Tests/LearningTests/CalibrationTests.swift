import Learning
import Testing

@Suite struct CalibrationTests {
    @Test func plattMakesAnOverconfidentScoreMeanWhatItSays() throws {
        var random = SplitMix64(seed: 2)
        var scores: [Double] = []
        var labels: [Double] = []
        for _ in 0..<8000 {
            let truth = Double.random(in: -2...2, using: &random)
            scores.append(3 * truth + 1)
            labels.append(Double.random(in: 0..<1, using: &random) < sigmoid(truth) ? 1 : 0)
        }
        let curve = try Calibration.platt(scores: scores, labels: labels)
        #expect(abs(curve.weights[0] - 1.0 / 3) < 0.02)
        #expect(abs(curve.intercept + 1.0 / 3) < 0.05)
        #expect(throws: LogisticRegression.FitError.nothingToTell) {
            try Calibration.platt(scores: [1, 2], labels: [1, 1])
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func noOtherStepFunctionFitsBetter(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let scores = (0..<7).map(Double.init)
        let labels = scores.map { _ in Double.random(in: 0..<1, using: &random) < 0.5 ? 1.0 : 0 }
        let curve = Calibration.isotonic(scores: scores, labels: labels)
        func error(_ values: [Double]) -> Double {
            zip(values, labels).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        // By brute force: every way to cut the seven scores into blocks, each with its mean, when that never falls.
        var best = Double.infinity
        for cuts in 0..<64 {
            var blocks: [[Int]] = [[0]]
            for place in 1..<7 {
                if cuts & 1 << (place - 1) != 0 { blocks.append([]) }
                blocks[blocks.count - 1].append(place)
            }
            let means = blocks.map { block in block.reduce(0) { $0 + labels[$1] } / Double(block.count) }
            guard means == means.sorted() else { continue }
            best = min(best, error(zip(blocks, means).flatMap { block, mean in block.map { _ in mean } }))
        }
        #expect(abs(error(scores.map { curve($0) }) - best) < 1e-12)
        #expect(curve.values == curve.values.sorted())
        #expect(curve(-5) == curve.values.first)
        #expect(curve(99) == curve.values.last)
    }
}
