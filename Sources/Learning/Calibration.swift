/// Turns scores into probabilities that mean what they say.
public enum Calibration {
    /// Fits a logistic curve over scores: the probability is the sigmoid of a straight line in the score.
    ///
    /// The labels are drawn in a little, so that perfectly separated scores give no infinite slope. Platt,
    /// "Probabilistic outputs for support vector machines", 1999.
    ///
    /// - Throws: ``LogisticRegression/FitError``.
    public static func platt(
        scores: [Double], labels: [Double]
    ) throws(LogisticRegression.FitError) -> LogisticModel {
        let positives = labels.reduce(0, +)
        let negatives = Double(labels.count) - positives
        guard positives > 0, negatives > 0 else { throw .nothingToTell }
        let (high, low) = ((positives + 1) / (positives + 2), 1 / (negatives + 2))
        var examples = Examples(featureCount: 1)
        for (score, label) in zip(scores, labels) {
            examples.append([score], label: label * high + (1 - label) * low)
        }
        var regression = LogisticRegression()
        regression.penalty = 1e-6
        return try regression.fit(examples)
    }

    /// The non-decreasing step function with the least squared error over scores.
    ///
    /// Pool adjacent violators: Ayer et al., 1955; Zadrozny and Elkan, 2002.
    public static func isotonic(scores: [Double], labels: [Double]) -> IsotonicCurve {
        precondition(scores.count == labels.count)
        struct Block {
            var start: Double
            var sum: Double
            var count: Double
            var mean: Double { sum / count }
        }
        var blocks: [Block] = []
        for (score, members) in Dictionary(grouping: scores.indices, by: { scores[$0] }).sorted(by: { $0.key < $1.key })
        {
            blocks.append(
                Block(start: score, sum: members.reduce(0) { $0 + labels[$1] }, count: Double(members.count)))
            while blocks.count > 1, blocks[blocks.count - 2].mean >= blocks[blocks.count - 1].mean {
                let last = blocks.removeLast()
                blocks[blocks.count - 1].sum += last.sum
                blocks[blocks.count - 1].count += last.count
            }
        }
        return IsotonicCurve(starts: blocks.map(\.start), values: blocks.map(\.mean))
    }
}

/// A non-decreasing step function.
public struct IsotonicCurve: Sendable, Hashable, Codable {
    /// Where each step begins, ascending.
    public let starts: [Double]
    /// The height of each step.
    public let values: [Double]

    /// The height at a score; below the first step it is the first step's. 0 for a curve of no steps.
    public func callAsFunction(_ score: Double) -> Double {
        let place = starts.partitioningIndex { $0 > score }
        return values.isEmpty ? 0 : values[max(0, place - 1)]
    }
}

extension Array {
    /// The first place whose element passes, in an array whose passing elements all come last.
    func partitioningIndex(_ passes: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if passes(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
