import Foundation
import MCP
import StrataCore
import StrataTesting
import Synchronization
import Testing

/// The stdio transport over two pipes of this process.
@Suite struct LineTransportTests {
    /// A transport that is being served; what is sent goes in, what comes out is read to its end.
    private struct Wire {
        let input = Pipe()
        let output = Pipe()

        /// Sends bytes and closes, serves, and gives every line that came out.
        func serve(
            _ bench: Bench, _ bytes: [UInt8], lineBytesMax: Int = 8 << 20, pieces: [Int] = []
        ) async throws -> [JSONValue] {
            let transport = LineTransport(
                input: input.fileHandleForReading.fileDescriptor, output: output.fileHandleForWriting.fileDescriptor,
                lineBytesMax: lineBytesMax)
            let writing = input.fileHandleForWriting
            let thread = Thread {
                var rest = bytes[...]
                for piece in pieces {
                    try? writing.write(contentsOf: Data(rest.prefix(piece)))
                    rest = rest.dropFirst(piece)
                }
                try? writing.write(contentsOf: Data(rest))
                try? writing.close()
            }
            let reading = output.fileHandleForReading
            let received = Mutex(Data())
            let isDone = DispatchSemaphore(value: 0)
            let collector = Thread {
                let data = (try? reading.readToEnd()) ?? Data()
                received.withLock { $0 = data }
                isDone.signal()
            }
            thread.start()
            collector.start()
            await transport.serve(bench.server.session(), access: .tests)
            try output.fileHandleForWriting.close()
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    isDone.wait()
                    continuation.resume()
                }
            }
            let text = String(decoding: received.withLock { $0 }, as: UTF8.self)
            #expect(text.isEmpty || text.hasSuffix("\n"))
            return try text.split(separator: "\n").map { try JSONValue(jsonText: String($0)) }
        }
    }

    private static let handshake =
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#
    private static let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
    private static let note = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#

    private func lines(_ lines: String...) -> [UInt8] { Array((lines.joined(separator: "\n") + "\n").utf8) }

    @Test func everyLineIsAnsweredUntilTheInputEnds() async throws {
        let answers = try await Wire().serve(Bench(), lines(Self.handshake, Self.note, "", " \r", Self.ping + "\r"))
        #expect(Set(answers.map { $0["id"] }) == [0, 1])
    }

    @Test func aLastLineWithoutItsEndIsAMessageToo() async throws {
        let bytes = lines(Self.handshake) + Array(Self.ping.utf8)
        #expect(try await Wire().serve(Bench(), bytes).count == 2)
    }

    @Test func messagesMayBeCutAtEveryByte() async throws {
        let bytes = lines(Self.handshake, Self.note, Self.ping)
        let bench = try await Bench()
        let answers = try await Wire().serve(bench, bytes, pieces: Array(repeating: 1, count: bytes.count))
        #expect(Set(answers.map { $0["id"] }) == [0, 1])
        for cut in stride(from: 1, to: bytes.count, by: 7) {
            #expect(try await Wire().serve(bench, bytes, pieces: [cut]).count == 2)
        }
    }

    @Test func aLineThatIsTooLongIsRefusedAndTheNextIsServed() async throws {
        let long =
            #"{"jsonrpc":"2.0","id":5,"method":"ping","params":{"a":"\#(String(repeating: "x", count: 300_000))"}}"#
        let bytes = lines(Self.handshake, long, Self.ping)
        let answers = try await Wire().serve(Bench(), bytes, lineBytesMax: 100_000)
        #expect(Set(answers.map { $0["id"] }) == [0, .null, 1])
        #expect(answers.compactMap(\.errorCode) == [-32600])
        let unbounded = try await Wire().serve(Bench(), bytes)
        #expect(Set(unbounded.map { $0["id"] }) == [0, 5, 1])
    }

    @Test func bytesThatAreNotUTF8AreRefusedAndTheNextLineIsServed() async throws {
        let bytes = lines(Self.handshake) + [0xFF, 0xFE, 0x0A] + lines(Self.ping)
        let answers = try await Wire().serve(Bench(), bytes)
        #expect(Set(answers.map { $0["id"] }) == [0, .null, 1])
        #expect(answers.compactMap(\.errorCode) == [-32700])
    }

    @Test func manyMessagesAtOnceAreAllAnsweredOnce() async throws {
        let requests = (1...2000).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"ping"}"# }
        let bytes = lines(Self.handshake) + Array((requests.joined(separator: "\n") + "\n").utf8)
        let answers = try await Wire().serve(Bench(), bytes)
        #expect(answers.count == 2001 && answers.allSatisfy { $0["result"] != nil })
        #expect(Set(answers.map { $0["id"] }) == Set((0...2000).map { .integer($0) }))
    }

    @Test func servingEndsWhenTheOtherEndIsSaidToBeGone() async throws {
        let wire = Wire()
        let bench = try await Bench()
        let transport = LineTransport(
            input: wire.input.fileHandleForReading.fileDescriptor,
            output: wire.output.fileHandleForWriting.fileDescriptor)
        // The input stays open; only the word counts.
        await transport.serve(bench.server.session(), access: .tests) { true }
        try wire.input.fileHandleForWriting.close()
    }

    @Test func servingEndsWhenItsTaskIsCancelled() async throws {
        let wire = Wire()
        let gate = GatedEmbedder()
        let bench = try await Bench(embedder: gate)
        _ = try await bench.client().value("remember", ["text": "The key is under the flower pot."])
        let recall =
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"recall","arguments":{"query":"key"}}}"#
        try wire.input.fileHandleForWriting.write(contentsOf: Data(lines(Self.handshake, recall)))
        let transport = LineTransport(
            input: wire.input.fileHandleForReading.fileDescriptor,
            output: wire.output.fileHandleForWriting.fileDescriptor)
        let serving = Task { await transport.serve(bench.server.session(), access: .tests) }
        await gate.entered()
        serving.cancel()
        await serving.value
        #expect(await gate.wasCancelled)
        try wire.input.fileHandleForWriting.close()
    }

    @Test func servingEndsWhenNobodyReadsTheAnswers() async throws {
        signal(SIGPIPE, SIG_IGN)
        let wire = Wire()
        try wire.output.fileHandleForReading.close()
        try wire.input.fileHandleForWriting.write(contentsOf: Data(lines(Self.handshake)))
        let bench = try await Bench()
        let transport = LineTransport(
            input: wire.input.fileHandleForReading.fileDescriptor,
            output: wire.output.fileHandleForWriting.fileDescriptor)
        await transport.serve(bench.server.session(), access: .tests)
        try wire.input.fileHandleForWriting.close()
    }
}
