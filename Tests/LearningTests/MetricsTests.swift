import Learning
import Testing

/// Scores with ties and labels, from a seed.
private func sample(_ count: Int, seed: UInt64) -> (scores: [Double], labels: [Double], groups: [Int]) {
    var random = SplitMix64(seed: seed)
    var scores: [Double] = []
    var labels: [Double] = []
    for _ in 0..<count {
        labels.append(Double.random(in: 0..<1, using: &random) < 0.3 ? 1 : 0)
        scores.append(Double(Int.random(in: 0..<12, using: &random)) + 2 * (labels.last ?? 0))
    }
    return (scores, labels, scores.indices.map { $0 % 7 })
}

@Suite struct MetricsTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func theAreaUnderTheCurveIsTheShareOfRightlyOrderedPairs(seed: UInt64) throws {
        let (scores, labels, _) = sample(120, seed: seed)
        var right = 0.0
        var pairs = 0.0
        for positive in scores.indices where labels[positive] == 1 {
            for negative in scores.indices where labels[negative] == 0 {
                pairs += 1
                right += scores[positive] > scores[negative] ? 1 : scores[positive] == scores[negative] ? 0.5 : 0
            }
        }
        let area = try #require(Metrics.rocAUC(scores: scores, labels: labels))
        #expect(abs(area - right / pairs) < 1e-12)
        #expect(Metrics.rocAUC(scores: scores, labels: scores.map { _ in 1 }) == nil)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func averagePrecisionSumsPrecisionOverGainsInRecall(seed: UInt64) throws {
        let (scores, labels, _) = sample(90, seed: seed)
        let positives = labels.reduce(0, +)
        var area = 0.0
        var recallBefore = 0.0
        for threshold in Set(scores).sorted(by: >) {
            let taken = scores.indices.filter { scores[$0] >= threshold }
            let found = taken.reduce(0) { $0 + labels[$1] }
            area += (found / positives - recallBefore) * found / Double(taken.count)
            recallBefore = found / positives
        }
        let average = try #require(Metrics.averagePrecision(scores: scores, labels: labels))
        #expect(abs(average - area) < 1e-12)
        #expect(Metrics.averagePrecision(scores: labels, labels: labels) == 1)
        #expect(Metrics.averagePrecision(scores: [1], labels: [0]) == nil)
    }

    @Test func brierAndLogLossFollowTheirFormulas() throws {
        let brier = try #require(Metrics.brier(probabilities: [0.9, 0.2], labels: [1, 1]))
        #expect(abs(brier - (0.01 + 0.64) / 2) < 1e-12)
        let loss = try #require(Metrics.logLoss(probabilities: [0.5, 0.5], labels: [1, 0]))
        #expect(abs(loss - 0.693_147_180_559_945_3) < 1e-12)
        #expect(Metrics.brier(probabilities: [], labels: []) == nil)
        let certain = try #require(Metrics.logLoss(probabilities: [0], labels: [1]))
        #expect(certain.isFinite && certain > 20)
    }

    @Test func aBudgetIsSpentInEachGroupOnItsBestScores() {
        let scores: [Double] = [5, 4, 3, 2, 1, 1, 1, 9]
        let groups = [0, 0, 0, 0, 1, 1, 1, 1]
        #expect(Metrics.kept(scores: scores, groups: groups, share: 0.5) == [0, 1, 4, 7])
        #expect(Metrics.kept(scores: scores, groups: groups, share: 0) == [])
        #expect(
            Metrics.keptShare(scores: scores, labels: [1, 0, 0, 1, 0, 0, 1, 1], groups: groups, share: 0.5) == 0.5)
    }

    @Test func reliabilityBinsHoldEveryExampleOnce() throws {
        var random = SplitMix64(seed: 9)
        let probabilities = (0..<5000).map { _ in Double.random(in: 0...1, using: &random) }
        let labels = probabilities.map { Double.random(in: 0..<1, using: &random) < $0 ? 1.0 : 0 }
        let bins = Metrics.reliability(probabilities: probabilities, labels: labels)
        #expect(bins.count == 10)
        #expect(bins.reduce(0) { $0 + $1.count } == 5000)
        // Outcomes that were drawn from the probabilities agree with them.
        #expect(try #require(Metrics.calibrationError(probabilities: probabilities, labels: labels)) < 0.03)
        let constant = try #require(
            Metrics.calibrationError(probabilities: labels.map { _ in 0.9 }, labels: labels))
        #expect(abs(constant - abs(0.9 - labels.reduce(0, +) / 5000)) < 1e-9)
    }

    @Test func aBootstrapIntervalDrawsWholeGroups() throws {
        // Ten groups of equal members: drawing groups gives the spread of ten values, not of a thousand.
        let groups = (0..<1000).map { $0 / 100 }
        let values = groups.map(Double.init)
        let interval = try #require(
            Metrics.bootstrapInterval(groups: groups) { places, copies in
                #expect(Set(copies).count == 10)
                return places.reduce(0) { $0 + values[$1] } / Double(places.count)
            })
        // The standard error of a mean of ten draws from 0 … 9 is 2.87 / √10 = 0.91.
        #expect(interval.contains(4.5))
        #expect(abs((interval.upperBound - interval.lowerBound) / 2 - 1.96 * 0.91) < 0.4)
        #expect(Metrics.bootstrapInterval(groups: [1, 2]) { _, _ in nil } == nil)
    }
}
