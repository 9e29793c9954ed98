import StrataCore
import StrataTesting
import Testing
import TextAnalysis

@testable import Strata

@Suite struct AnswerShapingTests {
    private func openTalk(at path: String, clock: ManualClock = ManualClock()) async throws -> MemoryEngine {
        let engine = try await openEngine(at: path, embedder: nil, clock: clock) { $0.nearDuplicates = nil }
        for (place, text) in [
            "How was the trip?", "We missed the ferry.", "The violin came along.", "And the weather?",
            "Rain, all week.",
        ].enumerated() {
            clock.advance(by: .seconds(60))
            try await engine.remember(
                NewMemory(text, tags: place == 1 ? ["private"] : ["open"], session: "talk"))
        }
        clock.advance(by: .seconds(60))
        try await engine.remember(NewMemory("A violin without a session.", tags: ["open"]))
        return engine
    }

    @Test func neighboursAreThoseOfTheSessionInOrderAndRespectTheFilter() async throws {
        let scratch = try Scratch()
        let engine = try await openTalk(at: scratch.path)
        var options = RecallOptions(neighboursBefore: 2, neighboursAfter: 1)
        var answer = try await engine.recall("ferry violin", limit: 10, options: options)
        let hits = Set(answer.map(\.record.text))
        // A record stands in an answer once, so a hit is nobody's neighbour.
        #expect(hits.contains("The violin came along.") && hits.contains("We missed the ferry."))
        let shown = answer.flatMap { ($0.before ?? []) + [$0.record] + ($0.after ?? []) }.map(\.id)
        #expect(Set(shown).count == shown.count)

        answer = try await engine.recall("violin came along", limit: 1, options: options)
        #expect(answer.first?.before?.map(\.text) == ["How was the trip?", "We missed the ferry."])
        #expect(answer.first?.after?.map(\.text) == ["And the weather?"])
        options.filter = .tagsAny(["open"])
        answer = try await engine.recall("violin came along", limit: 1, options: options)
        #expect(answer.first?.before?.map(\.text) == ["How was the trip?"])

        answer = try await engine.recall("violin without a session", limit: 1, options: options)
        #expect(answer.first?.before == [] && answer.first?.after == [])
        #expect(try await engine.recall("violin").first?.before == nil)
        try await engine.close()
    }

    @Test func aBudgetIsKeptAndWhatItLeavesOutIsSaid() async throws {
        let scratch = try Scratch()
        let engine = try await openTalk(at: scratch.path)
        let all = try await engine.recall(
            "violin ferry weather", options: RecallOptions(countsUse: false, neighboursBefore: 1, neighboursAfter: 1))
        for budget in 1...60 {
            let answer = try await engine.recall(
                "violin ferry weather",
                options: RecallOptions(countsUse: false, neighboursBefore: 1, neighboursAfter: 1, tokenBudget: budget))
            let packing = try #require(answer.packing)
            let shown = answer.flatMap { ($0.before ?? []) + [$0.record] + ($0.after ?? []) }
            #expect(packing.tokenCount == shown.reduce(0) { $0 + TokenEstimate.count($1.searchableText) })
            #expect(packing.tokenCount <= budget)
            #expect(answer.count + packing.leftOut.count == all.count)
            let order = all.map(\.record.id)
            #expect(answer.map(\.record.id) == order.filter { !packing.leftOut.contains($0) })
            // Whatever was left out would not have fitted when its turn came.
            for id in packing.leftOut {
                let place = try #require(order.firstIndex(of: id))
                let before = answer.filter { order.firstIndex(of: $0.record.id).map { $0 < place } ?? false }
                let taken = before.reduce(0) { $0 + TokenEstimate.count($1.record.searchableText) }
                #expect(taken + TokenEstimate.count(all[place].record.searchableText) > budget)
            }
        }
        let enough = try await engine.recall(
            "violin ferry weather",
            options: RecallOptions(countsUse: false, neighboursBefore: 1, neighboursAfter: 1, tokenBudget: 1000))
        #expect(enough.hits == all.hits && enough.packing?.leftOutNeighbourCount == 0)
        try await engine.close()
    }

    @Test func tokensAreEstimatedForEachScript() {
        #expect(TokenEstimate.count("") == 0 && TokenEstimate.count("a") == 1)
        #expect(TokenEstimate.count("twelve chars") == 3)
        #expect(TokenEstimate.count("привет") == 3 && TokenEstimate.count("奶奶对花生过敏") == 7)
    }

    @Test func diversityPutsRepetitionsBackAndNoneKeepsTheOrder() {
        let terms: [Set<String>] = [["a", "b"], ["a", "b"], ["c", "d"], ["a", "c"]]
        let scores = [0.9, 0.89, 0.5, 0.4]
        #expect(Diversity(weight: 0).pick(4, scores: scores, terms: terms) == [0, 1, 2, 3])
        #expect(Diversity(weight: 0.5).pick(4, scores: scores, terms: terms) == [0, 2, 3, 1])
        #expect(Diversity(weight: 0.5).pick(2, scores: scores, terms: terms) == [0, 2])
        #expect(Diversity(weight: 1).pick(9, scores: scores, terms: terms).sorted() == [0, 1, 2, 3])
        #expect(Diversity(weight: 0.3).pick(3, scores: [], terms: []).isEmpty)
        #expect(Diversity.overlap([], []) == 0 && Diversity.overlap(["a", "b"], ["b", "c"]) == 1.0 / 3)
    }

    @Test(arguments: Seeds.ci)
    func everyPickIsTheBestThatIsLeft(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let letters = ["a", "b", "c", "d", "e"]
        let terms = (0..<12).map { _ in Set(letters.filter { _ in Bool.random(using: &random) }) }
        let scores = (0..<12).map { _ in Double.random(in: 0...1, using: &random) }.sorted(by: >)
        let picked = Diversity(weight: 0.4).pick(12, scores: scores, terms: terms)
        #expect(Set(picked).count == 12)
        for count in 0..<12 {
            func value(_ place: Int) -> Double {
                let likeness = picked.prefix(count).map { Diversity.overlap(terms[$0], terms[place]) }.max() ?? 0
                return 0.6 * scores[place] - 0.4 * likeness
            }
            let best = Set(0..<12).subtracting(picked.prefix(count)).map(value).max() ?? 0
            #expect(abs(value(picked[count]) - best) < 1e-12)
        }
    }

    @Test func aRecallWithDiversityGivesRepetitionsLessRoom() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path, embedder: nil) { $0.nearDuplicates = nil }
        for text in [
            "The violin is in the blue cupboard", "The violin is in the blue cupboard now",
            "The violin is in the blue cupboard again", "A violin lesson on Monday evening with Ada",
        ] { try await engine.remember(NewMemory(text)) }
        let plain = try await engine.recall("violin blue cupboard", limit: 2)
        let varied = try await engine.recall("violin blue cupboard", limit: 2, options: RecallOptions(diversity: 0.5))
        #expect(!plain.contains { $0.record.text.contains("lesson") })
        #expect(varied.count == 2 && varied.contains { $0.record.text.contains("lesson") })
        #expect(varied.first?.record.id == plain.first?.record.id)
        try await engine.close()
    }

    @Test func aSnippetIsTheSentenceThatSaysMostWithItsPlaceInTheText() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path, embedder: nil)
        let text = """
            Straße und Wetter. Nothing of note happened in the morning! At noon the violin was repaired by Ada. \
            Then version 2.3 was sold.
            """
        try await engine.remember(NewMemory(text))
        let options = RecallOptions(snippetLength: 60)
        let hit = try #require(try await engine.recall("who repaired the violin", options: options).first)
        let snippet = try #require(hit.snippet)
        #expect(snippet.text == "At noon the violin was repaired by Ada.")
        #expect(Array(Array(text.utf8)[snippet.utf8Start..<snippet.utf8End]) == Array(snippet.text.utf8))
        let whole = try await engine.recall("violin", options: RecallOptions(snippetLength: 1000))
        #expect(whole.first?.snippet == nil)
        try await engine.close()
    }

    @Test func snippetsOfOddTextsStayInBounds() {
        let analyzer = TextAnalyzer()
        let terms = [WeightedTerm(term: "violin", weight: 2)]
        for text in [
            "", "    ", "violin", String(repeating: "violin ", count: 50), "奶奶。花生！violin。过敏", "\n\n\n.\n!!!\n",
            "a.b.c violin d.e.f no end here", String(repeating: "👨‍👩‍👧", count: 30),
        ] {
            for length in [1, 3, 7, 20] {
                guard let snippet = Snippet(of: text, terms: terms, characterCountMax: length, analyzer: analyzer)
                else {
                    #expect(text.count <= length || text.allSatisfy(\.isWhitespace))
                    continue
                }
                #expect(snippet.text.count <= length)
                #expect(
                    Array(Array(text.utf8)[snippet.utf8Start..<snippet.utf8End]) == Array(snippet.text.utf8))
            }
        }
        #expect(Snippet.sentences(of: "Version 2.3 is out. Go!").count == 2)
    }

    @Test(arguments: [
        RecallOptions(neighboursBefore: -1), RecallOptions(neighboursAfter: 101), RecallOptions(snippetLength: 0),
        RecallOptions(tokenBudget: 0), RecallOptions(diversity: 1.5), RecallOptions(diversity: .nan),
    ])
    func aShapeThatCannotBeIsRefused(options: RecallOptions) async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path, embedder: nil)
        await #expect { try await engine.recall("violin", options: options) } throws: {
            ($0 as? StrataError)?.code == .invalidArgument
        }
        try await engine.close()
    }

    @Test func aReasonNamesTheViewsAndCuesOfAHit() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path, embedder: nil)
        try await engine.remember(NewMemory("The violin is in the cupboard", speaker: "Ada"))
        try await engine.remember(NewMemory("Nothing of the kind", speaker: "Ben"))
        let hits = try await engine.recall("What did Ada say about the violin?").hits
        let hit = try #require(hits.first)
        #expect(hit.reason.hasPrefix("Its words cover") && hit.reason.hasSuffix("the query names who said it."))
        func part(_ name: ScorePart.Name, _ value: Double) -> ScorePart {
            ScorePart(name: name, raw: value, value: value, contribution: value / 10)
        }
        func reason(_ parts: ScorePart...) -> String { Hit(record: hit.record, score: 0.5, parts: parts).reason }
        #expect(reason() == "Little of the query is in it or around it.")
        #expect(
            reason(part(.vector, 0.6), part(.keyword, 0.2), part(.time, 1))
                == """
                Its meaning is near the query's (60 %), its words cover 20 % of the query, it is from the time that the \
                query names.
                """)
        #expect(reason(part(.keywordContext, 0.5)) == "What was said just before it shares words with the query.")
        #expect(
            reason(part(.vector, 0.3), part(.neighbour, 0.4))
                == "Its meaning is near the query's (30 %), the record beside it answers even better.")
        try await engine.close()
    }
}
