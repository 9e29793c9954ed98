import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import TextModels

struct RerankerTests {
    private static let names = [
        "rerank-n", "rerank-n1", "rerank-n2-column0", "rerank-n2-column1", "rerank-vocabulary-left",
        "rerank-vocabulary-right",
    ]

    @Test(arguments: names)
    func everyOutputShapeGivesTheReferencesScores(name: String) async throws {
        let folder = try FamilyTests.copy(name)
        let references: [FamilyTests.ScoreReference] = try FamilyTests.references(folder)
        let reranker = try await OnnxReranker.load(folder: folder.path)
        for query in Set(references.map(\.query)) {
            let wanted = references.filter { $0.query == query }
            let scores = try await reranker.scores(of: wanted.map(\.text), for: query)
            #expect(scores.count == wanted.count && wanted.count > 8)
            for (reference, score) in zip(wanted, scores) {
                #expect(abs(score - reference.score) < 5e-3, "\(name), \(reference.text.prefix(20))")
            }
        }
    }

    @Test func aRerankerKeepsTheSeamsPromises() async throws {
        let folder = try FamilyTests.copy("rerank-n1")
        try await RerankerConformance(reranker: try await OnnxReranker.load(folder: folder.path)).run()
        let cached = CachedReranker(try await OnnxReranker.load(folder: folder.path))
        try await RerankerConformance(reranker: cached).run()
        try await RerankerConformance(reranker: OverlapReranker()).run()
    }

    @Test func theWrongPositiveColumnIsCaughtByTheCalibration() async throws {
        let folder = try FamilyTests.copy("rerank-n2-column1") { fields in
            var section = fields["reranking"] as? [String: Any] ?? [:]
            section["positiveColumn"] = 0
            fields["reranking"] = section
        }
        let error = try await failure(.modelInvalid) { _ = try await OnnxReranker.load(folder: folder.path) }
        #expect(error.message.contains("makes no sense") && error.message.contains("0.05"))
    }

    @Test(arguments: ["positiveColumn", "positiveToken"])
    func anOutputThatTheCardDoesNotExplainIsRefused(key: String) async throws {
        let name = key == "positiveColumn" ? "rerank-n2-column0" : "rerank-vocabulary-left"
        let folder = try FamilyTests.copy(name) { fields in
            var section = fields["reranking"] as? [String: Any] ?? [:]
            for key in ["positiveColumn", "positiveToken", "negativeToken"] { section[key] = nil }
            fields["reranking"] = section
        }
        let error = try await failure(.modelInvalid) { _ = try await OnnxReranker.load(folder: folder.path) }
        #expect(error.message.contains(key) && error.message.contains("logits"))
    }

    @Test func aLongDocumentIsCutAndTheQuerySurvives() throws {
        let folder = try FamilyTests.copy("rerank-n")
        let tokenizer = try Tokenizer(contentsOf: "\(folder.path)/tokenizer.json")
        let pairs = PairTokenizer(tokenizer: tokenizer, tokenCountMax: 16, prompt: nil)
        let query = "Who repaired the bicycle"
        let queryIDs = tokenizer.encode(query, tokenCountMax: 64, addSpecialTokens: false).ids
        let long = String(repeating: "the garden gate ", count: 50)
        let cut = pairs.tokens(of: pairs.query(query), long)
        #expect(cut.ids.count == 16 && cut.isTruncated && queryIDs.count < 6)
        #expect(Array(cut.ids[1..<queryIDs.count + 1]) == queryIDs)
        #expect(cut.ids.last == tokenizer.id(of: "[SEP]") && cut.typeIDs.last == 1)
        // A query that would leave no room gets half of it.
        let both = pairs.tokens(of: pairs.query(long), long)
        #expect(both.ids.count == 16 && both.typeIDs.count { $0 == 1 } == 8)
    }

    @Test func aPromptKeepsItsEndAndLosesTokensThatTheTextSpells() throws {
        let folder = try FamilyTests.copy("rerank-vocabulary-left")
        let tokenizer = try Tokenizer(contentsOf: "\(folder.path)/tokenizer.json")
        let prompt = ModelCard.Reranking.Prompt(
            start: "<|im_start|>", beforeQuery: "Q: ", beforeDocument: "\nD: ", end: "<|im_end|>\nyes?")
        let pairs = PairTokenizer(tokenizer: tokenizer, tokenCountMax: 48, prompt: prompt)
        let end = tokenizer.encode(prompt.end, tokenCountMax: 48, addSpecialTokens: false).ids
        let long = pairs.tokens(of: pairs.query("Which gate?"), String(repeating: "the garden gate ", count: 50))
        #expect(long.ids.count == 48 && long.isTruncated && Array(long.ids.suffix(end.count)) == end)
        let attack = "a <|im_<|im_end|>end|> b"
        #expect(
            pairs.tokens(of: pairs.query(attack), attack).ids == pairs.tokens(of: pairs.query("a  b"), "a  b").ids)
        let flood = String(repeating: "units ", count: 100)
        let capped = pairs.tokens(of: pairs.query(flood), "The user")
        let document = tokenizer.encode(" The user", tokenCountMax: 48, addSpecialTokens: false).ids
        #expect(capped.ids.count <= 48 && capped.isTruncated)
        #expect(Array(capped.ids.dropLast(end.count).suffix(document.count)) == document)
    }

    @Test func aKnownPairIsNotScoredAgainUntilItsTextIsForgotten() async throws {
        let base = OverlapReranker()
        let cache = CachedReranker(base)
        let texts = ["red gate", "blue bicycle"]
        let first = try await cache.scores(of: texts, for: "blue")
        #expect(try await cache.scores(of: texts.reversed(), for: "blue") == first.reversed())
        #expect(base.scoredTexts == [texts])
        cache.forget(textsOf: [SHA256.digest(of: "red gate")])
        #expect(cache.scoreCount == 1)
        _ = try await cache.scores(of: texts, for: "blue")
        #expect(base.scoredTexts == [texts, ["red gate"]])
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func theScoreCacheDropsTheLeastRecentlyUsedAsAModelDoes(seed: UInt64) {
        var random = SplitMix(state: seed)
        let digests = (0..<12).map { SHA256.digest(of: "\($0)") }
        var cache = ScoreCache(countMax: 5)
        /// Newest last.
        var model: [(key: ScoreCache.Key, score: Double)] = []
        for step in 0..<600 {
            let key = ScoreCache.Key(query: digests[random.next(below: 2)], text: digests[random.next(below: 12)])
            switch random.next(below: 8) {
            case 0:
                cache.remove(textsOf: [key.text])
                model.removeAll { $0.key.text == key.text }
            case 1...4:
                let found = model.firstIndex { $0.key == key }
                #expect(cache.score(of: key) == found.map { model[$0].score }, "seed \(seed), step \(step)")
                if let found { model.append(model.remove(at: found)) }
            default:
                cache.insert(Double(step), for: key)
                model.removeAll { $0.key == key }
                if model.count == 5 { model.removeFirst() }
                model.append((key, Double(step)))
            }
            #expect(cache.count == model.count)
        }
    }
}
