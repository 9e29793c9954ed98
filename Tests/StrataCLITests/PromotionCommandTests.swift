import Foundation
import StrataCore
import Testing

@Suite struct PromotionCommandTests {
    @Test func explainShowsAllTwelveFeaturesAndNoText() async throws {
        let strata = try Strata()
        let stored = try await strata.run("remember", "Nora moves to Porto on 4 May.", "--json")
        let record = try #require(try stored.json[0]["record"])
        guard case .string(let id)? = record["id"] else {
            Issue.record("no id")
            return
        }
        let human = try await strata.run("promotion", "explain", id)
        #expect(human.status == 0, "\(human.err)")
        #expect(human.out.split(separator: "\n").count == 13)
        #expect(!human.out.contains("Porto"))
        let json = try #require(try await strata.run("promotion", "explain", id, "--json").json.first)
        #expect(json.keys == ["baseline", "confidence", "parts"])
    }

    @Test func statusSaysWhoDecidesAndNeitherRetrainingNorRollingBackDoesAnythingWithoutGrounds() async throws {
        let strata = try Strata(model: "hashing")
        _ = try await strata.remember("The ferry leaves at noon.")
        let status = try await strata.run("promotion", "status", "--json").json[0]
        #expect(status["policy"]?.stringValue == "learned" && status["origin"]?.stringValue == "delivered")
        #expect(status["decisionCount"]?.integer == 0 && status["canRollBack"] == false)
        #expect(try await strata.run("promotion", "status").out.contains("delivered"))
        #expect(try await strata.run("promotion", "retrain", "--json").json[0]["outcome"]?.stringValue == "tooFew")
        #expect(try await strata.run("promotion", "rollback", "--json").errorCode == "not_found")
        for policy in ["rules", "learned", "shadow"] {
            let report = try await strata.run("promote", "--dry-run", "--json", "--policy", policy).json[0]
            #expect(report["policy"]?.stringValue == policy)
        }
        #expect(try await strata.run("promote", "--policy", "mine").status == 2)
        #expect(try await strata.run("promote", "--undo", "1", "--policy", "rules").status == 2)
    }

    @Test func badInputsAreNamedAndWriteNothing() async throws {
        let strata = try Strata()
        _ = try await strata.run("remember", "x")
        let scratch = try Scratch()
        let broken = try scratch.write("model.json", "{}")
        let absent = "01890000-0000-7000-8000-000000000000"
        #expect(try await strata.run("promotion", "explain", absent, "--json").errorCode == "not_found")
        #expect(
            try await strata.run("promotion", "explain", absent, "--promotion-model", broken, "--json").errorCode
                == "model_invalid")
        let output = scratch.path + "/out.json"
        let few = try scratch.write("few.json", #"[{"sample_id":"a","conversation":{},"qa":[]}]"#)
        #expect(
            try await strata.run("promotion", "train", few, "--output", output, "--model", "none", "--json").errorCode
                == "invalid_argument")
        #expect(
            try await strata.run("promotion", "evaluate", broken + "-none", "--model", "none", "--json").errorCode
                == "not_found")
        #expect(!FileManager.default.fileExists(atPath: output))
    }
}
