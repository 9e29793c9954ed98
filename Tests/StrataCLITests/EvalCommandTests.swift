import Foundation
import StrataCore
import Testing

@Suite struct EvalCommandTests {
    private let lines = """
        {"id": "v", "text": "The violin is in the blue cupboard."}
        {"id": "r", "text": "Rent is due on the third of every month."}
        {"id": "f", "text": "The ferry to Barra leaves at noon."}
        {"query": "Is the violin in the cupboard or on the ferry?", "relevant": ["v"], "category": "things"}
        {"query": "Is the rent due at noon every month?", "relevant": ["r"]}
        """

    @Test func figuresArePrintedForPeopleAndForPrograms() async throws {
        let strata = try Strata()
        let file = try strata.scratch.write("set.jsonl", lines)
        let human = try await strata.run("eval", file, "--signals", "keyword", "--without", "keyword_context")
        #expect(human.status == 0, "\(human.err)")
        #expect(human.out.contains("R@10") && human.out.contains("things"))
        #expect(human.out.contains("without keyword_context"))
        let reports = try await strata.run(
            "eval", file, file, "--together", "--signals", "keyword", "--ablate", "--json"
        )
        .json
        #expect(reports.count == 40)
        #expect(reports[0]["total"]?["count"] == .integer(4))
        #expect(reports[0]["memoryCount"] == .integer(6))
        #expect(reports.allSatisfy { $0["variant"] != nil && $0["total"]?["recall@10"] != nil })
        // It works in a scratch memory: the data directory is not even made.
        #expect(!FileManager.default.fileExists(atPath: strata.dataDirectory))
    }

    @Test func weightsAreTrainedMeasuredAndUsed() async throws {
        let strata = try Strata()
        let (first, second) = (
            try strata.scratch.write("a.jsonl", lines), try strata.scratch.write("b.jsonl", lines)
        )
        let weights = strata.scratch.path + "/weights.json"
        let trained = try await strata.run("rank", "train", first, second, "--output", weights, "--json")
        #expect(trained.status == 0, "\(trained.err)")
        #expect(try trained.json.first?["queryCount"] == .integer(4))
        let measured = try await strata.run("rank", "evaluate", first, "--weights", weights, "--json")
        #expect(try measured.json.compactMap { $0["variant"]?.stringValue } == ["default weights", "given weights"])
        _ = try await strata.remember("The violin is in the blue cupboard.")
        #expect(try await strata.run("recall", "violin", "--ranking", weights).status == 0)
    }

    @Test func damagedWeightsAreRefusedOrReplacedByTheDelivered() async throws {
        let strata = try Strata()
        _ = try await strata.remember("The violin is in the blue cupboard.")
        let broken = try strata.scratch.write("weights.json", "{}")
        let refused = try await strata.run("recall", "violin", "--ranking", broken, "--json")
        #expect(try refused.errorCode == "model_invalid" && refused.out.isEmpty)
        let fallback = try await strata.run("recall", "violin", environment: ["STRATA_RANKING": broken])
        #expect(fallback.status == 0 && fallback.out.contains("violin"))
        #expect(fallback.err.contains("the delivered weights are used (model_invalid)"))
        let absent = strata.scratch.path + "/none"
        #expect(try await strata.run("recall", "violin", "--ranking", absent, "--json").errorCode == "not_found")
        #expect(try await strata.run("eval", absent, "--json").errorCode == "not_found")
        let empty = try strata.scratch.write("empty.jsonl", "")
        #expect(try await strata.run("eval", empty, "--json").errorCode == "invalid_argument")
        #expect(try await strata.run("eval", empty, "--without", "charm").status == 2)
    }

    @Test func anAnswerIsShapedAndExplained() async throws {
        let strata = try Strata()
        _ = try await strata.remember("How was the trip?", "--session", "talk")
        _ = try await strata.remember(
            "We missed the ferry. The violin came along anyway. It rained all week.", "--session", "talk")
        let shown = try await strata.run(
            "recall", "violin came", "--limit", "1", "--before", "1", "--snippet", "30", "--explain")
        #expect(shown.out.contains("· How was the trip?"))
        #expect(shown.out.contains("… The violin came along anyway. …"))
        #expect(shown.out.contains("Its words cover"))
        let packed = try await strata.run("recall", "violin came", "--token-budget", "5", "--json")
        let answer = try #require(try packed.json.first)
        #expect(answer["packing"]?["tokenBudget"] == .integer(5))
        #expect(try await strata.run("recall", "violin", "--diversity", "2", "--json").errorCode == "invalid_argument")
    }
}
