import Foundation
import StrataCore
import Testing

@Suite struct CrashTests {
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init).map { [$0] } ?? [1, 2, 3]

    /// The child stores lines as fast as it gets them and prints each id once it is on disk; it is killed after some.
    @Test(arguments: seeds)
    func whatTheCommandHasAcknowledgedSurvivesAKillAtAnyMoment(seed: UInt64) async throws {
        let strata = try Strata()
        let child = try strata.child(["remember", "--lines", "--json", "-"])
        try child.start()
        let lineCount = 2000
        let texts = (0..<lineCount).map { "seed \(seed) line \($0)" }
        child.sendInBackground(Array(texts.joined(separator: "\n").utf8))
        try child.waitForLines(Int(1 + seed * 397 % 900))
        child.kill()
        let outcome = try await child.outcome()
        #expect(outcome.status == SIGKILL)
        // The last line may be cut off in the middle; what was not printed whole was not acknowledged.
        let acknowledged = try outcome.out.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            try JSONValue(jsonText: String($0))["record"]
        }
        #expect(!acknowledged.isEmpty)
        #expect(acknowledged.count < lineCount)

        var stored: [String: String] = [:]
        var cursor: String?
        repeat {
            let arguments = ["list", "--limit", "1000", "--json"] + (cursor.map { ["--cursor", $0] } ?? [])
            let lister = try strata.child(arguments)
            try lister.start()
            lister.closeInput()
            let page = try #require(try await lister.outcome().json.first)
            guard case .array(let records) = page["records"] else { return #expect(Bool(false), "a page has records") }
            for record in records {
                stored[try #require(record["id"]?.stringValue)] = record["text"]?.stringValue
            }
            cursor = page["nextCursor"]?.stringValue
        } while cursor != nil
        for record in acknowledged {
            let id = try #require(record?["id"]?.stringValue)
            #expect(stored[id] == record?["text"]?.stringValue, "seed \(seed): \(id) was acknowledged and is gone")
        }
        // What is there beyond the acknowledged was in flight: whole lines, each once.
        #expect(Set(stored.values).count == stored.count)
        #expect(Set(stored.values).isSubset(of: texts))
        let doctor = try await strata.run("doctor", "--json")
        #expect(doctor.out.contains("sound"))
    }
}
