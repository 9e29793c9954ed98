internal import CVectorKernels
internal import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// How the rows of an index lie in memory.
struct RowLayout: Sendable {
    /// The number of components.
    let dimension: Int
    let metric: VectorMetric
    /// Bytes from one row of codes to the next: whole cache lines, so that no kernel needs a tail.
    let codeStride: Int
    /// Floats from one full row to the next: whole cache lines.
    let floatStride: Int

    /// The rows of the first segment. Each further one has as many as all before it, so that a namespace of a few memories
    /// pays for a few rows, and none for more than twice its own.
    static let rowsMin = 4

    init(dimension: Int, metric: VectorMetric) {
        self.dimension = dimension
        self.metric = metric
        codeStride = (dimension + 63) / 64 * 64
        floatStride = (dimension + 15) / 16 * 16
    }

    /// Whether each row's length is kept: otherwise it is 1.
    var hasLengths: Bool { metric != .cosine }

    /// The most rows of a segment: the codes of that many fill one huge page, except for very short vectors.
    var rowsMax: Int { min(max(Self.hugePageBytes / codeStride, 256), 16_384) }

    static let hugePageBytes = 2 << 20
}

/// The vectors of one segment: codes to scan, full rows to rescore.
///
/// The codes come first and on their own, so that a scan reads them and nothing else.
///
/// Sendable unchecked: a slot is written once, by the one writer, before any state that counts it is published through
/// the index's `Mutex`; readers look only at slots which their state counts. No slot is written a second time after
/// it has been published.
final class SegmentStorage: @unchecked Sendable {
    let layout: RowLayout
    let capacity: Int
    let byteCount: Int
    let codes: UnsafeMutablePointer<Int8>
    let vectors: UnsafeMutablePointer<Float>
    let keys: UnsafeMutablePointer<RecordKey>
    let scales: UnsafeMutablePointer<Float>
    let errors: UnsafeMutablePointer<Float>
    /// Nil when every row has unit length.
    let lengths: UnsafeMutablePointer<Float>?
    private let base: UnsafeMutableRawPointer

    init(layout: RowLayout, capacity: Int) {
        self.layout = layout
        self.capacity = capacity
        let codeBytes = capacity * layout.codeStride
        let vectorBytes = capacity * layout.floatStride * MemoryLayout<Float>.stride
        let keyBytes = capacity * MemoryLayout<RecordKey>.stride
        let floatBytes = capacity * MemoryLayout<Float>.stride
        byteCount = codeBytes + vectorBytes + keyBytes + (layout.hasLengths ? 3 : 2) * floatBytes
        let isLarge = byteCount >= RowLayout.hugePageBytes
        base = .allocate(byteCount: byteCount, alignment: isLarge ? RowLayout.hugePageBytes : 64)
        #if os(Linux)
            // Fewer misses of the address cache: 191 against 271 ns for a random row. The kernel may decline; no harm.
            if isLarge { _ = madvise(base, byteCount, MADV_HUGEPAGE) }
        #endif
        var next = base
        func take<T>(_ type: T.Type, bytes: Int) -> UnsafeMutablePointer<T> {
            defer { next += bytes }
            return next.bindMemory(to: type, capacity: bytes / MemoryLayout<T>.stride)
        }
        codes = take(Int8.self, bytes: codeBytes)
        vectors = take(Float.self, bytes: vectorBytes)
        keys = take(RecordKey.self, bytes: keyBytes)
        scales = take(Float.self, bytes: floatBytes)
        errors = take(Float.self, bytes: floatBytes)
        lengths = layout.hasLengths ? take(Float.self, bytes: floatBytes) : nil
    }

    deinit { base.deallocate() }

    /// The full row of a slot.
    func vector(_ row: Int) -> UnsafeMutablePointer<Float> { vectors + row * layout.floatStride }

    /// Fills a slot with a vector, multiplied by `factor`.
    func write(
        _ row: Int, key: RecordKey, vector source: UnsafePointer<Float>, factor: Double, kernels: VectorKernels
    ) {
        let target = vector(row)
        kernels.table.pointee.scale_f32(source, layout.dimension, factor, target)
        let quantization = Quantization(
            target, count: layout.dimension, into: codes + row * layout.codeStride, stride: layout.codeStride,
            kernels: kernels)
        keys[row] = key
        scales[row] = quantization.scale
        errors[row] = quantization.error
        lengths?[row] = kernels.length(target, layout.dimension)
    }

    /// Fills a slot with a copy of another segment's.
    func copy(_ row: Int, from source: SegmentStorage, row sourceRow: Int) {
        let stride = layout.codeStride
        (codes + row * stride).update(from: source.codes + sourceRow * stride, count: stride)
        vector(row).update(from: source.vector(sourceRow), count: layout.dimension)
        keys[row] = source.keys[sourceRow]
        scales[row] = source.scales[sourceRow]
        errors[row] = source.errors[sourceRow]
        if let lengths, let sourceLengths = source.lengths { lengths[row] = sourceLengths[sourceRow] }
    }
}

/// A segment as one state of the index sees it.
struct Segment: Sendable {
    let storage: SegmentStorage
    /// One entry for each slot in use: the bit of the row's layer tag, or 0 when the row is dead. A row is live and
    /// wanted when its entry and the filter's bits have one in common.
    var bits: [UInt8] = []
    /// How many of the slots are live.
    var liveCount = 0

    var isFull: Bool { bits.count == storage.capacity }

    /// Whether so many rows are dead that moving the rest pays. The floor keeps small segments from moving all the time.
    var isSparse: Bool {
        let deadCount = bits.count - liveCount
        return liveCount == 0 || (deadCount >= 16 && deadCount * 4 >= bits.count)
    }
}
