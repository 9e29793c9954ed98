import Foundation
import StrataCore
import Testing

@Suite struct BackupCommandTests {
    @Test func aMemoryIsSavedCheckedListedAndBroughtBack() async throws {
        let strata = try Strata()
        let id = try await strata.remember("the ferry leaves at nine")
        let first = try await strata.run("backup", "create", "--json")
        #expect(first.status == 0, "\(first.err)")
        #expect(try first.json[0]["header"]?["kind"] == "full")
        _ = try await strata.remember("a later memory")
        #expect(try await strata.run("backup", "create").out.contains("incremental, 2 records"))
        let list = try await strata.run("backup", "list", "--json").json[0]
        #expect(list["entries"]?.count == 2)
        let backupID = try #require(list["entries"]?[0]?["header"]?["id"]?.stringValue)
        #expect(try await strata.run("backup", "verify").out.contains("is sound: 2 records"))
        #expect(try await strata.run("backup", "verify", backupID, "--json").json[0]["recordCount"] == 1)

        let refused = try await strata.run("backup", "restore", backupID)
        #expect(refused.status == 2 && refused.err.contains("--yes"))
        let restored = try await strata.run("backup", "restore", backupID, "--yes", "--json")
        #expect(restored.status == 0, "\(restored.err)")
        #expect(try restored.json[0]["recordCount"] == 1)
        let records = try await strata.run("list", "--json").json[0]["records"]
        #expect(records?.count == 1 && records?[0]?["id"] == .string(id))

        let elsewhere = strata.scratch.path + "/elsewhere"
        let namespace = try await strata.run(
            "backup", "restore", "--only", "default", "--into", "copy", "--data-dir", elsewhere)
        #expect(namespace.out.contains("restored 2 records"), "\(namespace.err)")
        #expect(try await strata.run("backup", "prune", "--hourly", "0", "--daily", "0", "--weekly", "0").status == 0)
        #expect(try await strata.run("backup", "list", "--json").json[0]["entries"]?.count == 2, "a base was pruned")
        #expect(try await strata.run("backup", "verify", "0123456789abcdef").status == 3)
    }

    @Test func keysComeFromAFileOrTheEnvironmentAndWrongOnesAreNamed() async throws {
        let strata = try Strata()
        _ = try await strata.remember("the code is xylophone")
        let key = try strata.scratch.write("key", String(repeating: "0f", count: 32) + "\n")
        let other = ["STRATA_BACKUP_KEY": String(repeating: "0e", count: 32)]
        let created = try await strata.run("backup", "create", "--key-file", key)
        #expect(created.status == 0, "\(created.err)")
        #expect(try await strata.run("backup", "list").out.contains("encrypted"))
        #expect(try await strata.run("backup", "verify").status == 4)
        let wrong = try await strata.run("backup", "verify", environment: other)
        #expect(wrong.status == 4 && wrong.err.contains("key does not open"))
        #expect(try await strata.run("backup", "verify", "--key-file", key).status == 0)
        #expect(try await strata.run("backup", "verify", "--key-file", key + "s").status == 3)
        #expect(try await strata.run("backup", "create", environment: ["STRATA_BACKUP_KEY": "short"]).status == 4)
    }

    @Test func forgettingWithCompactLeavesNothingAndDoctorVerifies() async throws {
        let strata = try Strata()
        let id = try await strata.remember("the code is xylophone")
        _ = try await strata.remember("the ferry leaves at nine")
        let outcome = try await strata.run("forget", id, "--compact")
        #expect(outcome.status == 0 && outcome.out.contains("compacted the files"), "\(outcome.err)")
        for name in try FileManager.default.contentsOfDirectory(atPath: strata.dataDirectory) {
            let data = try Data(contentsOf: URL(filePath: strata.dataDirectory + "/" + name))
            #expect(data.range(of: Data("xylophon".utf8)) == nil, "\(name)")
        }
        #expect(try await strata.run("forget", "--compact", "--json").json[0]["isComplete"] == true)
        #expect(try await strata.run("doctor", "--verify").out.contains("counts and history agree"))
        #expect(try await strata.run("doctor", "--repair").status == 0)
    }
}
