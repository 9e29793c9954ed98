import Foundation
import StrataCore
import Testing

@testable import TextModels

@Suite struct TokenizerGoldenTests {
    /// Every component and option, with small vocabularies in which nearly every letter shows.
    @Test(arguments: [("components.jsonl", 900), ("subword-components.jsonl", 1_500)])
    func everyConfigurationGivesTheIDsOfTheReference(file: String, caseCountMin: Int) throws {
        var caseCount = 0
        for line in try Golden.fixture(file) {
            let name = try line.required("name").string()
            let tokenizer = try Tokenizer(json: line.required("tokenizer").node.encoded())
            for section in try line.required("cases").elements() {
                let golden = try GoldenCase(section)
                let result = golden.run(tokenizer)
                #expect(result == golden.expected, "\(name): \(section.path)")
                caseCount += 1
            }
        }
        #expect(caseCount > caseCountMin)
    }

    /// At least 20 000 real lines in all the locales of CLDR, random Unicode and pairs, with the vocabulary of MiniLM.
    @Test(arguments: 0..<4)
    func aLargeMultilingualCorpusGivesTheIDsOfTheReference(quarter: Int) throws {
        let tokenizer = try Tokenizer(contentsOf: Golden.setUpFile("wordpiece-tokenizer.json").path)
        let lines = try Golden.lines(of: Golden.setUpFile("wordpiece-full.jsonl"), count: 4, quarter)
        var differing: [String] = []
        for line in lines where line.node["versions"] == nil {
            let golden = try GoldenCase(line)
            if golden.run(tokenizer) != golden.expected { differing.append(line.path) }
        }
        #expect(lines.count > 5_000)
        #expect(differing.count == 0, "\(differing.count) of \(lines.count) differ, first \(differing.prefix(5))")
    }

    @Test(arguments: components.keys.sorted())
    func everyScalarIsReadAsTheReferenceReadsIt(name: String) throws {
        let line = try #require(
            try Golden.fixture("scalars.jsonl").first { try $0.required("name").string() == name })
        let component = try #require(Self.components[name])
        var hashes: [UInt32: UInt64] = [:]
        for scalar in UInt32(0)..<0x110000 where Self.isSampled(scalar) {
            var text = Array("A\u{345}".utf8)
            text.append(scalar: scalar)
            text.append(contentsOf: "\u{334}\u{301}b".utf8)
            var hash = hashes[scalar >> 12] ?? 0xCBF2_9CE4_8422_2325
            for byte in text.withUnsafeBufferPointer(component) {
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
            }
            hashes[scalar >> 12] = hash
        }
        let expected = try line.required("hashes").members()
        #expect(expected.count == hashes.count)
        for member in expected {
            let block = try #require(UInt32(String(decoding: member.key, as: UTF8.self)))
            let hash = try JSONSection(node: member.value, path: name).string()
            #expect(hashes[block] == UInt64(hash, radix: 16), "\(name): scalars from \(String(block << 12, radix: 16))")
        }
    }

    /// All scalars of the two planes with nearly all characters, some of the others; as the golden script chooses.
    private static func isSampled(_ scalar: UInt32) -> Bool {
        guard Unicode.Scalar(scalar) != nil else { return false }
        return scalar < 0x20000 || scalar % 61 == 0
    }

    static let components: [String: @Sendable (ValidUTF8) -> [UInt8]] = [
        "bert": normalizer(.bert(bert(clean: true, ideographs: true, accents: true, lowercase: true))),
        "bert clean": normalizer(.bert(bert(clean: true))),
        "bert accents": normalizer(.bert(bert(accents: true))),
        "Lowercase": normalizer(.lowercase),
        "StripAccents": normalizer(.stripAccents),
        "NFC": normalizer(.unicode(.nfc)),
        "NFD": normalizer(.unicode(.nfd)),
        "NFKC": normalizer(.unicode(.nfkc)),
        "NFKD": normalizer(.unicode(.nfkd)),
        "BertPreTokenizer": words(.bert),
        "Whitespace": words(.whitespace),
        "WhitespaceSplit": words(.whitespaceSplit),
        "Punctuation": words(.punctuation(.isolated)),
        "Digits": words(.digits(areSingle: false)),
        "gpt2": words(pattern(0)),
        "qwen": words(pattern(1)),
        "llama3": words(pattern(2)),
        "qwen3.5": words(pattern(3)),
        "o200k": words(pattern(4)),
    ]

    private static func bert(
        clean: Bool = false, ideographs: Bool = false, accents: Bool = false, lowercase: Bool = false
    ) -> BertNormalizer {
        BertNormalizer(
            cleansText: clean, separatesIdeographs: ideographs, stripsAccents: accents, lowercases: lowercase)
    }

    private static func normalizer(_ normalizer: TextNormalizer) -> @Sendable (ValidUTF8) -> [UInt8] {
        { text in
            var output: [UInt8] = []
            normalizer.normalize(text, into: &output)
            return output
        }
    }

    private static func pattern(_ index: Int) -> PreTokenizer {
        .pattern(.words(WordPattern.known[index].pattern), .isolated, isInverted: false)
    }

    private static func words(_ preTokenizer: PreTokenizer) -> @Sendable (ValidUTF8) -> [UInt8] {
        { text in
            var words: [Range<Int>] = []
            preTokenizer.split(text, 0..<text.count, into: &words)
            return Array(words.map { Array(text.part($0)) }.joined(separator: [0x1F]))
        }
    }
}
