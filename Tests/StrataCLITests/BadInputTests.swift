import Foundation
import StrataCore
import Testing

@Suite struct BadInputTests {
    @Test func readingCommandsDoNotMakeADataDirectory() async throws {
        let strata = try Strata()
        for arguments in [["list"], ["recall", "x"], ["stats"], ["forget", "--all", "--yes"]] {
            let child = try strata.child(arguments + ["--json"])
            try child.start()
            let outcome = try await child.outcome()
            #expect(outcome.status == 3 && outcome.out.isEmpty)
            #expect(try outcome.errorCode == "not_found")
            #expect(outcome.err.contains("strata init"))
        }
        #expect(!FileManager.default.fileExists(atPath: strata.dataDirectory))
    }

    @Test(arguments: [
        (["recall", "x", "--filter", #"{"nope":1}"#], "invalid_filter", Int32(4)),
        (["recall", "x", "--filter", #"{"nope"#], "invalid_filter", 4),
        (["recall", " "], "invalid_argument", 4),
        (["recall", "x", "--limit", "0"], "invalid_argument", 4),
        (["list", "--cursor", "?"], "invalid_argument", 4),
        (["remember", "x", "--metadata", "[1]"], "invalid_argument", 4),
        (["remember", "x", "--importance", "7"], "invalid_argument", 4),
        (["remember", ""], "invalid_argument", 4),
        (["remember", "x", "--layer", "nope"], "usage", 2),
        (["remember", "x", "--occurred-at", "soon"], "usage", 2),
        (["remember", "- a list with help in it"], "usage", 2),
        (["remember"], "usage", 2),
        (["get", "7"], "usage", 2),
        (["forget"], "usage", 2),
        (["nope"], "usage", 2),
        (["remember", "x", "--model", "/nowhere"], "model_invalid", 7),
        (["recall", "x", "--signals", "vector"], "runtime_unavailable", 7),
        (["ingest", "/nowhere/at/all"], "not_found", 3),
    ])
    func aMisuseChangesNothingAndSaysItsCode(arguments: [String], code: String, status: Int32) async throws {
        let strata = try Strata()
        _ = try await strata.remember("what is there stays")
        let before = try await strata.run("stats", "--json").json[0]["store"]?["change"]
        let child = try strata.child(arguments + (arguments == ["nope"] ? [] : ["--json"]))
        try child.start()
        child.closeInput()
        let outcome = try await child.outcome()
        #expect(outcome.status == status, "\(outcome.err)")
        #expect(outcome.out.isEmpty)
        if arguments == ["nope"] {
            #expect(outcome.err.hasPrefix("strata: ") && outcome.err.contains("(usage)"))
        } else {
            #expect(try outcome.errorCode == code)
        }
        #expect(try await strata.run("stats", "--json").json[0]["store"]?["change"] == before)
    }

    @Test func aTextOfTenMegabytesIsRefusedWithItsSize() async throws {
        let strata = try Strata()
        let outcome = try await strata.run("remember", "-", input: [UInt8](repeating: 97, count: 10_000_000))
        #expect(outcome.status == 4 && outcome.out.isEmpty)
        #expect(outcome.err.contains("10000000 bytes") && outcome.err.contains("(too_large)"))
    }

    @Test func bytesThatAreNotUTF8AreRefused() async throws {
        let strata = try Strata()
        let piped = try await strata.run("remember", "-", input: [120, 0xFF])
        #expect(piped.status == 4 && piped.err.contains("UTF-8"))
        #expect(!FileManager.default.fileExists(atPath: strata.dataDirectory))
    }

    @Test func aDamagedDatabaseIsNamedAndLeftAsItIs() async throws {
        let strata = try Strata()
        let file = try strata.scratch.write("data/strata.sqlite", String(repeating: "no database ", count: 1000))
        let before = try Data(contentsOf: URL(fileURLWithPath: file))
        for arguments in [["list", "--json"], ["remember", "x", "--json"]] {
            let child = try strata.child(arguments)
            try child.start()
            let outcome = try await child.outcome()
            #expect(outcome.status == 6 && outcome.out.isEmpty)
            #expect(try outcome.errorCode == "corrupted")
        }
        let doctor = try await strata.run("doctor")
        #expect(doctor.status == 1 && doctor.out.contains("FAIL  database"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
    }

    @Test func aDataDirectoryThatCannotBeMadeIsAStorageFailure() async throws {
        let strata = try Strata()
        let file = try strata.scratch.write("file", "in the way")
        let outcome = try await strata.run("remember", "x", "--data-dir", file + "/data", "--json")
        #expect(outcome.status == 6)
        #expect(try outcome.errorCode == "storage_failure")
    }

    @Test func aSecondProcessIsToldWhoOwnsADataDirectoryWhoseOwnerDoesNotAnswer() async throws {
        let strata = try Strata()
        // No socket can be made where a folder lies.
        _ = try strata.scratch.write("data/owner.sock/file", "in the way")
        let owner = try strata.child(["remember", "--lines", "-"])
        try owner.start()
        owner.send(Array("the owner waits for more\n".utf8))
        // The line is there only after the owner has opened the directory, which it then keeps.
        #expect(try owner.line().hasSuffix("stored\n"))
        let second = try await strata.run("list", "--json")
        #expect(second.status == 5 && second.out.isEmpty)
        #expect(try second.errorCode == "locked")
        let doctor = try await strata.run("doctor")
        #expect(doctor.status == 0 && doctor.out.contains("warn  data_directory"))
        owner.closeInput()
        #expect(try await owner.outcome().status == 0)
        #expect(try await strata.run("list").status == 0)
    }
}
