import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import OwnerLink
@testable import Strata

/// A folder that goes away with the test; its path is short, as socket paths must be.
private final class Scratch: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "sl-\(UUID().uuidString.prefix(8))").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct OwnerLinkTests {
    private func open(_ path: String) async throws -> MemoryEngine {
        var configuration = EngineConfiguration()
        configuration.model = .embedder(SeededEmbedder())
        return try await MemoryEngine.open(at: path, configuration: configuration)
    }

    /// Runs `body` with an engine and a connection to it.
    private func withLink(
        _ body: (MemoryEngine, OwnerConnection, Scratch) async throws -> Void
    ) async throws {
        let scratch = try Scratch()
        let engine = try await open(scratch.path)
        let server = try OwnerServer(for: engine, dataDirectory: scratch.path)
        let connection = try #require(try await OwnerConnection.connect(toOwnerOf: scratch.path))
        try await body(engine, connection, scratch)
        await server.stop()
        try await engine.close()
    }

    @Test func everyRequestAnswersAsTheEngineDoes() async throws {
        try await withLink { engine, link, _ in
            #expect(link.spaceIdentifier == engine.spaceIdentifier && link.modelDegradations.isEmpty)
            let memory = NewMemory(
                "Nora likes \"skiing\" \u{1F3BF}\n", speaker: "Ada", layer: .insights, tags: ["a", "b"],
                metadata: ["n": 1, "deep": ["x": [nil, true, 2.5]]], occurredAt: Timestamp(milliseconds: -1))
            let results = try await link.remember(
                [memory, "  ", "two"], in: "n", onDuplicate: .skip, ack: .durable)
            let record = try results[0].get().record
            #expect(try await engine.get(record.id, in: "n") == record)
            guard case .failure(let refused) = results[1] else { throw CancellationError() }
            #expect(refused.code == .invalidArgument && refused.message.contains("text"))
            let options = RecallOptions(
                layers: [.insights, .assets],
                filter: .all([.tagsAny(["a"]), .metadata(path: ["n"], .gte, 1), .not(.pinned(true))]), countsUse: false)
            let here = try await engine.recall("skiing", in: "n", limit: 3, options: options)
            let there = try await link.recall("skiing", in: "n", limit: 3, options: options)
            #expect(there.map(\.record) == here.map(\.record) && there.count == 1)
            #expect(try await link.get(RecordID(high: 1, low: 1), in: "n") == nil)
            let page = try await link.list(in: "n", matching: nil, cursor: nil, limit: 1)
            #expect(try await engine.list(in: "n", limit: 1) == page)
            #expect(try await link.namespaces() == ["n"])
            #expect(try await link.stats(in: nil).store == engine.stats().store)
            let updated = try await link.update(record.id, RecordPatch(pinned: true), in: "n", ifChange: record.change)
            #expect(updated.pinned)
            await #expect(throws: StrataError.self) {
                try await link.update(record.id, RecordPatch(pinned: false), in: "n", ifChange: record.change)
            }
            let exported = try await link.exportPage(
                ExportOptions(includesVectors: true), cursor: nil, countMax: 10)
            #expect(try await engine.exportPage(ExportOptions(includesVectors: true), countMax: 10) == exported)
            #expect(try await link.count(of: .everything, in: "n") == 2)
            #expect(try await link.forget(.filter(.tagsAny(["b"])), in: "n").ids == [record.id])
            let restored = try await link.restore(lines: exported.lines + ["{"], in: nil)
            #expect(try restored.prefix(2).map { try $0.get().status } == [.stored, .known])
            #expect(throws: StrataError.self) { try restored[2].get() }
            #expect(try await link.deadLetters().isEmpty)
            #expect(try await link.replayDeadLetters(nil).isEmpty)
            #expect(try await link.dropDeadLetters(nil) == 0)
        }
    }

    @Test func manyConnectionsAreServedSideBySide() async throws {
        try await withLink { engine, _, scratch in
            try await withThrowingTaskGroup { group in
                for number in 0..<8 {
                    group.addTask {
                        let link = try #require(try await OwnerConnection.connect(toOwnerOf: scratch.path))
                        for turn in 0..<10 {
                            let memory = NewMemory("text \(number) \(turn)")
                            _ = try await link.remember(memory, in: "n", onDuplicate: .keep, ack: .durable)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await engine.stats(in: "n").store.recordCount == 80)
        }
    }

    @Test func theSocketIsForThisUserOnlyAndGoesWithTheOwner() async throws {
        let scratch = try Scratch()
        let path = scratch.path + "/owner.sock"
        #expect(try await OwnerConnection.connect(toOwnerOf: scratch.path) == nil)
        // What a process that was killed has left behind.
        let engine = try await open(scratch.path)
        let dead = try UnixSocket.listening(at: path)
        dead.end()
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(try await OwnerConnection.connect(toOwnerOf: scratch.path) == nil)
        let server = try OwnerServer(for: engine, dataDirectory: scratch.path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        let link = try #require(try await OwnerConnection.connect(toOwnerOf: scratch.path))
        await server.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
        do {
            _ = try await link.namespaces()
            Issue.record("an owner that has ended answered")
        } catch let error as StrataError {
            #expect(error.code == .locked && error.isRetryable)
        }
        try await engine.close()
    }

    @Test(
        arguments: [
            [0, 0, 0, 0], [255, 255, 255, 255], [0, 0, 0, 2, 123, 125], [0, 0, 0, 3, 1, 2, 3], [0, 0, 0],
            Array("\u{0}\u{0}\u{0}\u{1C}{\"hello\":{\"version\":999999}}".utf8), [0, 0, 0, 9, 123],
        ] as [[UInt8]])
    func whatCannotBeReadEndsThatConnectionOnly(bytes: [UInt8]) async throws {
        try await withLink { _, link, scratch in
            let socket = try #require(try UnixSocket.connected(to: scratch.path + "/owner.sock"))
            var bytes = bytes
            #expect(write(socket.descriptor, &bytes, bytes.count) == bytes.count)
            shutdown(socket.descriptor, Int32(SHUT_WR))
            // An error, or the end: never an answer, never silence.
            if case .failure(let failure) = try? socket.receive(LinkAnswer.self) {
                #expect(failure.code == "invalid_argument" || failure.code == "unsupported_version")
            }
            #expect(throws: UnixSocket.Failure.self) { try socket.receive(LinkAnswer.self) }
            socket.end()
            #expect(try await link.namespaces().isEmpty)
        }
    }

    @Test func anErrorCrossesTheLinkWhole() throws {
        let error = StrataError(.overloaded, "so and so", isRetryable: true)
        let coded = try JSONEncoder().encode(LinkAnswer.failure(LinkError(error)))
        guard case .failure(let read) = try JSONDecoder().decode(LinkAnswer.self, from: coded) else {
            throw CancellationError()
        }
        #expect(read.error.code == error.code && read.error.message == error.message && read.error.isRetryable)
    }
}
