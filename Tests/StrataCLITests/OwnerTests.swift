import Foundation
import StrataCore
import Testing

// Children that wait for one another would hold all threads of the pool if the tests ran side by side.
@Suite(.serialized) struct OwnerTests {
    /// A process that owns the data directory and waits for more lines.
    private func owner(_ strata: Strata, _ options: String...) async throws -> Child {
        let owner = try strata.child(["remember", "--lines", "-"] + options)
        try owner.start()
        owner.send(Array("the owner waits for more\n".utf8))
        _ = try owner.line()
        return owner
    }

    @Test func commandsWorkAsEverWhileAnotherProcessOwnsTheDirectory() async throws {
        let strata = try Strata()
        let owner = try await owner(strata)
        let id = try await strata.remember("Nora likes skiing", "--tag", "sport")
        let found = try await strata.run("recall", "Who likes skiing?", "--json")
        #expect(try found.json[0]["hits"]?[0]?["record"]?["id"] == .string(id))
        #expect(try await strata.run("list", "--json").json[0]["records"]?.count == 2)
        let missing = try await strata.run("get", "01a203d5-ae21-7000-afa5-4f87819e8d3b", "--json")
        #expect(try missing.status == 3 && missing.errorCode == "not_found")
        let refused = try await strata.run("remember", "  ", "--json")
        #expect(try refused.status == 4 && refused.errorCode == "invalid_argument")
        let file = try strata.scratch.write("in/a.md", "# Tea\n\nMint tea needs five minutes.\n")
        #expect(try await strata.run("ingest", file).out.hasPrefix("added 1"))
        let exported = try await strata.run("export")
        #expect(exported.out.split(separator: "\n").count == 5)
        let forgot = try await strata.run("forget", "--tag", "sport", "--yes", "--json")
        #expect(try forgot.json[0]["ids"] == [.string(id)])
        #expect(try await strata.run("dead-letters", "--json").json == [[]])
        owner.closeInput()
        #expect(try await owner.outcome().status == 0)
        // What came over the socket is on disk, and the directory is free.
        #expect(try await strata.run("list", "--json").json[0]["records"]?.count == 2)
        #expect(!FileManager.default.fileExists(atPath: strata.dataDirectory + "/owner.sock"))
    }

    @Test func whenTheOwnerIsKilledTheNextCommandTakesOver() async throws {
        let strata = try Strata()
        let owner = try await owner(strata)
        _ = try await strata.remember("before")
        owner.kill()
        _ = try await owner.outcome()
        #expect(FileManager.default.fileExists(atPath: strata.dataDirectory + "/owner.sock"))
        _ = try await strata.remember("after")
        #expect(try await strata.run("list", "--json").json[0]["records"]?.count == 3)
    }

    @Test func aClientWhoseOwnerIsKilledIsToldAndLosesNothingThatWasAcknowledged() async throws {
        let strata = try Strata()
        let owner = try await owner(strata)
        let client = try strata.child(["remember", "--lines", "-"])
        try client.start()
        client.send(Array((0..<50).map { "line \($0)\n" }.joined().utf8))
        try client.waitForLines(10)
        owner.kill()
        client.send(Array("one more\n".utf8))
        client.closeInput()
        let outcome = try await client.outcome()
        #expect(outcome.status == 5 && outcome.err.contains("(locked)"), "\(outcome.err)")
        _ = try await owner.outcome()
        let acknowledged = Set(outcome.out.split(separator: "\n").compactMap { $0.split(separator: " ").first })
        #expect(acknowledged.count >= 10)
        let kept = try await strata.run("export").out
        for id in acknowledged { #expect(kept.contains(id)) }
    }

    @Test func commandsStartedTogetherAllSucceed() async throws {
        let strata = try Strata()
        let ids = try await withThrowingTaskGroup { group in
            for number in 0..<8 {
                let child = try strata.child(["remember", "text \(number)"])
                try child.start()
                child.closeInput()
                let box = Unchecked(child)
                group.addTask { try await box.value.outcome() }
            }
            return try await group.reduce(into: [Outcome]()) { $0.append($1) }
        }
        #expect(ids.allSatisfy { $0.status == 0 }, "\(ids.map(\.err))")
        #expect(try await strata.run("list", "--json").json[0]["records"]?.count == 8)
    }

    @Test func aRequestToEndLosesNothingThatWasAcknowledgedAsBuffered() async throws {
        let strata = try Strata()
        let child = try strata.child(["remember", "--lines", "-", "--ack", "buffered"])
        try child.start()
        child.send(Array((0..<500).map { "line number \($0)\n" }.joined().utf8))
        try child.waitForLines(50)
        child.terminate()
        // Whoever feeds a process that was asked to end notices at its next line.
        child.send(Array("one more\n".utf8))
        child.closeInput()
        let outcome = try await child.outcome()
        let acknowledged = outcome.out.split(separator: "\n").compactMap { $0.split(separator: " ").first }
        #expect(acknowledged.count >= 50)
        let kept = try await strata.run("export").out
        for id in acknowledged { #expect(kept.contains(id)) }
        #expect(outcome.status == 130, "\(outcome.err)")
    }
}

/// A child that one task alone uses.
private struct Unchecked: @unchecked Sendable {
    let value: Child
    init(_ value: Child) { self.value = value }
}
