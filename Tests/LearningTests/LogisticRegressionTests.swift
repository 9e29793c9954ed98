import Learning
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Examples whose labels are drawn from a known logistic model; the columns have very different scales.
func drawnExamples(_ count: Int, seed: UInt64, weights: [Double] = [1.5, -0.02, 0], intercept: Double = -0.4)
    -> Examples
{
    var random = SplitMix64(seed: seed)
    var examples = Examples(featureCount: weights.count)
    for number in 0..<count {
        let row = weights.indices.map { column in
            Double.random(in: -1...1, using: &random) * (column == 1 ? 100 : 1)
        }
        let probability = sigmoid(zip(weights, row).reduce(intercept) { $0 + $1.0 * $1.1 })
        let label = Double.random(in: 0..<1, using: &random) < probability ? 1.0 : 0
        examples.append(row, label: label, group: number % 20, weight: 1 + Double(number % 3))
    }
    return examples
}

@Suite struct LogisticRegressionTests {
    @Test func oneBinaryFeatureHasTheClosedFormOfATwoByTwoTable() throws {
        // 30 of 40 with the feature are positive, 10 of 60 without it.
        var examples = Examples(featureCount: 1)
        for number in 0..<40 { examples.append([1], label: number < 30 ? 1 : 0) }
        for number in 0..<60 { examples.append([0], label: number < 10 ? 1 : 0) }
        var regression = LogisticRegression()
        regression.penalty = 1e-9
        let model = try regression.fit(examples)
        #expect(abs(model.intercept - log(10.0 / 50)) < 1e-6)
        #expect(abs(model.weights[0] - (log(30.0 / 10) - log(10.0 / 50))) < 1e-6)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func theFitIsAMinimumByFiniteDifferences(seed: UInt64) throws {
        var examples = drawnExamples(200, seed: seed)
        examples.append([0.5, 3, 1], label: 1, weight: 2, offset: 0.7)
        var regression = LogisticRegression()
        regression.penalty = 3
        regression.priorWeights = [0.5, 0, -1]
        let model = try regression.fit(examples)
        let least = try regression.loss(of: model, on: examples)
        for step in [1e-4, -1e-4] {
            var moved = model
            moved.intercept += step
            #expect(try regression.loss(of: moved, on: examples) > least)
            for column in model.weights.indices {
                var moved = model
                moved.weights[column] += column == 1 ? step / 100 : step
                #expect(try regression.loss(of: moved, on: examples) > least)
            }
        }
        #expect(try regression.fit(examples) == model)
    }

    @Test func manyExamplesGiveTheModelBackThatDrewThem() throws {
        let model = try LogisticRegression().fit(drawnExamples(5000, seed: 5))
        #expect(abs(model.weights[0] - 1.5) < 0.15)
        #expect(abs(model.weights[1] + 0.02) < 0.002)
        #expect(abs(model.weights[2]) < 0.15)
        #expect(abs(model.intercept + 0.4) < 0.1)
    }

    @Test func aWeightOfTwoIsTheSameAsTheExampleTwice() throws {
        var weighted = Examples(featureCount: 1)
        var repeated = Examples(featureCount: 1)
        for (value, label) in [(0.1, 0.0), (0.7, 1), (0.4, 1), (0.9, 0), (0.2, 0)] {
            weighted.append([value], label: label, weight: value == 0.7 ? 2 : 1)
            for _ in 0..<(value == 0.7 ? 2 : 1) { repeated.append([value], label: label) }
        }
        let (first, second) = try (LogisticRegression().fit(weighted), LogisticRegression().fit(repeated))
        #expect(abs(first.weights[0] - second.weights[0]) < 1e-8)
        #expect(abs(first.intercept - second.intercept) < 1e-8)
    }

    @Test func whatTheDataCannotTellKeepsThePriorWeight() throws {
        var examples = Examples(featureCount: 2)
        for number in 0..<50 { examples.append([Double(number), 0.5], label: number % 3 == 0 ? 1 : 0) }
        var regression = LogisticRegression()
        regression.priorWeights = [0, 2]
        #expect(abs(try regression.fit(examples).weights[1] - 2) < 1e-9)
    }

    @Test func separableExamplesHaveAFiniteFit() throws {
        var examples = Examples(featureCount: 1)
        for number in 0..<20 { examples.append([Double(number)], label: number < 10 ? 0 : 1) }
        let model = try LogisticRegression().fit(examples)
        #expect(model.weights[0].isFinite && model.weights[0] > 0)
    }

    @Test func examplesThatTellNothingAreRefused() {
        var positive = Examples(featureCount: 1)
        positive.append([1], label: 1)
        #expect(throws: LogisticRegression.FitError.nothingToTell) { try LogisticRegression().fit(positive) }
        #expect(throws: LogisticRegression.FitError.nothingToTell) {
            try LogisticRegression().fit(Examples(featureCount: 1))
        }
        positive.append([.nan], label: 0)
        #expect(throws: LogisticRegression.FitError.notFinite) { try LogisticRegression().fit(positive) }
    }

    @Test func aPairwiseModelOrdersTheRowsOfAQuery() throws {
        // The first feature decides inside a query, the second only tells queries apart.
        var examples = Examples(featureCount: 2)
        var random = SplitMix64(seed: 4)
        for query in 0..<30 {
            let best = Int.random(in: 0..<8, using: &random)
            for place in 0..<8 {
                let value = Double.random(in: 0...1, using: &random) + (place == best ? 0.8 : 0)
                examples.append([value, Double(query)], label: place == best ? 1 : 0, group: query)
            }
        }
        var regression = LogisticRegression()
        regression.hasIntercept = false
        let pairs = examples.pairwiseDifferences()
        #expect(pairs.count == 30 * 7)
        let model = try regression.fit(pairs)
        #expect(model.weights[0] > 0)
        #expect(model.weights[1] == 0)
        #expect(model.intercept == 0)
    }

    @Test func foldsNeverTearAGroupApart() {
        let examples = drawnExamples(200, seed: 8)
        let folds = examples.folds(6, seed: 3)
        #expect(folds.flatMap(\.held).sorted() == Array(0..<200))
        for (training, held) in folds {
            let (seen, hidden) = (Set(training.map { examples.groups[$0] }), Set(held.map { examples.groups[$0] }))
            #expect(seen.isDisjoint(with: hidden))
            #expect(hidden.count == 3 || hidden.count == 4)
        }
        #expect(examples.folds(100, seed: 3).count == 20)
    }
}
