#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The logistic function, 1 / (1 + e⁻ˣ), without overflow.
public func sigmoid(_ logit: Double) -> Double {
    if logit >= 0 { return 1 / (1 + exp(-logit)) }
    let power = exp(logit)
    return power / (1 + power)
}

/// The inverse of ``sigmoid(_:)``; probabilities nearer to 0 or 1 than 10⁻¹² are taken to be that near.
public func logit(_ probability: Double) -> Double {
    let bounded = min(1 - 1e-12, max(1e-12, probability))
    return log(bounded / (1 - bounded))
}

/// −label·ln p − (1 − label)·ln(1 − p) with p the sigmoid of the logit, without overflow.
func logLoss(logit: Double, label: Double) -> Double {
    max(logit, 0) - logit * label + log1p(exp(-abs(logit)))
}

/// Solves A·x = b for a symmetric positive definite A given in its lower triangle, row by row; nil when A is not positive
/// definite in the arithmetic at hand.
func solvePositiveDefinite(_ matrix: [Double], _ right: [Double]) -> [Double]? {
    let size = right.count
    var lower = matrix
    for row in 0..<size {
        for column in 0...row {
            var sum = lower[row * size + column]
            for k in 0..<column { sum -= lower[row * size + k] * lower[column * size + k] }
            if row == column {
                guard sum > 0, sum.isFinite else { return nil }
                lower[row * size + row] = sum.squareRoot()
            } else {
                lower[row * size + column] = sum / lower[column * size + column]
            }
        }
    }
    var solution = right
    for row in 0..<size {
        for k in 0..<row { solution[row] -= lower[row * size + k] * solution[k] }
        solution[row] /= lower[row * size + row]
    }
    for row in (0..<size).reversed() {
        for k in row + 1..<max(size, row + 1) { solution[row] -= lower[k * size + row] * solution[k] }
        solution[row] /= lower[row * size + row]
    }
    return solution
}
