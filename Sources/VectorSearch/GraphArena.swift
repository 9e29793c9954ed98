internal import CVectorKernels
internal import StrataCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The rows and links of a graph: address space for many rows, memory for those in use.
///
/// Each array lies on its own pages, so that untouched rows cost nothing and the parts that a walk reads lie close.
///
/// Sendable unchecked. Rows are written by the one writer. Codes, scales, errors, vectors and keys of a row are written
/// before the row is named by a link (stored with release, loaded with acquire) or by a published state, and are not
/// written again until no reader can name the row any more. Links, tag bits, births and deaths change while they are
/// read: all access to them is by `vk_load` and `vk_store`. `dead` and `locks` belong to the writer and its threads.
final class GraphArena: @unchecked Sendable {
    let layout: RowLayout
    let linkWords: Int
    let capacity: Int
    let codes: UnsafeMutablePointer<Int8>
    let scales: UnsafeMutablePointer<Float>
    let errors: UnsafeMutablePointer<Float>
    /// Not written, and so no memory, when every row has unit length.
    let lengths: UnsafeMutablePointer<Float>
    let links: UnsafeMutablePointer<UInt64>
    /// One byte a row, eight rows in a word: the bit of the layer tag.
    let tagWords: UnsafeMutablePointer<UInt64>
    let vectors: UnsafeMutablePointer<Float>
    /// The keys' bits. On their own, so that those of 100 000 rows stay in the second-level cache while filters ask for
    /// them.
    let keys: UnsafeMutablePointer<UInt64>
    /// Two words a row: birth and death.
    private let lives: UnsafeMutablePointer<UInt64>
    /// One bit a row.
    let dead: UnsafeMutablePointer<UInt64>
    private let locks: UnsafeMutablePointer<UInt8>
    private let base: UnsafeMutableRawPointer
    private let byteCount: Int

    private static let lockCount = 4096
    /// Fewer rows than this are spread over ordinary pages: a huge page for each array would cost more than it gains.
    private static let hugeRowsMin = 4096

    init(layout: RowLayout, linkWords: Int, capacity: Int) {
        self.layout = layout
        self.linkWords = linkWords
        self.capacity = capacity
        let isLarge = capacity >= Self.hugeRowsMin
        let alignment = isLarge ? RowLayout.hugePageBytes : 4096
        let words = (capacity + 63) / 64
        let sizes = [
            capacity * layout.codeStride, capacity * linkWords * 8, capacity * 4, capacity * 4,
            layout.hasLengths ? capacity * 4 : 0, words * 64, capacity * 8, capacity * 16, words * 8, Self.lockCount,
            capacity * layout.floatStride * 4,
        ].map { ($0 + alignment - 1) / alignment * alignment }
        byteCount = sizes.reduce(alignment, +)
        // Address space only: a page becomes memory when it is first written.
        let mapped = mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | Self.noReserve, -1, 0)
        guard let mapped, mapped != MAP_FAILED else {
            preconditionFailure("no address space of \(byteCount) bytes for a graph of \(capacity) rows")
        }
        base = mapped
        var next = mapped.alignedUp(toMultipleOf: alignment)
        #if os(Linux)
            // Fewer misses of the address cache: 191 against 271 ns for a random row. The kernel may decline; no harm.
            if isLarge { _ = madvise(next, byteCount - alignment, MADV_HUGEPAGE) }
        #endif
        var index = 0
        func take<T>(_ type: T.Type) -> UnsafeMutablePointer<T> {
            defer {
                next += sizes[index]
                index += 1
            }
            return next.bindMemory(to: type, capacity: sizes[index] / MemoryLayout<T>.stride)
        }
        codes = take(Int8.self)
        links = take(UInt64.self)
        scales = take(Float.self)
        errors = take(Float.self)
        lengths = take(Float.self)
        tagWords = take(UInt64.self)
        keys = take(UInt64.self)
        lives = take(UInt64.self)
        dead = take(UInt64.self)
        locks = take(UInt8.self)
        vectors = take(Float.self)
    }

    deinit { munmap(base, byteCount) }

    #if os(Linux)
        private static let noReserve = Int32(MAP_NORESERVE)
    #else
        private static let noReserve: Int32 = 0
    #endif

    /// The bytes that so many rows take.
    func byteCount(rows: Int) -> Int {
        rows * (layout.codeStride + layout.floatStride * 4 + linkWords * 8 + (layout.hasLengths ? 12 : 8) + 1 + 24)
            + rows / 8 + Self.lockCount
    }

    /// What the C kernels see.
    ///
    /// - Parameter reach: no less than any row's squared length, for a change of links under ``VectorMetric/dot``.
    func graph(reach: Float) -> vk_graph {
        vk_graph(
            codes: codes, code_stride: layout.codeStride, scales: scales, metric: layout.metric.kernelMetric,
            lengths: lengths, reach: reach, links: links, link_words: linkWords, dead: dead, locks: locks,
            lock_mask: Self.lockCount - 1)
    }

    func key(_ row: UInt32) -> RecordKey { RecordKey(bitPattern: keys[Int(row)]) }

    /// Whether the row is live in a state of that version.
    func isLive(_ row: UInt32, version: UInt64) -> Bool {
        let life = lives + Int(row) * 2
        return vk_load(life) <= version && version < vk_load(life + 1)
    }

    func tagBits(_ row: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: vk_load(tagWords + Int(row >> 3)) >> UInt64(8 * (row & 7)))
    }

    func setTagBits(_ bits: UInt8, _ row: UInt32) {
        let (word, shift) = (tagWords + Int(row >> 3), UInt64(8 * (row & 7)))
        vk_store(word, vk_load(word) & ~(0xff << shift) | UInt64(bits) << shift)
    }

    func isDead(_ row: UInt32) -> Bool { dead[Int(row >> 6)] >> UInt64(row & 63) & 1 == 1 }

    /// Ends a row's life with the version before `death`.
    func bury(_ row: UInt32, death: UInt64) {
        vk_store(lives + Int(row) * 2 + 1, death)
        dead[Int(row >> 6)] |= 1 << UInt64(row & 63)
    }

    /// Fills a row that no reader can name, without links.
    func write(
        _ row: UInt32, key: RecordKey, vector source: UnsafePointer<Float>, factor: Double, bits: UInt8,
        birth: UInt64, kernels: VectorKernels
    ) {
        let index = Int(row)
        let target = vectors + index * layout.floatStride
        kernels.table.pointee.scale_f32(source, layout.dimension, factor, target)
        let quantization = Quantization(
            target, count: layout.dimension, into: codes + index * layout.codeStride, stride: layout.codeStride,
            kernels: kernels)
        scales[index] = quantization.scale
        errors[index] = quantization.error
        if layout.hasLengths { lengths[index] = kernels.length(target, layout.dimension) }
        clearLinks(row)
        setTagBits(bits, row)
        keys[index] = UInt64(bitPattern: key)
        vk_store(lives + index * 2 + 1, .max)
        vk_store(lives + index * 2, birth)
        dead[index >> 6] &= ~(1 << UInt64(row & 63))
    }

    /// Puts a file's pages in the place of the first rows' vectors; false when the system declines. What is written to
    /// them stays in memory.
    func mapVectors(_ descriptor: Int32, offset: Int, byteCount: Int) -> Bool {
        mmap(vectors, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, descriptor, off_t(offset))
            != MAP_FAILED
    }

    /// Gives a row that was read from a file its key and tag, and the life of one that was always there or never.
    func revive(_ row: UInt32, key: RecordKey, bits: UInt8, isLive: Bool) {
        setTagBits(bits, row)
        keys[Int(row)] = UInt64(bitPattern: key)
        vk_store(lives + Int(row) * 2 + 1, isLive ? .max : 0)
        if !isLive { dead[Int(row >> 6)] |= 1 << UInt64(row & 63) }
    }

    func clearLinks(_ row: UInt32) {
        for word in 0..<linkWords { vk_store(links + Int(row) * linkWords + word, .max) }
    }

    /// The rows that a row links to.
    func linked(_ row: UInt32) -> [UInt32] {
        (0..<linkWords).flatMap { word -> [UInt32] in
            let pair = vk_load(links + Int(row) * linkWords + word)
            return [UInt32(truncatingIfNeeded: pair), UInt32(truncatingIfNeeded: pair >> 32)]
        }.filter { $0 != .max }
    }

    /// Takes over the first rows of an arena that no one changes any more.
    func copy(_ other: GraphArena, rows: Int) {
        let words = (rows + 63) / 64
        codes.update(from: other.codes, count: rows * layout.codeStride)
        links.update(from: other.links, count: rows * linkWords)
        scales.update(from: other.scales, count: rows)
        errors.update(from: other.errors, count: rows)
        if layout.hasLengths { lengths.update(from: other.lengths, count: rows) }
        tagWords.update(from: other.tagWords, count: words * 8)
        keys.update(from: other.keys, count: rows)
        lives.update(from: other.lives, count: rows * 2)
        dead.update(from: other.dead, count: words)
        vectors.update(from: other.vectors, count: rows * layout.floatStride)
    }
}

extension VectorMetric {
    /// The metric as the kernels name it.
    fileprivate var kernelMetric: vk_metric {
        switch self {
        case .cosine: VK_COSINE
        case .dot: VK_DOT
        case .l2: VK_L2
        }
    }
}

/// The readers of the states between two clean-ups: a row that a clean-up has cut off can be used again when none of the
/// generations up to it has a reader.
final class Generation: Sendable {
    private let readerCount = Atomic<Int>(0)

    /// Called while the state that holds this generation is locked.
    func enter() { readerCount.add(1, ordering: .relaxed) }

    func leave() { readerCount.subtract(1, ordering: .releasing) }

    /// To be asked of generations that are no longer in a published state.
    var isOver: Bool { readerCount.load(ordering: .acquiring) == 0 }
}

/// The memory that one walk works in.
///
/// Sendable unchecked: a scratch is used by one thread at a time, and passed on through a `Mutex`.
final class WalkScratch: @unchecked Sendable {
    private(set) var visited: UnsafeMutablePointer<UInt32>
    private(set) var pool: UnsafeMutablePointer<vk_candidate>
    private var rowCapacity: Int
    private var poolCapacity: Int

    init() {
        rowCapacity = 4096
        poolCapacity = 256
        visited = .allocate(capacity: rowCapacity / 32)
        pool = .allocate(capacity: poolCapacity)
    }

    deinit {
        visited.deallocate()
        pool.deallocate()
    }

    /// A walk without a filter over rows below the limit.
    func walk(rowLimit: Int, ef: Int) -> vk_walk {
        if rowLimit > rowCapacity {
            rowCapacity = max(rowLimit, 2 * rowCapacity)
            visited.deallocate()
            visited = .allocate(capacity: (rowCapacity + 31) / 32)
        }
        if ef > poolCapacity {
            poolCapacity = max(ef, 2 * poolCapacity)
            pool.deallocate()
            pool = .allocate(capacity: poolCapacity)
        }
        var walk = vk_walk()
        walk.row_limit = UInt32(rowLimit)
        walk.skipped_row = .max
        walk.ef = ef
        walk.visited = visited
        walk.pool = pool
        return walk
    }
}

/// Scratches that wait for the next walk.
final class ScratchPool: Sendable {
    private let idle = Mutex<[WalkScratch]>([])

    func with<T>(_ body: (WalkScratch) throws -> T) rethrows -> T {
        let scratch = idle.withLock { $0.popLast() } ?? WalkScratch()
        defer { idle.withLock { $0.append(scratch) } }
        return try body(scratch)
    }
}
