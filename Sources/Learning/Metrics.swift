/// How well scores or probabilities agree with what came out.
///
/// `scores` and `labels` have the same number of elements; labels are 0 or 1, a higher score stands for a likelier 1.
public enum Metrics {
    /// The chance that a random positive scores above a random negative; ties count one half. Nil without both.
    ///
    /// Mann and Whitney, 1947: from the sum of the positives' ranks.
    public static func rocAUC(scores: [Double], labels: [Double]) -> Double? {
        let positives = labels.reduce(0, +)
        let negatives = Double(labels.count) - positives
        guard positives > 0, negatives > 0 else { return nil }
        var rankSum = 0.0
        var rank = 0
        for tie in ties(scores) {
            let middle = Double(rank) + Double(tie.count + 1) / 2
            rankSum += middle * tie.reduce(0) { $0 + labels[$1] }
            rank += tie.count
        }
        return (rankSum - positives * (positives + 1) / 2) / (positives * negatives)
    }

    /// The area under precision over recall: Σ (Rₙ − Rₙ₋₁)·Pₙ over descending thresholds; ties are taken together. Nil
    /// without a positive.
    public static func averagePrecision(scores: [Double], labels: [Double]) -> Double? {
        let positives = labels.reduce(0, +)
        guard positives > 0 else { return nil }
        var (found, seen, area) = (0.0, 0.0, 0.0)
        for tie in ties(scores).reversed() {
            let gain = tie.reduce(0) { $0 + labels[$1] }
            found += gain
            seen += Double(tie.count)
            area += gain / positives * found / seen
        }
        return area
    }

    /// The mean squared difference between probability and outcome; 0 is best. Nil without examples.
    public static func brier(probabilities: [Double], labels: [Double]) -> Double? {
        mean(zip(probabilities, labels).map { ($0 - $1) * ($0 - $1) })
    }

    /// The mean negative logarithm of the outcome's probability; 0 is best. Nil without examples.
    public static func logLoss(probabilities: [Double], labels: [Double]) -> Double? {
        mean(zip(probabilities, labels).map { Learning.logLoss(logit: logit($0), label: $1) })
    }

    /// One bin of a reliability curve.
    public struct ReliabilityBin: Sendable, Hashable, Codable {
        /// How many examples fell into it.
        public let count: Int
        /// The mean predicted probability in it.
        public let predicted: Double
        /// The share of positives in it.
        public let observed: Double
    }

    /// The reliability curve over `binCount` bins of equal width; empty bins are left out.
    public static func reliability(probabilities: [Double], labels: [Double], binCount: Int = 10) -> [ReliabilityBin] {
        let bins = Dictionary(grouping: probabilities.indices) {
            min(binCount - 1, max(0, Int(probabilities[$0] * Double(binCount))))
        }
        return bins.sorted { $0.key < $1.key }.map { _, members in
            let count = Double(members.count)
            return ReliabilityBin(
                count: members.count, predicted: members.reduce(0) { $0 + probabilities[$1] } / count,
                observed: members.reduce(0) { $0 + labels[$1] } / count)
        }
    }

    /// The mean distance between predicted and observed over the bins, weighted by their counts: the expected
    /// calibration error. Nil without examples.
    public static func calibrationError(
        probabilities: [Double], labels: [Double], binCount: Int = 10
    ) -> Double? {
        guard !labels.isEmpty else { return nil }
        return reliability(probabilities: probabilities, labels: labels, binCount: binCount)
            .reduce(0) { $0 + Double($1.count) * abs($1.predicted - $1.observed) } / Double(labels.count)
    }

    /// The places that are chosen when `share` of each group may be kept: its best scores, of equal ones the earlier,
    /// rounded to the nearest number. Ascending.
    public static func kept(scores: [Double], groups: [Int], share: Double) -> [Int] {
        Dictionary(grouping: groups.indices, by: { groups[$0] }).values.flatMap { members in
            let count = Int((Double(members.count) * share).rounded())
            return members.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(count)
        }.sorted()
    }

    /// The share of all positives that is kept when `share` of each group may be. Nil without a positive.
    public static func keptShare(scores: [Double], labels: [Double], groups: [Int], share: Double) -> Double? {
        let positives = labels.reduce(0, +)
        guard positives > 0 else { return nil }
        return kept(scores: scores, groups: groups, share: share).reduce(0) { $0 + labels[$1] } / positives
    }

    /// The interval that holds 95 % of a figure when groups are drawn anew, with replacement.
    ///
    /// Whole groups are drawn, because examples of one group are alike: an interval over single examples would be too
    /// narrow. A draw for which the figure is nil is passed over. Nil when none is left.
    ///
    /// - Parameter measure: the figure of the examples at the given places, with a group number for each that tells the
    ///   copies of a group apart.
    public static func bootstrapInterval(
        groups: [Int], drawCount: Int = 1000, seed: UInt64 = 7,
        measure: (_ places: [Int], _ groups: [Int]) -> Double?
    ) -> ClosedRange<Double>? {
        let members = Dictionary(grouping: groups.indices, by: { groups[$0] }).sorted { $0.key < $1.key }.map(\.value)
        var random = SplitMix64(seed: seed)
        let figures = (0..<drawCount).compactMap { _ -> Double? in
            var places: [Int] = []
            var copies: [Int] = []
            for copy in members.indices {
                // The first index exists, because there is a group to draw for.
                let drawn = members[Int.random(in: members.indices, using: &random)]
                places += drawn
                copies += Array(repeating: copy, count: drawn.count)
            }
            return measure(places, copies)
        }.sorted()
        guard !figures.isEmpty else { return nil }
        let low = figures[Int(0.025 * Double(figures.count))]
        return low...max(low, figures[min(figures.count - 1, Int(0.975 * Double(figures.count)))])
    }

    /// The places of equal scores, by ascending score.
    private static func ties(_ scores: [Double]) -> [[Int]] {
        var ties: [[Int]] = []
        for place in scores.indices.sorted(by: { (scores[$0], $0) < (scores[$1], $1) }) {
            if let last = ties.last?.last, scores[last] == scores[place] {
                ties[ties.count - 1].append(place)
            } else {
                ties.append([place])
            }
        }
        return ties
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}
