import Foundation
import StrataCore
import Testing

@Suite struct ModelCommandTests {
    private let hashing = "feature-hashing@1/256"

    @Test func hashingFindsWhatIsSpeltAlikeWithoutAnyModel() async throws {
        let strata = try Strata(model: "hashing")
        _ = try await strata.remember("The bicycles were repaired.")
        _ = try await strata.remember("Metric units, please.")
        let answer = try await strata.run("recall", "bicycle repairs", "--signals", "vector", "--json").json[0]
        #expect(answer["embeddingSpace"]?.stringValue == hashing)
        #expect(answer["hits"]?[0]?["record"]?["text"] == "The bicycles were repaired.")
    }

    @Test func aMissingModelIsReplacedByTheFallbackAndEveryAnswerSaysSo() async throws {
        let strata = try Strata(model: "/nowhere/model")
        let refused = try await strata.run("remember", "The gate is blue.")
        #expect(refused.status == 7)
        let stored = try await strata.run("remember", "The gate is blue.", "--fallback", "hashing", "--json")
        #expect(stored.status == 0)
        #expect(try stored.json[0]["degradations"]?[0]?["code"] == "fallback_embedder")
        let environment = ["STRATA_FALLBACK": "hashing"]
        let found = try await strata.run("recall", "blue gates", environment: environment)
        #expect(found.status == 0 && found.out.contains("The gate is blue.") && found.err.contains("fallback_embedder"))
        let stats = try await strata.run("stats", environment: environment)
        #expect(stats.out.contains("fallback") && stats.out.contains(hashing))
        let doctor = try await strata.run("doctor", environment: environment)
        #expect(
            doctor.out.contains("/nowhere/model") && doctor.out.contains("\(hashing) serves while the model cannot"))
    }

    @Test func rerankingWithoutARerankerSaysSoAndAnswers() async throws {
        let strata = try Strata()
        _ = try await strata.remember("The gate is blue.")
        let plain = try await strata.run("recall", "blue gate", "--rerank")
        #expect(plain.status == 0 && plain.out.contains("The gate is blue.") && plain.err.contains("not_reranked"))
        let missing = try await strata.run("recall", "blue gate", "--rerank", "--reranker", "/nowhere/reranker")
        #expect(missing.status == 0 && missing.err.contains("/nowhere/reranker"))
        #expect(try await strata.run("recall", "blue gate", "--rerank", "--rerank-budget", "0").status == 4)
    }

    @Test func aRerankersScoreIsAPartOfEachHit() async throws {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["STRATA_HOME"] ?? (environment["HOME"] ?? "") + "/.local/share/strata"
        let source = home + "/golden/families/rerank-n1"
        try #require(FileManager.default.fileExists(atPath: source), "run make setup (Tools/setup --test)")
        let strata = try Strata()
        let folder = strata.scratch.path + "/reranker"
        try FileManager.default.copyItem(atPath: source, toPath: folder)
        _ = try await strata.remember("The gate is blue.")
        let answer = try await strata.run(
            "recall", "blue gate", "--rerank", "--rerank-budget", "60000", "--reranker", folder, "--json")
        let parts = try #require(try answer.json[0]["hits"]?[0]?["parts"])
        #expect((0..<parts.count).contains { parts[$0]?["name"] == "rerank" }, "\(answer.err)")
        let shown = try await strata.run(
            "recall", "blue gate", "--rerank", "--explain", "--reranker", folder,
            environment: ["STRATA_RERANKER": "none"])
        #expect(shown.out.contains("rerank"))
    }
}
