import Foundation
import StrataCore
import Testing

@Suite struct RecordCommandTests {
    @Test func rememberPrintsIdAndStatusAndTheSecondTimeTheSameId() async throws {
        let strata = try Strata()
        let first = try await strata.run("remember", "Nora", "likes", "mint", "tea.")
        #expect(first.status == 0)
        let words = first.out.split(whereSeparator: \.isWhitespace)
        #expect(words.count == 2 && words[1] == "stored")
        #expect(RecordID(String(words[0])) != nil)
        #expect(first.err.contains("no_model"))
        let second = try await strata.run("remember", "Nora likes mint tea.")
        #expect(second.out == "\(words[0]) duplicate\n")
    }

    @Test func rememberTakesEveryFieldAndGetShowsIt() async throws {
        let strata = try Strata()
        let id = "01a203d5-ae21-7000-afa5-4f87819e8d3b"
        let stored = try await strata.run(
            "remember", "The stove needs gas.", "--speaker", "Jonas", "--layer", "insights", "--kind", "fact",
            "--tag", "trip", "--tag", "gear", "--project", "hut", "--session", "s1", "--metadata", #"{"room":4}"#,
            "--importance", "0.9", "--pin", "--occurred-at", "2026-05-04T19:00+02:00", "--source", "assistant",
            "--id", id, "--json")
        #expect(stored.status == 0, "\(stored.err)")
        #expect(try stored.json[0].keys == ["chunkCount", "degradations", "isTruncated", "record", "status"])
        let record = try #require(try await strata.run("get", id, "--json").json.first)
        #expect(record["id"] == .string(id))
        #expect(record["text"] == "The stove needs gas.")
        #expect(record["speaker"] == "Jonas" && record["layer"] == "insights" && record["kind"] == "fact")
        #expect(record["tags"] == ["trip", "gear"] && record["project"] == "hut" && record["session"] == "s1")
        #expect(record["metadata"] == ["room": 4] && record["pinned"] == true && record["source"] == "assistant")
        #expect(record["importance"]?.doubleValue == 0.9)
        #expect(record["occurredAt"] == "2026-05-04T17:00:00.000Z")
        let page = try await strata.run("get", id).out
        #expect(page.contains("speaker     Jonas\n") && page.hasSuffix("The stove needs gas.\n"))
    }

    @Test func aDashReadsOneTextAndLinesReadsMany() async throws {
        let strata = try Strata()
        let one = try await strata.run("remember", "-", input: Array("first line\nsecond line\n".utf8))
        #expect(one.status == 0)
        let many = try await strata.run(
            "remember", "--lines", "-", "--json", input: Array("alpha\n\nbe\u{E9}ta\r\ngamma".utf8))
        #expect(try many.json.map { $0["record"]?["text"] } == ["alpha", "be\u{E9}ta", "gamma"])
        let page = try await strata.run("list", "--json").json[0]
        #expect(page["records"]?[0]?["text"] == "first line\nsecond line")
        #expect(page["records"]?.count == 4)
    }

    @Test func aLineThatIsNoTextIsRefusedAndTheOthersAreStored() async throws {
        let strata = try Strata()
        let outcome = try await strata.run(
            "remember", "--lines", "-", input: Array("one\n".utf8) + [0xFF, 0xFE, 10] + Array("three\n".utf8))
        #expect(outcome.status == 4)
        #expect(outcome.out.split(separator: "\n").count == 2)
        #expect(outcome.err.contains("line 2"))
    }

    @Test func recallFindsByWordsAndExplains() async throws {
        let strata = try Strata()
        let id = try await strata.remember("Nora is allergic to hazelnuts.", "--tag", "health")
        _ = try await strata.remember("The train leaves at seven.")
        let answer = try await strata.run("recall", "who", "is", "allergic", "--json")
        #expect(answer.status == 0)
        let value = try answer.json[0]
        #expect(value["hits"]?.count == 1)
        #expect(value["hits"]?[0]?["record"]?["id"] == .string(id))
        #expect(value["degradations"]?[0]?["code"] == "no_model")
        #expect(value.keys.isSuperset(of: ["cutWords", "degradations", "hits", "milliseconds", "stages"]))
        #expect(answer.err.contains("no_model"))
        let explained = try await strata.run("recall", "allergic", "--explain", "--signals", "keyword")
        #expect(explained.err.isEmpty)
        for part in ["  1  0.", id, "Nora is allergic", "keyword", "█", "BM25", "stages", "keyword_search", " ms"] {
            #expect(explained.out.contains(part), "\(part)")
        }
        let none = try await strata.run("recall", "allergic", "--tag", "other", "--signals", "keyword")
        #expect(none.status == 0 && none.out.isEmpty && none.err == "nothing found\n")
    }

    @Test func filtersNarrowRecallListAndForget() async throws {
        let strata = try Strata()
        _ = try await strata.remember("red apple", "--kind", "fruit", "--tag", "a", "--layer", "assets")
        let pear = try await strata.remember("green pear", "--kind", "fruit", "--tag", "b")
        _ = try await strata.remember("green car", "--kind", "thing")
        let listed = try await strata.run("list", "--kind", "fruit", "--filter", #"{"tags":["b"]}"#, "--json")
        #expect(try listed.json[0]["records"]?.count == 1)
        let recalled = try await strata.run("recall", "green", "--kind", "fruit", "--json", "--signals", "keyword")
        #expect(try recalled.json[0]["hits"]?[0]?["record"]?["id"] == .string(pear))
        let layered = try await strata.run("list", "--layer", "assets")
        #expect(layered.out.contains("red apple") && layered.out.split(separator: "\n").count == 1)
        let dry = try await strata.run("forget", "--kind", "fruit", "--dry-run", "--json")
        #expect(try dry.json == [["dryRun": true, "recordCount": 2]])
        let unconfirmed = try await strata.run("forget", "--kind", "fruit", "--json")
        #expect(unconfirmed.status == 2)
        #expect(try unconfirmed.errorCode == "usage")
        let receipt = try await strata.run("forget", "--kind", "fruit", "--yes", "--json")
        #expect(try receipt.json[0]["recordCount"] == 2)
        #expect(try await strata.run("list").out.contains("green car"))
    }

    @Test func listPagesThroughEverythingOnce() async throws {
        let strata = try Strata()
        let lines = (0..<7).map { "text number \($0)" }
        _ = try await strata.run("remember", "--lines", "-", input: Array(lines.joined(separator: "\n").utf8))
        var texts: [String] = []
        var cursor: String?
        repeat {
            let arguments = ["list", "--limit", "3", "--json"] + (cursor.map { ["--cursor", $0] } ?? [])
            let child = try strata.child(arguments)
            try child.start()
            let page = try await child.outcome().json[0]
            texts += (0..<(page["records"]?.count ?? 0)).compactMap { page["records"]?[$0]?["text"]?.stringValue }
            cursor = page["nextCursor"]?.stringValue
        } while cursor != nil
        #expect(texts == lines)
        #expect(try await strata.run("list", "--limit", "3").err.contains("--cursor"))
    }

    @Test func forgetNamesIdsThatAreNotThere() async throws {
        let strata = try Strata()
        let id = try await strata.remember("to be forgotten")
        let missing = "01a203d5-ae21-7000-afa5-4f87819e8d3b"
        let outcome = try await strata.run("forget", id, missing)
        #expect(outcome.status == 3)
        #expect(outcome.out.hasPrefix("forgot 1 record,"))
        #expect(outcome.err.contains(missing) && !outcome.err.contains(id))
        #expect(try await strata.run("get", id).status == 3)
        #expect(try await strata.run("forget", "--all", "--yes").status == 0)
    }

    @Test func namespacesAreApartAndStatsCountsThem() async throws {
        let strata = try Strata()
        _ = try await strata.remember("mine", "--namespace", "a")
        _ = try await strata.remember("yours", "--namespace", "b")
        #expect(try await strata.run("list", "--namespace", "a", "--json").json[0]["records"]?.count == 1)
        let all = try await strata.run("stats", "--json").json[0]
        #expect(all["store"]?["recordCounts"]?["interact"] == 2)
        #expect(all["namespaces"] == ["a", "b"] && all["vectorMissingCount"] == 2)
        let one = try await strata.run("stats", "--namespace", "b")
        #expect(one.out.contains("records           1\n") && one.out.contains("1: b"))
    }
}
