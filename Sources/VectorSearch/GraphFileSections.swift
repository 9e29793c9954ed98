internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The sections of an index file and where their bytes are in memory, worked on in chunks by all cores: to read them is
/// to wait for the kernel to clear pages and for memory to arrive, which two cores do twice as fast.
///
/// Sendable unchecked: each chunk is touched by one thread at a time, and the caller, who owns the memory, waits for all
/// of them.
struct GraphFileSections: @unchecked Sendable {
    let sections: [UnsafeMutableRawBufferPointer]

    static let chunkBytes = 1 << 20

    private struct Chunk {
        let section: Int
        let bytes: Range<Int>
    }

    private var chunks: [Chunk] {
        sections.indices.flatMap { section in
            stride(from: 0, to: sections[section].count, by: Self.chunkBytes).map {
                Chunk(section: section, bytes: $0..<min($0 + Self.chunkBytes, sections[section].count))
            }
        }
    }

    /// The checksum of each section: XXH64 of the little-endian XXH64s of its chunks.
    ///
    /// - Parameter visit: called for each chunk before it is summed, from several threads.
    /// - Throws: the first error that `visit` has thrown.
    func checksums(
        visit: @Sendable (_ section: Int, _ bytes: Range<Int>) throws -> Void = { _, _ in }
    ) throws -> [UInt64] {
        let chunks = chunks
        let outcome = Mutex<(sums: [UInt64], error: (any Error)?)>((Array(repeating: 0, count: chunks.count), nil))
        DispatchQueue.concurrentPerform(iterations: chunks.count) { index in
            let chunk = chunks[index]
            do {
                try visit(chunk.section, chunk.bytes)
                let sum = XXH64.hash(UnsafeRawBufferPointer(rebasing: sections[chunk.section][chunk.bytes]))
                outcome.withLock { $0.sums[index] = sum.littleEndian }
            } catch {
                outcome.withLock { $0.error = $0.error ?? error }
            }
        }
        let (sums, error) = outcome.withLock { $0 }
        if let error { throw error }
        return sections.indices.map { section in
            zip(chunks, sums).filter { $0.0.section == section }.map(\.1).withUnsafeBytes { XXH64.hash($0) }
        }
    }

    /// Asks the kernel to bring mapped pages in at once and not one by one; it may decline.
    func populate(_ section: Int, _ bytes: Range<Int>) {
        #if os(Linux)
            guard let base = sections[section].baseAddress else { return }
            _ = madvise(base + bytes.lowerBound, bytes.count, Self.populateRead)
        #endif
    }

    /// `MADV_POPULATE_READ` of Linux 5.14, which older headers do not name.
    private static let populateRead: Int32 = 22
}
