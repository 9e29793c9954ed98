internal import CVectorKernels
internal import StrataCore

extension VectorKernels {
    /// What a vector's components are multiplied by before they are stored: for cosine that gives it unit length.
    ///
    /// The sum of squares is taken in double precision, which no finite single-precision vector can overflow or
    /// underflow.
    ///
    /// - Throws: ``StrataError/Code/invalidVector`` when a component is NaN or infinite; for cosine when all are 0; for
    ///   the other metrics when the vector is longer than 10¹⁸.
    func storedFactor(
        of vector: UnsafePointer<Float>, count: Int, metric: VectorMetric
    ) throws(StrataError) -> Double {
        let largest = table.pointee.max_abs(vector, count)
        guard largest.isFinite else {
            throw StrataError(
                .invalidVector,
                "vector has a component that is NaN or infinite, expected finite ones; embed the text again")
        }
        guard metric == .cosine else {
            guard table.pointee.dot_wide(vector, vector, count) <= Self.squareMax else {
                throw StrataError(
                    .invalidVector, "vector is longer than 1e18, expected at most that; scale the vectors down")
            }
            return 1
        }
        guard largest > 0 else {
            throw StrataError(
                .invalidVector, "vector has length 0, expected a direction; embed a text that is not empty")
        }
        return 1 / table.pointee.dot_wide(vector, vector, count).squareRoot()
    }

    /// Squared lengths up to here, and four times as much, are single-precision numbers.
    private static let squareMax = 1e36

    /// A query as the stored vectors are: scaled to unit length for cosine.
    ///
    /// - Throws: ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/invalidVector``.
    func comparable(_ vector: [Float], _ layout: RowLayout) throws(StrataError) -> [Float] {
        let dimension = layout.dimension
        try checkDimension(vector.count, is: dimension)
        let factor = try storedFactor(of: vector, count: dimension, metric: layout.metric)
        if factor == 1 { return vector }
        return [Float](unsafeUninitializedCapacity: dimension) { buffer, initializedCount in
            // An array of a positive capacity has a base address.
            table.pointee.scale_f32(vector, dimension, factor, buffer.baseAddress!)
            initializedCount = dimension
        }
    }

    /// The length of a stored row.
    func length(_ row: UnsafePointer<Float>, _ count: Int) -> Float {
        Float(table.pointee.dot_wide(row, row, count).squareRoot())
    }

    /// The exact score of a stored row: summed in double precision, rounded once.
    func score(_ query: UnsafePointer<Float>, _ row: UnsafePointer<Float>, _ layout: RowLayout) -> Float {
        layout.metric == .l2
            ? Float(-table.pointee.distance_wide(query, row, layout.dimension))
            : Float(table.pointee.dot_wide(query, row, layout.dimension))
    }

    /// Refuses a vector of another number of components.
    func checkDimension(_ count: Int, is dimension: Int) throws(StrataError) {
        guard count == dimension else {
            throw StrataError(
                .dimensionMismatch,
                """
                vector has \(count) components, this index holds vectors of \(dimension); \
                embed with the model of the index or re-embed the namespace
                """)
        }
    }
}

/// A vector as signed bytes, with a bound on what they lose.
///
/// With `v` the vector, `c` its codes and `s` the scale, `‖v − s·c‖ ≤ error`.
struct Quantization {
    let scale: Float
    let error: Float

    /// Quantises `vector` into `codes`, which have room for `stride` bytes; those past `count` become 0.
    init(
        _ vector: UnsafePointer<Float>, count: Int, into codes: UnsafeMutablePointer<Int8>, stride: Int,
        kernels: VectorKernels
    ) {
        var squaredError = 0.0
        scale = kernels.table.pointee.quantize(vector, count, codes, &squaredError)
        // The next number up makes good for rounding to single precision, which may have gone down.
        error = Float(squaredError.squareRoot()).nextUp
        (codes + count).update(repeating: 0, count: stride - count)
    }
}

/// A query, ready for the scan over codes and for exact scores.
struct PreparedQuery {
    /// As the stored vectors are: of unit length for cosine.
    let vector: [Float]
    let metric: VectorMetric
    /// The vector's length, rounded up.
    let length: Float
    private let squaredLength: Double
    /// The vector as bytes, padded with zeros to the rows' stride.
    let codes: [Int8]
    let quantization: Quantization

    init(_ query: [Float], layout: RowLayout, kernels: VectorKernels) throws(StrataError) {
        let vector = try kernels.comparable(query, layout)
        var codes = [Int8](repeating: 0, count: layout.codeStride)
        quantization = Quantization(
            vector, count: layout.dimension, into: &codes, stride: layout.codeStride, kernels: kernels)
        self.vector = vector
        self.codes = codes
        metric = layout.metric
        squaredLength = metric == .cosine ? 1 : kernels.table.pointee.dot_wide(vector, vector, layout.dimension)
        length = metric == .cosine ? 1 : Float(squaredLength.squareRoot()).nextUp
    }

    // With q = q̂ + e and v = v̂ + f, where q̂ and v̂ are what the codes say, q·v − q̂·v̂ = e·v̂ + q·f, hence
    // |q·v − q̂·v̂| ≤ ‖e‖(‖v‖ + ‖f‖) + ‖q‖‖f‖ = ‖e‖‖v‖ + (‖q‖ + ‖e‖)‖f‖. `rounding` is more than all the
    // single-precision roundings on the way to a score and to its bounds, each of which is below 1.2e-7 of its part.
    private static let rounding: Float = 2e-6
    /// More than what numbers too small for all their bits can lose.
    private static let underflow: Float = 1e-30

    /// What a row's error is multiplied by in the bound on its score.
    var errorFactor: Float { (length + quantization.error) * (1 + Self.rounding) }

    /// What a row's length is multiplied by in the bound.
    private var lengthFactor: Float { quantization.error * (1 + Self.rounding) + length * Self.rounding }

    /// The part of the bound that all rows share: all but the error when they have unit length.
    var slack: Float {
        switch metric {
        case .cosine: lengthFactor
        case .dot: Self.underflow
        // A distance from a long query is a large number, of which rounding takes more.
        case .l2: Self.underflow + length * length * Self.rounding
        }
    }

    /// What selects the rows that may reach a threshold.
    func bound(threshold: Float, wantedBits: UInt8) -> vk_bound {
        vk_bound(
            query_scale: quantization.scale, error_factor: errorFactor, slack: slack,
            length_factor: metric == .cosine ? 0 : lengthFactor,
            square_factor: metric == .l2 ? -0.5 + Self.rounding : 0, threshold: threshold, wanted_bits: wantedBits)
    }

    /// What the codes tell of a row: the score — for `l2` the inner product less half the row's squared length, which puts
    /// rows in the same order — and how far it may be off.
    ///
    /// - Parameter rowLength: nil when rows have unit length.
    func estimate(
        dot: Int32, scale: Float, error: Float, rowLength: Float?
    ) -> (score: Float, error: Float) {
        var score = Float(dot) * (scale * quantization.scale)
        var bound = error * errorFactor + slack
        if let rowLength {
            bound += rowLength * lengthFactor
            if metric == .l2 {
                score -= 0.5 * rowLength * rowLength
                bound += rowLength * rowLength * Self.rounding
            }
        }
        return (score, bound)
    }

    /// An exact score in the units of ``estimate(dot:scale:error:rowLength:)``, rounded down.
    func estimate(ofExact score: Float) -> Float {
        guard metric == .l2 else { return score }
        // −‖q − v‖² = 2 (q·v − ‖v‖²/2) − ‖q‖².
        return 0.5 * Float(Double(score) + squaredLength) - Self.rounding * (abs(score) + Float(squaredLength))
    }
}
