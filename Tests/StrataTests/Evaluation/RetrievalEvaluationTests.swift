import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import Strata

@Suite struct RetrievalFiguresTests {
    @Test func figuresOfARankingAreThoseWorkedOutByHand() {
        let ranking: [String?] = ["x", "a", nil, "y", "z", "b"] + Array(repeating: "x", count: 12) + ["c"]
        let figures = RetrievalFigures(ranking: ranking, relevant: ["a", "b", "c", "never"])
        #expect(figures.recall5 == 0.25 && figures.recall10 == 0.5 && figures.recall20 == 0.75)
        #expect(figures.any10 == 1 && figures.all10 == 0 && figures.mrr == 0.5)
        let ideal = 1 + 1 / log2(3.0) + 1 / log2(4.0) + 1 / log2(5.0)
        #expect(abs(figures.ndcg10 - (1 / log2(3.0) + 1 / log2(7.0)) / ideal) < 1e-12)
        let nothing = RetrievalFigures(ranking: [], relevant: ["a"])
        #expect(nothing.recall20 == 0 && nothing.mrr == 0 && nothing.ndcg10 == 0 && nothing.any10 == 0)
        let all = RetrievalFigures(ranking: ["a"], relevant: ["a"])
        #expect(all.all10 == 1 && all.mrr == 1 && all.ndcg10 == 1 && all.recall5 == 1)
        let mean = RetrievalFigures(mean: [nothing, all, all, figures])
        #expect(mean.count == 4 && mean.mrr == 0.625 && mean.recall10 == 0.625)
        #expect(RetrievalFigures(mean: []).count == 0)
    }

    @Test(arguments: Seeds.ci)
    func anIntervalHoldsTheMeanAndNarrowsWithMoreQueries(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func sets(_ count: Int) -> [[Double]] {
            (0..<8).map { _ in (0..<count).map { _ in Bool.random(using: &random) ? 1 : 0 } }
        }
        let (few, many) = (sets(5), sets(200))
        let narrow = try #require(RetrievalFigures.interval(many))
        let wide = try #require(RetrievalFigures.interval(few))
        #expect(narrow.upperBound - narrow.lowerBound < wide.upperBound - wide.lowerBound)
        #expect(narrow.contains(many.joined().reduce(0, +) / 1600))
        #expect(RetrievalFigures.interval(many) == narrow)
        #expect(RetrievalFigures.interval([[0.5, 0.5]]) == 0.5...0.5)
        #expect(RetrievalFigures.interval([]) == nil)
    }
}

@Suite struct RetrievalEvaluationTests {
    private let lines = """
        {"query": "Where is the violin?", "relevant": ["v"], "category": "things"}
        {"id": "v", "text": "The violin is in the blue cupboard."}
        {"id": 7, "text": "Rent is due on the third."}

        {"text": "A distractor about nothing at all."}
        {"query": "When is the rent due?", "relevant": [7, "v"], "askedAt": "2026-05-04T17:00Z"}
        """

    private func write(_ text: String, in scratch: Scratch, named name: String = "set.jsonl") throws -> String {
        let path = scratch.path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func aLabelledFileIsReadWhateverTheOrderOfItsLines() throws {
        let scratch = try Scratch()
        let set = try #require(try RetrievalSet.read(from: try write(lines, in: scratch)).first)
        #expect(set.name == "set" && set.memories.map(\.name) == ["v", "7", nil])
        #expect(set.queries.map(\.relevant) == [["v"], ["7", "v"]])
        #expect(set.queries.map(\.category) == ["things", "all"])
        #expect(set.queries[1].askedAt == Timestamp(iso8601: "2026-05-04T17:00Z"))
        #expect(try RetrievalSet.read(from: scratch.path) == [set])
        let both = RetrievalSet.together([set, set])
        #expect(both.memories.count == 6 && both.queries[2].relevant == ["1/v"])
    }

    @Test(arguments: [
        "{\"id\": \"a\", \"text\": \"x\"}", "[1]", "{\"query\": \"q\"}",
        "{\"query\": \"q\", \"relevant\": []}", "{\"query\": \"q\", \"relevant\": [\"none\"]}",
        "{\"query\": \" \", \"relevant\": [\"a\"]}", "{\"query\": \"q\", \"relevant\": [\"a\", \"a\"]}",
        "{\"id\": \"a\", \"text\": \"x\"}\n{\"id\": \"a\", \"text\": \"y\"}",
        "{\"id\": \"a\", \"text\": \"x\", \"query\": \"q\", \"relevant\": [\"a\"]}",
        "{\"id\": \"a\", \"text\": \"x\"}\n{\"query\": \"q\", \"relevant\": [\"a\"], \"askedAt\": \"soon\"}",
        "{\"id\": \"a\", \"text\": \"x\"}\n{\"query\": \"q\", \"relevant\": [\"a\"], \"category\": 3}",
    ])
    func aFileWithAFaultIsRefused(text: String) throws {
        let scratch = try Scratch()
        let path = try write(text, in: scratch)
        #expect { try RetrievalSet.read(from: path) } throws: { ($0 as? StrataError)?.code == .invalidArgument }
        #expect { try RetrievalSet.read(from: path + "-none") } throws: { ($0 as? StrataError)?.code == .notFound }
    }

    @Test func aReportHoldsWhatTheRecallsThemselvesBring() async throws {
        let scratch = try Scratch()
        var maker = SentenceMaker(random: SeededGenerator(seed: 5))
        let texts = Set((0..<60).map { _ in maker.sentence() }).sorted()
        let set = RetrievalSet(
            name: "seeded",
            memories: texts.map { RetrievalSet.Memory(name: $0, memory: NewMemory($0)) },
            queries: texts.prefix(20).enumerated().map { place, text in
                .init(
                    "Does \(text)?", relevant: [text, texts[place + 20]], category: place < 5 ? "first" : "second",
                    isInTotal: place != 0)
            })
        let embedder = SeededEmbedder()
        var evaluation = RetrievalEvaluation()
        evaluation.model = .embedder(embedder)
        evaluation.variants = [
            RankingVariant("all", RankingWeights()), .without([.keyword, .keywordContext], of: RankingWeights()),
        ]
        let reports = try await evaluation.run([set], at: scratch.path + "/memory")
        #expect(reports.map(\.variant) == ["all", "without keyword, keyword_context"])
        #expect(reports[0].total.count == 19 && reports[0].memoryCount == texts.count)
        #expect(reports[0].categories.mapValues(\.count) == ["first": 5, "second": 15])
        #expect(reports[0].degradations.isEmpty && reports[0].embeddingSpace == embedder.space.identifier)

        for (report, variant) in zip(reports, evaluation.variants) {
            let engine = try await openEngine(at: scratch.path + "/" + variant.name, embedder: embedder) {
                $0.nearDuplicates = nil
                $0.ranking = variant.weights
            }
            for text in texts { try await engine.remember(NewMemory(text)) }
            var found: [RetrievalFigures] = []
            for query in set.queries.dropFirst() {
                let answer = try await engine.recall(query.text, limit: 100, options: RecallOptions(countsUse: false))
                found.append(
                    RetrievalFigures(ranking: answer.map(\.record.text), relevant: Set(query.relevant)))
            }
            #expect(report.total == RetrievalFigures(mean: found))
            try await engine.close()
        }
        #expect(reports[0].total != reports[1].total)
    }

    @Test func anAblationVariesEveryPartThatCountsAndNothingElse() {
        let weights = RankingWeights()
        let variants = RankingVariant.ablations(of: weights)
        #expect(variants.count == 1 + 3 * (ScorePart.Name.allCases.count - 1))
        for variant in variants.dropFirst() {
            #expect(ScorePart.Name.allCases.filter { variant.weights[$0] != weights[$0] }.count == 1)
        }
        var none = weights
        none.number = 0
        #expect(RankingVariant.ablations(of: none).count == variants.count - 3)
    }
}
