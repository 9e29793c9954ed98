internal import StrataCore

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
    /// Cancelling the task ends it too, and calls off what is being worked on.
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
            reader.stop()
        }
    }
}
