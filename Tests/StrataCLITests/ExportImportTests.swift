import Foundation
import StrataCore
import Testing

@Suite struct ExportImportTests {
    @Test func exportImportExportGivesEqualFiles() async throws {
        let strata = try Strata()
        for number in 0..<5 {
            _ = try await strata.remember("memory \(number)", "--tag", "t", "--namespace", "n\(number % 2)")
        }
        _ = try await strata.remember("pinned", "--pin", "--layer", "assets", "--namespace", "n0")
        let first = strata.scratch.path + "/first.jsonl"
        let exported = try await strata.run("export", first, "--history", "--vectors", "--json")
        #expect(try exported.status == 0 && exported.json[0]["recordCount"] == 6, "\(exported.err)")
        #expect(try await strata.run("export", first).status == 4, "a file is not overwritten")
        var other = strata
        other = try Strata()
        let imported = try await other.run("import", first)
        #expect(imported.status == 0, "\(imported.err)")
        #expect(imported.out.hasPrefix("added 6, already known 0, refused 0 from 1 file"))
        let again = try await other.run("import", first, "--json")
        #expect(try again.json[0]["knownCount"] == 6 && again.json[0]["addedCount"] == 0)
        let piped = try await other.run("export", "--history", "--vectors")
        #expect(try piped.out == String(contentsOfFile: first, encoding: .utf8))
        let permissions = try FileManager.default.attributesOfItem(atPath: first)[.posixPermissions] as? NSNumber
        #expect(permissions?.intValue == 0o600)
        let one = try await other.run("export", "--namespace", "n1")
        #expect(one.out.split(separator: "\n").count == 2 + 2)
    }

    @Test func aDamagedExportNamesFileAndLineAndKeepsTheRest() async throws {
        let strata = try Strata()
        for number in 0..<4 { _ = try await strata.remember("memory \(number)") }
        var lines = try await strata.run("export").out.split(separator: "\n").map(String.init)
        lines[2] = String(lines[2].dropLast(9))
        lines.removeLast()
        let file = try strata.scratch.write("damaged.jsonl", lines.joined(separator: "\n") + "\n")
        let other = try Strata()
        let outcome = try await other.run("import", file)
        #expect(outcome.status == 4)
        #expect(outcome.out.hasPrefix("added 3, already known 0, refused 0"))
        #expect(outcome.err.contains("damaged.jsonl:3:") && outcome.err.contains("cut off"))
        #expect(!outcome.err.contains("memory 1"))
    }

    @Test func aKilledImportIsFinishedByTheNext() async throws {
        let strata = try Strata()
        let count = 2000
        let source = (0..<count).map { #"{"text":"memory number \#($0)"}"# }.joined(separator: "\n")
        _ = try await strata.run("ingest", try strata.scratch.write("in.jsonl", source))
        let file = strata.scratch.path + "/all.jsonl"
        _ = try await strata.run("export", file, "--history")
        let other = try Strata()
        let child = try other.child(["import", file])
        try child.start()
        try child.waitForErrors(containing: "texts")
        child.kill()
        _ = try await child.outcome()
        let half = try await other.run("stats", "--json").json[0]["store"]?["recordCounts"]?["assets"]?.integer ?? 0
        #expect(half > 0 && half < count)
        let rest = try await other.run("import", file, "--json")
        #expect(try rest.json[0]["knownCount"]?.integer == half)
        let again = try await other.run("export", "--history")
        #expect(try again.out == String(contentsOfFile: file, encoding: .utf8))
    }

    @Test func foreignExportsAreRecognisedAndReported() async throws {
        let strata = try Strata()
        let chat = try strata.scratch.write(
            "conversations.json",
            #"""
            [{"title":"T","id":"c","current_node":"b","mapping":{
              "a":{"parent":null,"message":{"id":"m1","author":{"role":"system"},"content":{"parts":["x"]}}},
              "b":{"parent":"a","message":{"id":"m2","author":{"role":"user"},"content":{"parts":["I moved to Oslo."]}}}}}]
            """#)
        let graph = try strata.scratch.write(
            "memory.jsonl", #"{"type":"entity","name":"Nora","entityType":"person","observations":["likes skiing"]}"#)
        let outcome = try await strata.run("import", chat, graph)
        #expect(outcome.status == 0, "\(outcome.err)")
        #expect(outcome.out.hasPrefix("added 2, already known 0, refused 0 from 2 files"))
        #expect(outcome.err.contains("no memories: 1 hidden"))
        let found = try await strata.run("recall", "Who likes skiing?", "--json")
        #expect(try found.json[0]["hits"]?[0]?["record"]?["metadata"]?["entity"] == "Nora")
        let unknown = try strata.scratch.write("x.zip", "PK")
        #expect(try await strata.run("import", unknown).status == 4)
    }
}
