import BenchSupport
import Testing

@Suite struct SentenceGrammarTests {
    private static let real = [
        "The engine keeps every record until somebody forgets it.",
        "A careful reader never waits for the slow writer, and nothing is lost.",
        "Nora walked to Lark Hut on 15 May with her brother.",
    ]

    @Test func theSameSeedGivesTheSameSentences() {
        let grammar = SentenceGrammar(sentences: Self.real)
        #expect(grammar.sentences(50, seed: 7) == grammar.sentences(50, seed: 7))
        #expect(grammar.sentences(50, seed: 7) != grammar.sentences(50, seed: 8))
    }

    @Test func sentencesDifferFromOneAnotherAndKeepTheirFramesLength() {
        let lengths = Set(Self.real.map { $0.split(separator: " ").count })
        let sentences = SentenceGrammar(sentences: Self.real).sentences(50, seed: 7)
        #expect(Set(sentences).count == 50)
        #expect(sentences.allSatisfy { lengths.contains($0.split(separator: " ").count) })
        #expect(sentences.allSatisfy { $0.hasSuffix(".") && $0.first?.isUppercase == true })
    }

    @Test func smallWordsStayAndContentWordsComeFromTheVocabulary() {
        let vocabulary = Set(
            Self.real.flatMap { $0.lowercased().split { !$0.isLetter && !$0.isNumber } })
        for sentence in SentenceGrammar(sentences: Self.real).sentences(50, seed: 7) {
            let words = sentence.lowercased().split { !$0.isLetter && !$0.isNumber }
            #expect(words.allSatisfy { vocabulary.contains($0) || $0.allSatisfy(\.isNumber) })
        }
    }

    @Test func paragraphsHoldWholeSentencesAndEnoughWords() {
        let sentences = (0..<20).map { "Sentence number \($0) has exactly seven words." }
        let paragraphs = SentenceGrammar.paragraphs(of: sentences, wordCount: 20)
        #expect(paragraphs.count == 6)
        #expect(paragraphs.allSatisfy { $0.split(separator: " ").count == 21 })
        #expect(paragraphs[0].hasPrefix(sentences[0]) && paragraphs[0].hasSuffix(sentences[2]))
    }
}

@Suite struct SamplesTests {
    @Test func percentilesAreMeasuredValues() {
        let samples = Samples((1...200).reversed().map(Double.init))
        #expect(samples.median == 100)
        #expect(samples.percentile(0.99) == 198)
        #expect(samples.percentile(1) == 200)
        #expect(samples.percentile(0) == 1)
    }

    @Test func noSamplesGiveZero() {
        #expect(Samples().median == 0)
    }
}

@Suite struct CommandLineOptionsTests {
    @Test func valuesFlagsAndNumbersAreRead() throws {
        let options = try CommandLineOptions(["--seed", "9", "--full"], valued: ["seed"], flags: ["full", "quick"])
        #expect(try options.integer("seed", default: 42) == 9)
        #expect(options.isSet("full") && !options.isSet("quick"))
    }

    @Test(arguments: [["--sead", "9"], ["--seed"], ["seed", "9"]])
    func whatIsNotUnderstoodIsRefused(arguments: [String]) {
        #expect(throws: CommandLineOptions.UsageError.self) {
            try CommandLineOptions(arguments, valued: ["seed"], flags: [])
        }
    }

    @Test func aNumberThatIsNoneIsRefused() throws {
        let options = try CommandLineOptions(["--seed", "nine"], valued: ["seed"], flags: [])
        #expect(throws: CommandLineOptions.UsageError.self) { try options.integer("seed", default: 1) }
    }
}
