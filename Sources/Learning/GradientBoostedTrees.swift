/// A sum of small decision trees over the features: the logit of a probability.
public struct TreeModel: Sendable, Hashable, Codable {
    /// A node of a tree: a split, or a leaf when both children are 0.
    public struct Node: Sendable, Hashable, Codable {
        /// The feature that a split asks for.
        public var feature = 0
        /// A row whose feature is at most this goes left, any other right.
        public var threshold = 0.0
        /// The place of the left child.
        public var left = 0
        /// The place of the right child.
        public var right = 0
        /// What a leaf adds to the logit.
        public var value = 0.0
    }

    /// The logit before any tree.
    public let intercept: Double
    /// The trees; a tree's first node is its root.
    public let trees: [[Node]]

    /// The log-odds of an example.
    public func logit(_ row: some RandomAccessCollection<Double>) -> Double {
        trees.reduce(intercept) { sum, nodes in
            var place = 0
            while nodes[place].right != 0 {
                let value = row[row.index(row.startIndex, offsetBy: nodes[place].feature)]
                place = value <= nodes[place].threshold ? nodes[place].left : nodes[place].right
            }
            return sum + nodes[place].value
        }
    }

    /// The probability of an example.
    public func probability(_ row: some RandomAccessCollection<Double>) -> Double { sigmoid(logit(row)) }
}

/// Gradient boosting of the logistic loss with histogram splits.
///
/// Friedman, "Greedy function approximation: a gradient boosting machine", 2001; the second-order gains and the
/// histograms as in Chen and Guestrin, "XGBoost", 2016. Deterministic for a seed.
public struct GradientBoosting: Sendable, Hashable {
    /// The number of trees.
    public var treeCount = 120
    /// The number of splits from a root to a leaf, at most.
    public var depthMax = 3
    /// The share of a tree's step that is taken.
    public var learningRate = 0.08
    /// The least number of examples of a leaf.
    public var leafCountMin = 30
    /// The penalty on the square of a leaf's value.
    public var penalty = 5.0
    /// The share of examples each tree sees.
    public var sampleShare = 0.7
    /// The number of bins of a feature, 2 through 256.
    public var binCount = 32
    /// Decides which examples each tree sees.
    public var seed: UInt64 = 1

    /// Boosting with the defaults, which are meant for some thousand examples.
    public init() {}

    /// Fits the examples.
    ///
    /// - Throws: ``LogisticRegression/FitError``.
    public func fit(_ examples: Examples) throws(LogisticRegression.FitError) -> TreeModel {
        guard examples.features.elements.allSatisfy(\.isFinite) else { throw .notFinite }
        let total = examples.weights.reduce(0, +)
        let positives = zip(examples.labels, examples.weights).reduce(0) { $0 + $1.0 * $1.1 }
        guard positives > 0, positives < total else { throw .nothingToTell }
        let intercept = Learning.logit(positives / total)
        var logits = examples.offsets.map { $0 + intercept }
        let bins = FeatureBins(examples.features, binCount: binCount)
        var random = SplitMix64(seed: seed)
        var trees: [[TreeModel.Node]] = []
        for _ in 0..<treeCount {
            let sample = examples.labels.indices.filter { _ in
                Double.random(in: 0..<1, using: &random) < sampleShare
            }
            let slopes = examples.labels.indices.map {
                examples.weights[$0] * (sigmoid(logits[$0]) - examples.labels[$0])
            }
            let bends = examples.labels.indices.map {
                let probability = sigmoid(logits[$0])
                return examples.weights[$0] * probability * (1 - probability)
            }
            var growth = TreeGrowth(options: self, bins: bins, slopes: slopes, bends: bends)
            growth.grow(sample, depth: 0)
            let tree = TreeModel(intercept: 0, trees: [growth.nodes])
            for place in logits.indices { logits[place] += tree.logit(examples.features[row: place]) }
            trees.append(growth.nodes)
        }
        return TreeModel(intercept: intercept, trees: trees)
    }
}

/// Each feature cut into bins of about equally many examples.
private struct FeatureBins {
    /// The upper ends of all bins of a feature but the last.
    let edges: [[Double]]
    /// The bin of each element, row by row.
    let numbers: [UInt8]
    let featureCount: Int

    init(_ matrix: Matrix, binCount: Int) {
        precondition((2...256).contains(binCount))
        featureCount = matrix.columnCount
        edges = (0..<matrix.columnCount).map { column in
            let sorted = (0..<matrix.rowCount).map { matrix[$0, column] }.sorted()
            var edges: [Double] = []
            for number in 1..<binCount {
                let edge = sorted[number * (sorted.count - 1) / binCount]
                if edge < sorted[sorted.count - 1], edges.last != edge { edges.append(edge) }
            }
            return edges
        }
        var numbers: [UInt8] = []
        numbers.reserveCapacity(matrix.elements.count)
        for row in 0..<matrix.rowCount {
            for column in 0..<matrix.columnCount {
                let value = matrix[row, column]
                numbers.append(UInt8(edges[column].partitioningIndex { value <= $0 }))
            }
        }
        self.numbers = numbers
    }
}

/// One tree while it grows.
private struct TreeGrowth {
    let options: GradientBoosting
    let bins: FeatureBins
    let slopes: [Double]
    let bends: [Double]
    var nodes: [TreeModel.Node] = []

    init(options: GradientBoosting, bins: FeatureBins, slopes: [Double], bends: [Double]) {
        self.options = options
        self.bins = bins
        self.slopes = slopes
        self.bends = bends
    }

    private func gain(_ slope: Double, _ bend: Double) -> Double { slope * slope / (bend + options.penalty) }

    /// Adds a node for those examples, and its children; returns its place.
    @discardableResult
    mutating func grow(_ places: [Int], depth: Int) -> Int {
        let node = nodes.count
        let slope = places.reduce(0) { $0 + slopes[$1] }
        let bend = places.reduce(0) { $0 + bends[$1] }
        nodes.append(TreeModel.Node(value: -options.learningRate * slope / (bend + options.penalty)))
        guard depth < options.depthMax, let split = bestSplit(places, slope: slope, bend: bend) else { return node }
        var (lower, upper): ([Int], [Int]) = ([], [])
        for place in places {
            let bin = Int(bins.numbers[place * bins.featureCount + split.feature])
            if bin <= split.bin { lower.append(place) } else { upper.append(place) }
        }
        let left = grow(lower, depth: depth + 1)
        let right = grow(upper, depth: depth + 1)
        nodes[node] = TreeModel.Node(
            feature: split.feature, threshold: bins.edges[split.feature][split.bin], left: left, right: right)
        return node
    }

    private func bestSplit(_ places: [Int], slope: Double, bend: Double) -> (feature: Int, bin: Int)? {
        var best: (feature: Int, bin: Int)?
        var bestGain = gain(slope, bend) + 1e-9
        for feature in 0..<bins.featureCount {
            let binCount = bins.edges[feature].count + 1
            var histogram = [(slope: Double, bend: Double, count: Int)](repeating: (0, 0, 0), count: binCount)
            for place in places {
                let bin = Int(bins.numbers[place * bins.featureCount + feature])
                histogram[bin].slope += slopes[place]
                histogram[bin].bend += bends[place]
                histogram[bin].count += 1
            }
            var left = (slope: 0.0, bend: 0.0, count: 0)
            for bin in 0..<binCount - 1 {
                left = (
                    left.slope + histogram[bin].slope, left.bend + histogram[bin].bend,
                    left.count + histogram[bin].count
                )
                guard left.count >= options.leafCountMin, places.count - left.count >= options.leafCountMin else {
                    continue
                }
                let total = gain(left.slope, left.bend) + gain(slope - left.slope, bend - left.bend)
                if total > bestGain { (best, bestGain) = ((feature, bin), total) }
            }
        }
        return best
    }
}
