/// Examples to learn from or to measure on: features, what is to be predicted, and what belongs together.
public struct Examples: Sendable, Hashable {
    /// One row of features an example.
    public private(set) var features: Matrix
    /// What is to be predicted, 0 through 1; 0 or 1 for a yes-or-no question.
    public private(set) var labels: [Double]
    /// How much each example counts; positive.
    public private(set) var weights: [Double]
    /// What each example came from (a conversation, a query): examples of one group are never split between training and
    /// measurement, and rankings are made within a group.
    public private(set) var groups: [Int]
    /// A part of each example's logit that is known already and not to be learned; mostly 0.
    public private(set) var offsets: [Double]

    /// The number of examples.
    public var count: Int { labels.count }

    /// No examples yet, of `featureCount` features each.
    public init(featureCount: Int) {
        features = Matrix(columnCount: featureCount)
        labels = []
        weights = []
        groups = []
        offsets = []
    }

    /// Adds an example.
    public mutating func append(
        _ row: some Collection<Double>, label: Double, group: Int = 0, weight: Double = 1, offset: Double = 0
    ) {
        precondition((0...1).contains(label) && weight > 0, "label \(label), weight \(weight)")
        features.append(row)
        labels.append(label)
        weights.append(weight)
        groups.append(group)
        offsets.append(offset)
    }

    /// The examples at those places, in that order.
    public subscript(places: [Int]) -> Examples {
        var chosen = Examples(featureCount: features.columnCount)
        for place in places {
            chosen.append(
                features[row: place], label: labels[place], group: groups[place], weight: weights[place],
                offset: offsets[place])
        }
        return chosen
    }

    /// Both sets, the other's examples at the end.
    public static func + (left: Examples, right: Examples) -> Examples {
        var both = left
        for place in 0..<right.count {
            both.append(
                right.features[row: place], label: right.labels[place], group: right.groups[place],
                weight: right.weights[place], offset: right.offsets[place])
        }
        return both
    }

    /// Splits into `count` folds in which no group is torn apart; the folds' sizes in groups differ by at most one.
    ///
    /// - Parameters:
    ///   - count: at least 2; with at least as many as there are groups, each fold is one group.
    ///   - seed: decides which groups fall together.
    /// - Returns: for each fold the places to train on and the places to measure on, both ascending.
    public func folds(_ count: Int, seed: UInt64) -> [(training: [Int], held: [Int])] {
        precondition(count >= 2, "\(count) folds")
        var distinct = Set(groups).sorted()
        var random = SplitMix64(seed: seed)
        distinct.shuffle(using: &random)
        let foldCount = min(count, distinct.count)
        let fold = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, $0 % max(1, foldCount)) })
        return (0..<foldCount).map { number in
            (
                training: groups.indices.filter { fold[groups[$0]] != number },
                held: groups.indices.filter { fold[groups[$0]] == number }
            )
        }
    }

    /// What a model predicts for each example when it has seen none of that example's group.
    ///
    /// - Parameter fit: makes a predictor from the training part of a fold.
    public func crossPredictions(
        folds count: Int, seed: UInt64, fit: (Examples) throws -> (ArraySlice<Double>) -> Double
    ) rethrows -> [Double] {
        var predictions = [Double](repeating: 0, count: self.count)
        for (training, held) in folds(count, seed: seed) {
            let predict = try fit(self[training])
            for place in held { predictions[place] = predict(features[row: place]) }
        }
        return predictions
    }

    /// Differences of rows within a group, better minus worse, all labelled 1: a logistic model without an intercept
    /// fitted to them orders the rows of a group.
    ///
    /// Each group's pairs weigh as much as one example together, so that long lists do not drown short ones.
    /// Herbrich, Graepel and Obermayer, "Large margin rank boundaries for ordinal regression", 2000.
    public func pairwiseDifferences() -> Examples {
        var pairs = Examples(featureCount: features.columnCount)
        for (_, places) in Dictionary(grouping: groups.indices, by: { groups[$0] }).sorted(by: { $0.key < $1.key }) {
            let better = places.flatMap { first in
                places.filter { labels[first] > labels[$0] }.map { (first, $0) }
            }
            for (first, second) in better {
                pairs.append(
                    zip(features[row: first], features[row: second]).map { $0 - $1 }, label: 1, group: groups[first],
                    weight: 1 / Double(better.count))
            }
        }
        return pairs
    }
}
