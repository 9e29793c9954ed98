/// What makes two vectors near, and so what the score of a hit is.
public enum VectorMetric: String, Sendable, Hashable, CaseIterable {
    /// The cosine of the angle between them, −1 through 1. Vectors are scaled to unit length; one without a direction is
    /// refused.
    case cosine
    /// The inner product of the vectors as they are.
    case dot
    /// Minus the squared Euclidean distance of the vectors as they are: 0 for equal ones, below for others.
    case l2
}
