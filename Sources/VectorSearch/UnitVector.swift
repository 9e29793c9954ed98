internal import CVectorKernels
internal import StrataCore

extension VectorKernels {
    /// What a vector's components are multiplied by to give it unit length.
    ///
    /// The sum of squares is taken in double precision, which no finite single-precision vector can overflow or
    /// underflow.
    ///
    /// - Throws: ``StrataError/Code/invalidVector`` when a component is NaN or infinite, or all are 0.
    func unitFactor(of vector: UnsafePointer<Float>, count: Int) throws(StrataError) -> Double {
        let largest = table.pointee.max_abs(vector, count)
        guard largest.isFinite else {
            throw StrataError(
                .invalidVector,
                "vector has a component that is NaN or infinite, expected finite ones; embed the text again")
        }
        guard largest > 0 else {
            throw StrataError(
                .invalidVector, "vector has length 0, expected a direction; embed a text that is not empty")
        }
        return 1 / table.pointee.dot_wide(vector, vector, count).squareRoot()
    }

    /// A vector scaled to unit length.
    ///
    /// - Throws: ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/invalidVector``.
    func normalized(_ vector: [Float], dimension: Int) throws(StrataError) -> [Float] {
        try checkDimension(vector.count, is: dimension)
        let factor = try unitFactor(of: vector, count: dimension)
        return [Float](unsafeUninitializedCapacity: dimension) { buffer, initializedCount in
            // An array of a positive capacity has a base address.
            table.pointee.scale_f32(vector, dimension, factor, buffer.baseAddress!)
            initializedCount = dimension
        }
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

/// A vector of unit length as signed bytes, with a bound on what they lose.
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
    /// Unit length.
    let vector: [Float]
    /// The vector as bytes, padded with zeros to the rows' stride.
    let codes: [Int8]
    let quantization: Quantization

    init(_ query: [Float], layout: RowLayout, kernels: VectorKernels) throws(StrataError) {
        let vector = try kernels.normalized(query, dimension: layout.dimension)
        var codes = [Int8](repeating: 0, count: layout.codeStride)
        quantization = Quantization(
            vector, count: layout.dimension, into: &codes, stride: layout.codeStride, kernels: kernels)
        self.vector = vector
        self.codes = codes
    }

    // With q = q̂ + e and v = v̂ + f, where q̂ and v̂ are what the codes say, q·v − q̂·v̂ = e·v̂ + q·f, hence
    // |q·v − q̂·v̂| ≤ ‖e‖(‖v‖ + ‖f‖) + ‖q‖‖f‖ = ‖e‖ + (1 + ‖e‖)‖f‖ for vectors of unit length. `rounding` is more than
    // all the single-precision roundings on the way to a score and to its bounds, each of which is below 1.2e-7.
    private static let rounding: Float = 2e-6

    /// What a row's error is multiplied by in the bound on its score.
    var errorFactor: Float { 1 + quantization.error + Self.rounding }

    /// The part of the bound that all rows share.
    var slack: Float { quantization.error * (1 + Self.rounding) + Self.rounding }
}
