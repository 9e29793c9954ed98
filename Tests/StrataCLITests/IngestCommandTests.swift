import Foundation
import StrataCore
import Testing

@Suite struct IngestCommandTests {
    @Test func aSecondRunAddsOnlyWhatIsNew() async throws {
        let strata = try Strata()
        _ = try strata.scratch.write("in/notes/a.md", "# Tea\n\nMint tea needs five minutes.\n")
        _ = try strata.scratch.write("in/b.txt", "The hut opens in May.\n\nBring a stove.\n")
        _ = try strata.scratch.write("in/picture.png", "x")
        let folder = strata.scratch.path + "/in"
        let first = try await strata.run("ingest", folder, "--json")
        #expect(first.status == 0, "\(first.err)")
        let summary = try first.json[0]
        #expect(summary["addedCount"] == 2 && summary["knownCount"] == 0 && summary["fileCount"] == 2)
        #expect(summary["skippedCounts"]?.count == 1)
        _ = try strata.scratch.write("in/c.jsonl", #"{"text":"Bears avoid the hut.","id":"n1","speaker":"Ranger"}"#)
        let second = try await strata.run("ingest", folder)
        #expect(second.status == 0)
        #expect(second.out.hasPrefix("added 1, already known 2, refused 0 from 3 files"))
        #expect(second.err.contains("passed over: 1 of an unknown format"))
    }

    @Test func idsOfAFileDecideTheIdsOfRecords() async throws {
        let strata = try Strata()
        let uuid = "01a203d5-ae21-7000-afa5-4f87819e8d3b"
        let file = try strata.scratch.write(
            "c.jsonl", #"{"text":"one","id":"n1"}"# + "\n" + #"{"text":"two","id":"\#(uuid)"}"# + "\n")
        _ = try await strata.run("ingest", file)
        let ids = try await strata.run("list", "--json").json[0]["records"]
        _ = try await strata.run("forget", "--all", "--yes")
        _ = try await strata.run("ingest", file)
        let again = try await strata.run("list", "--json").json[0]["records"]
        #expect(ids?[0]?["id"] != nil && ids?[0]?["id"] == again?[0]?["id"])
        #expect(ids?[1]?["id"] == .string(uuid))
        #expect(ids?[0]?["metadata"] == ["externalId": "n1", "path": "c.jsonl"])
        #expect(ids?[0]?["source"] == "import" && ids?[0]?["layer"] == "assets")
    }

    @Test func aFileThatIsNoTextIsNamedAndTheOthersAreStored() async throws {
        let strata = try Strata()
        _ = try strata.scratch.write("in/bad.txt", bytes: [72, 105, 0xC3, 0x28])
        _ = try strata.scratch.write("in/good.txt", "A good text.")
        _ = try strata.scratch.write("in/half.jsonl", "{\"text\":\"a line\"}\nnot json\n[1]\n")
        let outcome = try await strata.run("ingest", strata.scratch.path + "/in")
        #expect(outcome.status == 4)
        #expect(outcome.out.hasPrefix("added 2, already known 0, refused 0"))
        for place in ["bad.txt", "half.jsonl:2", "half.jsonl:3"] { #expect(outcome.err.contains(place)) }
    }

    @Test func aFileOfUnknownFormatStopsTheRunBeforeItBegins() async throws {
        let strata = try Strata()
        let good = try strata.scratch.write("good.txt", "A good text.")
        let bad = try strata.scratch.write("data.bin", "x")
        #expect(try await strata.run("ingest", good, bad).status == 4)
        #expect(try await strata.run("ingest", good, strata.scratch.path + "/none.txt").status == 3)
        #expect(!FileManager.default.fileExists(atPath: strata.dataDirectory))
    }

    @Test func aDryRunCountsAndStoresNothing() async throws {
        let strata = try Strata()
        let file = try strata.scratch.write("a.txt", "One text.")
        let outcome = try await strata.run("ingest", file, "--dry-run")
        #expect(outcome.status == 0 && outcome.out == "would store 1 text from 1 file\n")
        #expect(!FileManager.default.fileExists(atPath: strata.dataDirectory))
    }

    @Test func anInterruptedRunKeepsWhatItStoredAndTheNextGoesOn() async throws {
        let strata = try Strata()
        let count = 3000
        let lines = (0..<count).map { #"{"text":"memory number \#($0)"}"# }
        let file = try strata.scratch.write("many.jsonl", lines.joined(separator: "\n"))
        let child = try strata.child(["ingest", file])
        try child.start()
        // The progress line comes after the first batch; twelve more are to come.
        try child.waitForErrors(containing: "texts")
        child.interrupt()
        let outcome = try await child.outcome()
        #expect(outcome.status == 130, "\(outcome.err)")
        #expect(outcome.err.contains("interrupted"))
        let words = outcome.out.split { !$0.isNumber }
        let stored = try #require(words.first.flatMap { Int64($0) })
        #expect(stored > 0 && stored < count)
        let statistics = try await strata.run("stats", "--json").json[0]
        #expect(statistics["store"]?["recordCounts"]?["assets"]?.integer == stored)
        let rest = try await strata.run("ingest", file, "--json").json[0]
        #expect(rest["addedCount"]?.integer == Int64(count) - stored && rest["knownCount"]?.integer == stored)
    }
}
