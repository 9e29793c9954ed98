import COnnxRuntime
import Foundation
import StrataCore

/// One loaded graph.
final class OnnxSession: Sendable {
    /// How a session uses the machine.
    struct Options: Sendable {
        /// Threads inside one run; 1 runs on the calling thread, and many runs may go on side by side.
        var intraOpThreadCount = 1
        /// Whether idle threads of the session burn cycles to be ready sooner.
        var isSpinning = false
    }

    /// The kinds of numbers that matter here.
    enum ElementType: Equatable, Sendable {
        case float32, float16, int64
        case other(Int)

        init(code: Int32) {
            switch Int(code) {
            case STRATA_ONNX_FLOAT32: self = .float32
            case STRATA_ONNX_FLOAT16: self = .float16
            case STRATA_ONNX_INT64: self = .int64
            default: self = .other(Int(code))
            }
        }

        /// The number that ONNX Runtime knows it by.
        var code: Int32 {
            switch self {
            case .float32: Int32(STRATA_ONNX_FLOAT32)
            case .float16: Int32(STRATA_ONNX_FLOAT16)
            case .int64: Int32(STRATA_ONNX_INT64)
            case .other(let code): Int32(code)
            }
        }

        /// Whether it can be read as a row of floats.
        var isFloat: Bool { self == .float32 || self == .float16 }
    }

    /// An input or output as the graph declares it.
    struct Value: Equatable, Sendable {
        var name: String
        var elementType: ElementType
        /// nil is a dimension that a run may choose.
        var shape: [Int?]
    }

    /// A tensor that a run reads.
    struct Tensor {
        /// The numbers, row by row; borrowed for the time of the run, and some address also when there are none.
        var bytes: UnsafeRawPointer
        var byteCount: Int
        var elementType: ElementType
        /// Zeros make a tensor without numbers.
        var shape: [Int]
    }

    let inputs: [Value]
    let outputs: [Value]
    private let runtime: OnnxRuntime
    // ONNX Runtime allows concurrent runs of one session; the binding's own fields never change after creation.
    private nonisolated(unsafe) let session: OpaquePointer

    /// Loads a graph.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid`` when ONNX Runtime refuses the file.
    init(runtime: OnnxRuntime, modelAt path: String, options: Options = Options()) throws {
        var made: OpaquePointer?
        let settings = StrataOnnxSessionOptions(
            intra_op_threads: Int32(options.intraOpThreadCount), spinning: options.isSpinning)
        try OnnxRuntime.check(
            strata_onnx_session_create(runtime.library, path, settings, &made), .modelInvalid,
            "ONNX Runtime \(runtime.version) cannot load \(path); the file may be damaged or need a newer runtime: ")
        guard let made else { throw StrataError(.internal, "creating a session gave neither a session nor an error") }
        self.runtime = runtime
        session = made
        do {
            inputs = try Self.values(count: strata_onnx_input_count(made)) { strata_onnx_input(made, $0, $1) }
            outputs = try Self.values(count: strata_onnx_output_count(made)) { strata_onnx_output(made, $0, $1) }
        } catch {
            strata_onnx_session_free(made)
            throw error
        }
    }

    deinit { strata_onnx_session_free(session) }

    private static func values(
        count: Int, read: (Int, UnsafeMutablePointer<StrataOnnxValueInfo>) -> UnsafeMutablePointer<CChar>?
    ) throws -> [Value] {
        try (0..<count).map { index in
            var info = StrataOnnxValueInfo()
            try OnnxRuntime.check(read(index, &info), .modelInvalid)
            let sizes = withUnsafeBytes(of: info.dimensions) { Array($0.bindMemory(to: Int64.self).prefix(info.rank)) }
            return Value(
                name: String(cString: info.name), elementType: ElementType(code: info.element_type),
                shape: sizes.map { $0 < 0 ? nil : Int($0) })
        }
    }

    /// Runs the graph once, on the calling thread unless the session has threads of its own.
    ///
    /// - Parameters:
    ///   - tensors: one for each input in the graph's order.
    ///   - outputIndex: which of ``outputs``, of float32 or float16; halves arrive widened.
    /// - Throws: ``StrataError/Code/inferenceFailed``, or what `body` throws.
    func run<Result>(
        _ tensors: [Tensor], outputIndex: Int, _ body: (UnsafeBufferPointer<Float>, [Int]) throws -> Result
    ) throws -> Result {
        precondition(tensors.count == inputs.count && tensors.allSatisfy { $0.shape.count <= STRATA_ONNX_RANK_MAX })
        let feeds = tensors.map { tensor in
            var feed = StrataOnnxInput()
            (feed.data, feed.size_bytes) = (tensor.bytes, tensor.byteCount)
            (feed.element_type, feed.rank) = (tensor.elementType.code, tensor.shape.count)
            withUnsafeMutableBytes(of: &feed.dimensions) { sizes in
                for (axis, size) in tensor.shape.enumerated() { sizes.bindMemory(to: Int64.self)[axis] = Int64(size) }
            }
            return feed
        }
        var made = StrataOnnxResult()
        try OnnxRuntime.check(
            strata_onnx_run(session, feeds, outputIndex, &made), .inferenceFailed,
            "a run of shape \(tensors.first?.shape ?? []) failed: ")
        defer { strata_onnx_result_free(session, &made) }
        let shape = withUnsafeBytes(of: made.dimensions) { sizes in
            sizes.bindMemory(to: Int64.self).prefix(made.rank).map { Int($0) }
        }
        let count = shape.reduce(1, *)
        switch ElementType(code: made.element_type) {
        case .float32:
            let numbers = made.data?.assumingMemoryBound(to: Float.self)
            return try body(UnsafeBufferPointer(start: numbers, count: count), shape)
        case .float16:
            let halves = made.data?.assumingMemoryBound(to: UInt16.self)
            let wide = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
                strata_widen_float16(halves, count, buffer.baseAddress)
                filled = count
            }
            return try wide.withUnsafeBufferPointer { try body($0, shape) }
        case let type:
            throw StrataError(
                .inferenceFailed, "output \(outputs[outputIndex].name) is of type \(type), expected float32 or float16")
        }
    }
}
