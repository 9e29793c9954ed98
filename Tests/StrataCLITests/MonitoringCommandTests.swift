import Foundation
import StrataCore
import Testing

@Suite struct MonitoringCommandTests {
    @Test func healthMeasuresAndLeavesNoTrace() async throws {
        let strata = try Strata()
        _ = try await strata.remember("Nora is allergic to hazelnuts.")
        let outcome = try await strata.run("health", "--json")
        #expect(outcome.status == 0, "\(outcome.err)")
        let report = try #require(try outcome.json.first)
        let components = try #require(report["components"])
        #expect(components.count == 10)
        #expect(components[0]?["name"] == "store" && components[0]?["status"] == "healthy")
        let stats = try await strata.run("stats", "--json")
        #expect(try stats.json.first?["namespaces"] == ["default"])
        #expect(try stats.json.first?["store"]?["namespaceCount"] == 1)
        let text = try await strata.run("health")
        #expect(text.out.contains("healthy   store"))
        let missing = try Strata()
        #expect(try await missing.run("health").status == 3, "it makes no data directory")
    }

    @Test func healthFailsWhenAComponentIsUnhealthy() async throws {
        let strata = try Strata()
        _ = try await strata.remember("one")
        let file = try strata.scratch.write(
            "monitoring.json",
            """
            {"rules": [{"code": "any_record", "component": "store", "metric": "record_count", "direction": "above",
              "limits": {"critical": 1}, "summary": "There is a record.", "command": "strata list"}]}
            """)
        let outcome = try await strata.run("health", environment: ["STRATA_MONITORING": file])
        #expect(outcome.status == 1)
        #expect(outcome.out.contains("[critical] any_record"))
        #expect(outcome.out.contains("→ strata list"))
        let list = try await strata.run("alerts", "list", "--monitoring", file, "--json")
        #expect(try list.json.first?[0]?["code"] == "any_record")
        #expect(try list.json.first?[0]?["limit"]?.doubleValue == 1)
    }

    @Test func aBadMonitoringFileStopsTheStart() async throws {
        let strata = try Strata()
        _ = try await strata.remember("one")
        let file = try strata.scratch.write("monitoring.json", #"{"intervall": 5}"#)
        let outcome = try await strata.run("health", "--monitoring", file)
        #expect(outcome.status == 4)
        #expect(outcome.err.contains("intervall") && outcome.err.contains("intervalSeconds"))
        #expect(try await strata.run("health", "--monitoring", file + "x").status == 3)
    }

    @Test func testNotificationsReachConsoleAndLogAndSayWhatDoesNotReach() async throws {
        let strata = try Strata()
        let outcome = try await strata.run("alerts", "test")
        #expect(outcome.status == 0)
        #expect(outcome.out.contains("console") && outcome.err.contains("[test]"))
        let file = try strata.scratch.write(
            "monitoring.json",
            #"{"notifications": {"sinks": [{"name": "hook", "kind": "webhook", "url": "http://127.0.0.1:1/"}], "routes": []}}"#
        )
        let refused = try await strata.run("alerts", "test", "--monitoring", file)
        #expect(refused.status == 1)
        #expect(refused.out.contains("strata serve"))
        #expect(try await strata.run("alerts", "test", "nobody").status == 3)
    }

    @Test func topPrintsOneFrameWithoutATerminal() async throws {
        let strata = try Strata()
        _ = try await strata.remember("one")
        let outcome = try await strata.run("top", "--once")
        #expect(outcome.status == 0)
        #expect(!outcome.out.contains("\u{1B}"), "no control sequences into a pipe")
        #expect(outcome.out.contains("interact   █"))
        #expect(outcome.out.contains("healthy   store"))
        #expect(try await strata.run("top", "--interval", "0").status == 2)
    }

    @Test func theRulesAreListedWithoutAMemory() async throws {
        let outcome = try await Strata().run("alerts", "list", "--rules")
        #expect(outcome.status == 0)
        #expect(outcome.out.contains("disk_space_low"))
        #expect(outcome.out.contains("strata cleanup"))
    }
}
