import Foundation
import Testing

@testable import TextModels

/// Byte-pair and Unigram vocabularies that the set-up makes in the shapes of real files.
@Suite struct SubwordGoldenTests {
    static let names = [
        "bpe-qwen", "bpe-roberta", "bpe-llama3", "bpe-llama2",
        "unigram-xlm-roberta", "unigram-t5", "unigram-fallback",
    ]

    /// More than 50 000 real lines in all the locales of CLDR, random Unicode and awkward cases for each vocabulary.
    @Test(arguments: names)
    func aLargeMultilingualCorpusGivesTheIDsOfTheReference(name: String) throws {
        let tokenizer = try Tokenizer(contentsOf: Golden.setUpFile("\(name)-tokenizer.json").path)
        let texts = try Golden.lines(of: Golden.setUpFile("subword-texts.jsonl"))
        let hashes = try String(contentsOf: Golden.setUpFile("\(name)-hashes.txt"), encoding: .utf8)
            .split(separator: "\n")
        #expect(texts.count > 53_000)
        try #require(texts.count == hashes.count)
        var differing: [String] = []
        for (text, expected) in zip(texts, hashes) {
            let ids = tokenizer.encode(try text.string(), tokenCountMax: .max).ids
            if UInt64(expected, radix: 16) != Self.hash(ids) { differing.append(text.path) }
        }
        #expect(differing.count == 0, "\(differing.count) of \(texts.count) differ, first \(differing.prefix(5))")
    }

    @Test(arguments: names)
    func pairsAndCutTextsGiveTheIDsOfTheReference(name: String) throws {
        let tokenizer = try Tokenizer(contentsOf: Golden.setUpFile("\(name)-tokenizer.json").path)
        let cases = try Golden.lines(of: Golden.setUpFile("\(name)-cases.jsonl"))
        #expect(cases.count > 1_200)
        for line in cases {
            let golden = try GoldenCase(line)
            #expect(golden.run(tokenizer) == golden.expected, "\(line.path)")
        }
    }

    /// FNV-1a over whole ids, as `Tools/golden/subword_golden.py` has it.
    private static func hash(_ ids: [Int32]) -> UInt64 {
        ids.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
