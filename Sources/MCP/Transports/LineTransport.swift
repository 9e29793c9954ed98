internal import Dispatch
internal import Foundation
internal import StrataCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// MCP's stdio transport: one JSON message a line in each direction.
///
/// Reading and writing block, so each has a thread of its own. At most ``messageCountMax`` messages are between reading
/// and answering; then reading waits, which slows a client that sends faster than it is served, or that does not read
/// its answers.
public struct LineTransport: Sendable {
    /// The most messages that are read and not yet answered.
    public static let messageCountMax = 64

    private let input: Int32
    private let output: Int32
    private let lineBytesMax: Int

    /// A transport over two open files, which the caller closes.
    ///
    /// - Parameters:
    ///   - lineBytesMax: a longer line is passed over and answered with an error. By default 8 MiB, which holds the
    ///     largest memory with every character escaped.
    public init(input: Int32, output: Int32, lineBytesMax: Int = 8 << 20) {
        self.input = input
        self.output = output
        self.lineBytesMax = lineBytesMax
    }

    /// Serves one client until its input ends, its output breaks, or `isOver` says so; what was read is answered first.
    ///
    /// - Parameter isOver: asked about twice a second while nothing comes in, and then on every message.
    public func serve(
        _ session: MCPSession, access: MCPAccess, isOver: @escaping @Sendable () -> Bool = { false }
    ) async {
        let reader = LineReader(
            descriptor: input, lineBytesMax: lineBytesMax, countMax: Self.messageCountMax, isOver: isOver)
        let writer = LineWriter(descriptor: output)
        await withDiscardingTaskGroup { group in
            for await line in reader.lines() {
                let reply =
                    switch line {
                    case .message(let bytes): session.receive(bytes, access: access)
                    case .tooLong: MCPReply.error(.invalidRequest("a message has more than \(lineBytesMax) bytes"))
                    }
                group.addTask {
                    if let bytes = await reply.bytes(), await !writer.write(bytes + [UInt8(ascii: "\n")]) {
                        reader.stop()
                    }
                    reader.release()
                }
            }
        }
    }
}

/// Reads lines on a thread of its own, no more at a time than are released again.
private final class LineReader: Sendable {
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
        slots = DispatchSemaphore(value: countMax)
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

    /// Nobody reads the answers any more.
    func stop() { isStopped.store(true, ordering: .relaxed) }

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

    /// Cuts chunks into lines.
    struct LineSplitter {
        let lineBytesMax: Int
        private var rest: [UInt8] = []
        private var isTooLong = false

        init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

        mutating func append(_ chunk: ArraySlice<UInt8>, _ take: (Line) -> Void) {
            var chunk = chunk
            while let end = chunk.firstIndex(of: UInt8(ascii: "\n")) {
                add(chunk[..<end])
                finish(take)
                chunk = chunk[(end + 1)...]
            }
            add(chunk)
        }

        private mutating func add(_ bytes: ArraySlice<UInt8>) {
            guard !isTooLong else { return }
            rest += bytes
            guard rest.count > lineBytesMax else { return }
            rest = []
            isTooLong = true
        }

        /// Ends the line at hand.
        mutating func finish(_ take: (Line) -> Void) {
            if isTooLong {
                take(.tooLong)
            } else if rest.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) {
                take(.message(rest))
            }
            rest = []
            isTooLong = false
        }
    }
}

/// Writes whole lines, one after the other, on a queue of its own.
private final class LineWriter: Sendable {
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "strata.mcp.output")

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Returns when all of it was written, or false when nobody can receive it.
    func write(_ bytes: [UInt8]) async -> Bool {
        await withCheckedContinuation { continuation in
            queue.async { [descriptor] in continuation.resume(returning: Self.write(bytes, to: descriptor)) }
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { buffer in
                #if canImport(Darwin)
                    Darwin.write(descriptor, buffer.baseAddress, buffer.count)
                #elseif canImport(Musl)
                    Musl.write(descriptor, buffer.baseAddress, buffer.count)
                #else
                    Glibc.write(descriptor, buffer.baseAddress, buffer.count)
                #endif
            }
            if count < 0 {
                if errno == EINTR { continue }
                guard errno == EAGAIN else { return false }
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
                continue
            }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
