/// A linear model of a probability: the logit is an intercept and a weighted sum of the features.
public struct LogisticModel: Sendable, Hashable, Codable {
    /// The logit of an example whose features are all 0.
    public var intercept: Double
    /// A weight a feature, in the features' own units.
    public var weights: [Double]

    /// A model of that intercept and those weights.
    public init(intercept: Double, weights: [Double]) {
        self.intercept = intercept
        self.weights = weights
    }

    /// The log-odds of an example, which has as many features as the model has weights.
    public func logit(_ row: some Sequence<Double>) -> Double {
        zip(weights, row).reduce(intercept) { $0 + $1.0 * $1.1 }
    }

    /// The probability of an example.
    public func probability(_ row: some Sequence<Double>) -> Double { sigmoid(logit(row)) }
}

/// Logistic regression with a quadratic penalty, fitted by Newton's method.
///
/// The features are standardised inside (mean 0, standard deviation 1 over the weighted examples), so that the penalty
/// treats them alike; the fitted model is in the features' own units. The fit is deterministic.
public struct LogisticRegression: Sendable, Hashable {
    /// What went wrong with a fit.
    public enum FitError: Error, Hashable {
        /// There is no example, or not both labels; with an intercept there is then no finite optimum.
        case nothingToTell
        /// A feature, label or weight is NaN or infinite.
        case notFinite
    }

    /// The weight of ½·Σ(w − prior)² over the standardised weights, positive. The intercept bears no penalty.
    public var penalty = 1.0
    /// Where the penalty pulls each weight to, in the features' own units; empty for 0. A feature that is the same in
    /// all examples keeps this weight.
    public var priorWeights: [Double] = []
    /// Whether there is an intercept; pairwise ranking has none.
    public var hasIntercept = true

    /// A regression with the defaults.
    public init() {}

    /// Fits the examples.
    ///
    /// - Throws: ``FitError``.
    public func fit(_ examples: Examples) throws(FitError) -> LogisticModel {
        let problem = try Problem(self, examples)
        let optimum = problem.minimum()
        return problem.model(of: optimum)
    }

    /// The penalised loss of a model on examples: what ``fit(_:)`` minimises.
    public func loss(of model: LogisticModel, on examples: Examples) throws(FitError) -> Double {
        let problem = try Problem(self, examples)
        return problem.loss(problem.coefficients(of: model))
    }
}

/// The standardised form of one fit. Coefficients are the weights, then the intercept when there is one.
private struct Problem {
    private let examples: Examples
    private let hasIntercept: Bool
    private let penalty: Double
    private let means: [Double]
    private let scales: [Double]
    private let priors: [Double]
    private let rows: Matrix

    private var size: Int { scales.count + (hasIntercept ? 1 : 0) }

    init(_ options: LogisticRegression, _ examples: Examples) throws(LogisticRegression.FitError) {
        let featureCount = examples.features.columnCount
        precondition(
            options.penalty > 0 && (options.priorWeights.isEmpty || options.priorWeights.count == featureCount))
        guard examples.features.elements.allSatisfy(\.isFinite), examples.weights.allSatisfy(\.isFinite),
            examples.offsets.allSatisfy(\.isFinite)
        else { throw .notFinite }
        let hasBoth = examples.labels.contains { $0 < 1 } && examples.labels.contains { $0 > 0 }
        guard examples.count > 0, hasBoth || !options.hasIntercept else { throw .nothingToTell }
        self.examples = examples
        hasIntercept = options.hasIntercept
        penalty = options.penalty
        let total = examples.weights.reduce(0, +)
        var means = [Double](repeating: 0, count: featureCount)
        var scales = [Double](repeating: 0, count: featureCount)
        // Without an intercept the origin must stay where it is.
        if options.hasIntercept {
            for (place, weight) in examples.weights.enumerated() {
                for (column, value) in examples.features[row: place].enumerated() {
                    means[column] += weight * value / total
                }
            }
        }
        for (place, weight) in examples.weights.enumerated() {
            for (column, value) in examples.features[row: place].enumerated() {
                scales[column] += weight * (value - means[column]) * (value - means[column]) / total
            }
        }
        // A constant column leaves rounding errors behind, which must not be blown up to a scale of 1.
        for column in scales.indices {
            let isConstant = scales[column] <= 1e-18 * (1 + means[column] * means[column])
            scales[column] = isConstant ? 1 : scales[column].squareRoot()
        }
        let given = options.priorWeights.isEmpty ? [Double](repeating: 0, count: featureCount) : options.priorWeights
        priors = zip(given, scales).map { $0 * $1 }
        var rows = Matrix(columnCount: featureCount)
        for place in 0..<examples.count {
            rows.append(
                examples.features[row: place].enumerated().map { ($1 - means[$0]) / scales[$0] })
        }
        self.means = means
        self.scales = scales
        self.rows = rows
    }

    private func logit(_ coefficients: [Double], at place: Int) -> Double {
        var sum = examples.offsets[place] + (hasIntercept ? coefficients[size - 1] : 0)
        for (column, value) in rows[row: place].enumerated() { sum += coefficients[column] * value }
        return sum
    }

    func loss(_ coefficients: [Double]) -> Double {
        var sum = 0.0
        for place in 0..<examples.count {
            sum +=
                examples.weights[place] * logLoss(logit: logit(coefficients, at: place), label: examples.labels[place])
        }
        for column in priors.indices {
            let distance = coefficients[column] - priors[column]
            sum += 0.5 * penalty * distance * distance
        }
        return sum
    }

    func minimum() -> [Double] {
        var coefficients = priors + (hasIntercept ? [0] : [])
        var current = loss(coefficients)
        for _ in 0..<100 {
            let (gradient, curvature) = derivatives(coefficients)
            guard let step = solvePositiveDefinite(curvature, gradient) else { break }
            // The loss is convex, so a short enough piece of Newton's step always lowers it.
            var share = 1.0
            var next = coefficients
            var lower = current
            repeat {
                next = zip(coefficients, step).map { $0 - share * $1 }
                lower = loss(next)
                share /= 2
            } while lower > current && share > 1e-9
            guard lower <= current else { break }
            let movement = zip(next, coefficients).map { abs($0 - $1) }.max() ?? 0
            coefficients = next
            current = lower
            if movement < 1e-10 { break }
        }
        return coefficients
    }

    private func derivatives(_ coefficients: [Double]) -> (gradient: [Double], curvature: [Double]) {
        var gradient = [Double](repeating: 0, count: size)
        var curvature = [Double](repeating: 0, count: size * size)
        for place in 0..<examples.count {
            let probability = sigmoid(logit(coefficients, at: place))
            let slope = examples.weights[place] * (probability - examples.labels[place])
            let bend = examples.weights[place] * probability * (1 - probability)
            let row = Array(rows[row: place]) + (hasIntercept ? [1] : [])
            for first in 0..<size {
                gradient[first] += slope * row[first]
                for second in 0...first { curvature[first * size + second] += bend * row[first] * row[second] }
            }
        }
        for column in priors.indices {
            gradient[column] += penalty * (coefficients[column] - priors[column])
            curvature[column * size + column] += penalty
        }
        // Where every probability is 0 or 1 the intercept has no curvature left.
        if hasIntercept { curvature[size * size - 1] += 1e-9 }
        return (gradient, curvature)
    }

    func model(of coefficients: [Double]) -> LogisticModel {
        let weights = zip(coefficients, scales).map { $0 / $1 }
        let shift = zip(weights, means).reduce(0) { $0 + $1.0 * $1.1 }
        return LogisticModel(intercept: (hasIntercept ? coefficients[size - 1] : 0) - shift, weights: weights)
    }

    func coefficients(of model: LogisticModel) -> [Double] {
        let shift = zip(model.weights, means).reduce(0) { $0 + $1.0 * $1.1 }
        return zip(model.weights, scales).map { $0 * $1 } + (hasIntercept ? [model.intercept + shift] : [])
    }
}
