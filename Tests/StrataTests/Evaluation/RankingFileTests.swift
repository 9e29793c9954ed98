import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import Strata

@Suite struct RankingFileTests {
    private func training() -> RankingFile.Training {
        RankingFile.Training(
            data: "seeded", setCount: 2, queryCount: 10, embeddingSpace: nil, fitted: ["length"],
            figures: ["recall@10": 0.5])
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let scratch = try Scratch()
        var weights = RankingWeights()
        weights.speaker = 0.31
        weights.recencyHalfLife = .seconds(86_400 * 12)
        weights.vectorFloor = 0.25
        let file = RankingFile(weights: weights, training: training())
        try file.write(to: scratch.path + "/w.json")
        #expect(try RankingFile.read(from: scratch.path + "/w.json") == file)
        #expect(try file.json() == RankingFile(weights: weights, training: training()).json())
    }

    @Test func aFileThatIsNotWholeIsRefused() throws {
        let text = String(decoding: try RankingFile(weights: RankingWeights()).json(), as: UTF8.self)
        func refusal(_ changed: String) throws -> StrataError.Code? {
            #expect(changed != text)
            do {
                _ = try RankingFile(json: Data(changed.utf8))
                return nil
            } catch let error as StrataError {
                return error.code
            }
        }
        func replaced(_ old: String, _ new: String) -> String { text.replacingOccurrences(of: old, with: new) }
        #expect(try refusal("") == .modelInvalid)
        #expect(try refusal(String(text.dropLast(20))) == .modelInvalid)
        #expect(try refusal(replaced("strata-ranking-weights", "other")) == .modelInvalid)
        #expect(text.contains("\"recency_half_life_days\" : 30,"))
        #expect(try refusal(replaced("\"version\" : 1", "\"version\" : 2")) == .unsupportedVersion)
        #expect(try refusal(replaced("\"neighbour\"", "\"neighbor\"")) == .modelInvalid)
        #expect(try refusal(replaced("\"number\" : 0.03", "\"number\" : -0.03")) == .modelInvalid)
        #expect(try refusal(replaced("\"number\" : 0.03", "\"number\" : \"much\"")) == .modelInvalid)
        #expect(try refusal(replaced("\"vector_floor\" : 0", "\"vector_floor\" : 1")) == .modelInvalid)
        #expect(
            try refusal(replaced("\"recency_half_life_days\" : 30", "\"recency_half_life_days\" : 0")) == .modelInvalid)
        #expect { try RankingFile.read(from: "/nowhere/w.json") } throws: { ($0 as? StrataError)?.code == .notFound }
    }

    @Test func weightsOfACallCountForThatCallOnly() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path, embedder: nil)
        try await engine.remember(NewMemory("The kettle is on the stove", importance: 0))
        try await engine.remember(NewMemory("A kettle", importance: 1))
        var important = RankingWeights()
        important.importance = 100
        let plain = try await engine.recall("the kettle on the stove")
        let turned = try await engine.recall(
            "the kettle on the stove", options: RecallOptions(ranking: important))
        #expect(plain.first?.record.text == "The kettle is on the stove")
        #expect(turned.first?.record.text == "A kettle")
        #expect(try await engine.recall("the kettle on the stove").first?.record.id == plain.first?.record.id)
        important.keyword = .nan
        await #expect { try await engine.recall("kettle", options: RecallOptions(ranking: important)) } throws: {
            ($0 as? StrataError)?.code == .invalidArgument
        }
        try await engine.close()
    }

    @Test(arguments: Seeds.ci)
    func trainingFindsTheWeightsThatLabelsWereDrawnWith(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func logit(_ relevance: Double, _ length: Double, _ statement: Double) -> Double {
            // Relevance counts 12 logits a unit, so length is worth 0.5 of it and a statement 0.25.
            12 * relevance + 6 * length + 3 * statement - 9
        }
        let asked = (0..<400).map { number in
            let candidates = (0..<30).map { _ in
                (
                    keyword: Double.random(in: 0...1, using: &random), length: Double.random(in: 0...1, using: &random),
                    statement: Bool.random(using: &random) ? 1.0 : 0
                )
            }
            // One candidate covers the query wholly, so that distances to the best are distances to 1.
            let all = [(keyword: 1.0, length: 0.0, statement: 0.0)] + candidates
            var relevant: Set<String> = []
            for (place, one) in all.enumerated() {
                let probability = 1 / (1 + exp(-logit(one.keyword - 1, one.length, one.statement)))
                if Double.random(in: 0...1, using: &random) < probability { relevant.insert(String(place)) }
            }
            return RankingTraining.Asked(
                set: number % 4, relevant: relevant,
                candidates: all.enumerated().map { place, one in
                    .init(
                        values: [.keyword: one.keyword, .length: one.length, .statement: one.statement],
                        name: String(place))
                })
        }
        var training = RankingTraining()
        training.start.keyword = 1
        let weights = try training.fit(asked)
        #expect(abs(weights.length - 0.5) < 0.05)
        #expect(abs(weights.statement - 0.25) < 0.05)
        // What no example tells apart keeps its weight.
        #expect(weights.speaker == RankingWeights().speaker && weights.importance == RankingWeights().importance)
        #expect(weights.keyword == 1 && weights.use == RankingWeights().use)
    }

    @Test func labelsThatTeachNothingAreRefused() {
        let candidate = RankingTraining.Asked.Candidate(values: [.keyword: 0.5], name: "a")
        for asked in [
            [], [RankingTraining.Asked(set: 0, relevant: ["b"], candidates: [candidate])],
            [RankingTraining.Asked(set: 0, relevant: ["a"], candidates: [candidate])],
        ] {
            #expect { try RankingTraining().fit(asked) } throws: {
                ($0 as? StrataError)?.code == .invalidArgument
            }
        }
    }

    @Test func aTrainedFileSaysWhatItWasTrainedOn() async throws {
        let scratch = try Scratch()
        var maker = SentenceMaker(random: SeededGenerator(seed: 3))
        let sets = (0..<2).map { number in
            let texts = Set((0..<40).map { _ in maker.sentence() }).sorted()
            return RetrievalSet(
                name: "set \(number)", memories: texts.map { .init(name: $0, memory: NewMemory($0)) },
                queries: texts.prefix(10).map { .init("Does \($0)?", relevant: [$0], category: "all") })
        }
        let file = try await RankingTraining().train(
            sets, at: scratch.path, model: .embedder(SeededEmbedder()), description: "seeded sentences")
        let training = try #require(file.training)
        #expect(training.data == "seeded sentences" && training.setCount == 2 && training.queryCount == 20)
        #expect(training.embeddingSpace == SeededEmbedder().space.identifier)
        #expect(training.figures.keys.sorted() == ["mrr", "mrr before", "recall@10", "recall@10 before"])
        #expect(try RankingFile(json: try file.json()) == file)
    }
}
