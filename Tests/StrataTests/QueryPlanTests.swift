import StrataCore
import Testing
import TextAnalysis

@testable import Strata

@Suite struct QueryPlanTests {
    private func plan(
        _ query: String, recordCount: Int, holding: [String: Int], postingCountMax: Int = 20_000
    ) -> QueryPlan {
        QueryPlan(
            query: query, words: TextAnalyzer(language: .english).words(in: query),
            statistics: TermStatistics(recordCount: recordCount, lengthMean: 8, recordCounts: holding),
            cut: FrequentWordCut(), postingCountMax: postingCountMax)
    }

    @Test func wordsThatNobodyHoldsCountAsInformationButAreNotSearched() {
        let plan = plan("kettle zeppelin", recordCount: 100, holding: ["kettl": 5])
        #expect(plan.terms.map(\.term) == ["kettl"])
        #expect(plan.information > plan.terms[0].weight * 1.5)
    }

    @Test func aRepeatedWordCountsOnce() {
        let once = plan("kettle", recordCount: 100, holding: ["kettl": 5])
        let twice = plan("Kettle, kettles!", recordCount: 100, holding: ["kettl": 5])
        #expect(once.terms == twice.terms)
        #expect(once.information == twice.information)
    }

    @Test func frequentWordsLeaveTheEmbeddedQueryAndThePunctuationStays() {
        let holding = ["carolin": 60, "move": 3]
        let plan = plan("Why did Caroline, then, move?", recordCount: 100, holding: holding)
        #expect(plan.embeddedText == "Why did , then, move?")
        #expect(plan.cutWords == ["Caroline"])
    }

    @Test(arguments: [
        (19, ["carolin": 19, "move": 1]), (100, ["carolin": 60, "move": 60]), (100, ["carolin": 20, "move": 1]),
    ])
    func nothingIsCutFromSmallNamespacesOrWhenNothingWouldBeLeftOrAtTheThreshold(
        recordCount: Int, holding: [String: Int]
    ) {
        let plan = plan("Caroline  move", recordCount: recordCount, holding: holding)
        #expect(plan.embeddedText == "Caroline  move")
        #expect(plan.cutWords.isEmpty)
    }

    @Test func aQueryOfStopWordsHasNoTermsAndIsEmbeddedWhole() {
        let plan = plan("who is it", recordCount: 100, holding: [:])
        #expect(plan.terms.isEmpty)
        #expect(plan.information == 0)
        #expect(plan.embeddedText == "who is it")
    }

    @Test func theRarestWordsLeadAndAtLeastOneDoes() {
        let holding = ["kettl": 50, "train": 4000, "garden": 30_000]
        let query = "garden train kettle"
        #expect(plan(query, recordCount: 100_000, holding: holding).leadingTerms.map(\.term) == ["kettl", "train"])
        #expect(plan("garden", recordCount: 100_000, holding: holding).leadingTerms.map(\.term) == ["garden"])
        #expect(
            plan(query, recordCount: 100_000, holding: holding, postingCountMax: 1).leadingTerms.map(\.term) == [
                "kettl"
            ])
        #expect(plan(query, recordCount: 100_000, holding: holding).terms.count == 3)
        #expect(plan(query, recordCount: 100_000, holding: holding, postingCountMax: 40_000).followingWeight == 0)
    }

    @Test func anEmptyNamespaceGivesAPlanThatFindsNothing() {
        let plan = plan("kettle", recordCount: 0, holding: ["kettl": 0])
        #expect(plan.terms.isEmpty)
        #expect(plan.information.isFinite)
    }
}
