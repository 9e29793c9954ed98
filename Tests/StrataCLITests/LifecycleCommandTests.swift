import Foundation
import StrataCore
import Testing

@Suite struct LifecycleCommandTests {
    @Test func pinAndFeedbackChangeTheRecordAndItsWorth() async throws {
        let strata = try Strata()
        let id = try await strata.remember("The ferry leaves at noon.")
        #expect(try await strata.run("pin", id).out == "\(id) pinned\n")
        #expect(try await strata.run("get", id, "--json").json[0]["pinned"] == true)
        #expect(try await strata.run("pin", id, "--off").out == "\(id) not pinned\n")
        let good = try await strata.run("feedback", id, "--useful", "--json").json[0]
        let bad = try await strata.run("feedback", id, "--not-useful", "--json").json[0]
        #expect(good["record"]?["usefulCount"]?.integer == 1 && bad["record"]?["notUsefulCount"]?.integer == 1)
        #expect(try #require(good["value"]?.doubleValue) > #require(bad["value"]?.doubleValue))
        #expect(try await strata.run("get", id).out.contains("judged      1 useful, 1 not\n"))
        #expect(try await strata.run("feedback", id).status == 2)
        #expect(try await strata.run("feedback", "01a203d5-ae21-7000-afa5-4f87819e8d3b", "--useful").status == 3)
    }

    @Test func aMoveByHandIsInTheHistoryAndCanBeUndone() async throws {
        let strata = try Strata()
        let id = try await strata.remember("The ferry leaves at noon.")
        #expect(try await strata.run("promote", "--undo", id).status == 3)
        #expect(try await strata.run("promote", "--undo", "neither").status == 2)
        #expect(try await strata.run("promote", "--undo", "1").status == 4)
        #expect(try await strata.run("promote", "--undo", id, "--dry-run").status == 2)
        let history = try await strata.run("history", id, "--json").json
        #expect(history.map { $0["operation"] } == ["remembered"])
        #expect(try await strata.run("history", "01a203d5-ae21-7000-afa5-4f87819e8d3b").status == 3)
    }

    @Test func promoteAndCleanupReportAndStatsShowTheirRuns() async throws {
        let strata = try Strata()
        _ = try await strata.remember("The ferry leaves at noon.")
        let dry = try await strata.run("promote", "--dry-run", "--json").json
        #expect(dry.count == 1 && dry[0]["isDryRun"] == true && dry[0]["candidateCount"]?.integer == 0)
        let report = try await strata.run("promote", "--json").json[0]
        #expect(report["isComplete"] == true && report["policy"] == "rules")
        let cleanup = try await strata.run("cleanup", "--json").json[0]
        #expect(cleanup["orphanCount"]?.integer == 0 && cleanup["evictedCounts"]?.count == 0)
        let stats = try await strata.run("stats", "--json", "--namespace", "default").json[0]
        #expect(stats["layers"]?.count == 3)
        #expect(stats["jobs"]?[1]?["name"] == "promotion")
        #expect(try #require(stats["jobs"]?[1]?["runCount"]?.integer) >= 1)
        #expect(try await strata.run("stats").out.contains("cleanup"))
    }
}
