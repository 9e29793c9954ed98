internal import Dispatch
internal import Foundation
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Reads lines on a thread of its own, no more at a time than are released again.
final class LineReader: Sendable {
    enum Line: Sendable {
        case message([UInt8])
        case tooLong
    }

    private let descriptor: Int32
    private let isOver: @Sendable () -> Bool
    private let slots: DispatchSemaphore
    private let isStopped = Atomic(false)
    private let lineBytesMax: Int

    init(descriptor: Int32, lineBytesMax: Int, countMax: Int, isOver: @escaping @Sendable () -> Bool) {
        self.descriptor = descriptor
        self.lineBytesMax = lineBytesMax
        self.isOver = isOver
        // A semaphore must not end below the value it began with, as it would when serving is cancelled.
        slots = DispatchSemaphore(value: 0)
        for _ in 0..<countMax { slots.signal() }
    }

    /// The lines that come in; blank ones are passed over. To be called once.
    func lines() -> AsyncStream<Line> {
        // The slots bound what can wait here.
        let (stream, continuation) = AsyncStream.makeStream(of: Line.self)
        let thread = Thread { [self] in
            read { line in
                slots.wait()
                continuation.yield(line)
            }
            continuation.finish()
        }
        thread.name = "mcp.lines"
        thread.start()
        return stream
    }

    /// A line was answered, so another may be read.
    func release() { slots.signal() }

    /// Nobody takes lines, or reads the answers, any more.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        slots.signal()
    }

    private func read(_ take: (Line) -> Void) {
        var splitter = LineSplitter(lineBytesMax: lineBytesMax)
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while !isStopped.load(ordering: .relaxed), !isOver() {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, 500)
            if ready == 0 || ready < 0 && errno == EINTR { continue }
            let count = chunk.withUnsafeMutableBytes { read(into: $0) }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard count > 0 else { break }
            splitter.append(chunk[..<count], take)
        }
        splitter.finish(take)
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Darwin)
            Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
            Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
            Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }
}
