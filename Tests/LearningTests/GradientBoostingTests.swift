import Learning
import Testing

@Suite struct GradientBoostingTests {
    /// Positive where exactly one of two features is large: no linear model can tell.
    private func crossed(_ count: Int, seed: UInt64) -> Examples {
        var random = SplitMix64(seed: seed)
        var examples = Examples(featureCount: 3)
        for _ in 0..<count {
            let row = (0..<3).map { _ in Double.random(in: 0...1, using: &random) }
            examples.append(row, label: (row[0] > 0.5) != (row[1] > 0.5) ? 1 : 0)
        }
        return examples
    }

    @Test func treesLearnWhatNoLinearModelCan() throws {
        let model = try GradientBoosting().fit(crossed(800, seed: 1))
        let linear = try LogisticRegression().fit(crossed(800, seed: 1))
        let test = crossed(500, seed: 2)
        let rows = (0..<test.count).map { test.features[row: $0] }
        let trees = try #require(Metrics.rocAUC(scores: rows.map { model.probability($0) }, labels: test.labels))
        let line = try #require(Metrics.rocAUC(scores: rows.map { linear.probability($0) }, labels: test.labels))
        #expect(trees > 0.93)
        #expect(line < 0.65)
    }

    @Test func oneSplitIsTheBestOneByBruteForce() throws {
        var examples = Examples(featureCount: 1)
        var random = SplitMix64(seed: 6)
        for number in 0..<200 {
            examples.append(
                [Double(number)], label: Double.random(in: 0..<1, using: &random) < (number < 80 ? 0.1 : 0.8) ? 1 : 0)
        }
        var boosting = GradientBoosting()
        boosting.treeCount = 1
        boosting.depthMax = 1
        boosting.sampleShare = 1
        boosting.binCount = 256
        let root = try #require(try boosting.fit(examples).trees.first?.first)
        let mean = examples.labels.reduce(0, +) / 200
        var best = (gain: 0.0, threshold: -1.0)
        for threshold in 0..<199 {
            func gain(_ range: Range<Int>) -> Double {
                let slope = range.reduce(0) { $0 + mean - examples.labels[$1] }
                return slope * slope / (mean * (1 - mean) * Double(range.count) + boosting.penalty)
            }
            guard threshold + 1 >= boosting.leafCountMin, 199 - threshold >= boosting.leafCountMin else { continue }
            let total = gain(0..<threshold + 1) + gain(threshold + 1..<200)
            if total > best.gain { best = (total, Double(threshold)) }
        }
        #expect(root.threshold == best.threshold)
    }

    @Test func equalSeedsGiveEqualTrees() throws {
        let examples = drawnExamples(400, seed: 3)
        #expect(try GradientBoosting().fit(examples) == GradientBoosting().fit(examples))
        var other = GradientBoosting()
        other.seed = 2
        #expect(try other.fit(examples) != GradientBoosting().fit(examples))
    }

    @Test func examplesThatTellNothingAreRefused() {
        var examples = Examples(featureCount: 1)
        examples.append([1], label: 1)
        #expect(throws: LogisticRegression.FitError.nothingToTell) { try GradientBoosting().fit(examples) }
        examples.append([.infinity], label: 0)
        #expect(throws: LogisticRegression.FitError.notFinite) { try GradientBoosting().fit(examples) }
    }
}
