import Foundation
import StrataCore
import Testing

@testable import TextModels

@Suite struct SubwordTests {
    private struct Generator {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
    }

    /// Few tokens, so that pairs overlap; short words are merged in another way than long ones.
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func mergingFollowsTheRanksWhateverTheLengthOfTheWord(seed: UInt64) {
        var generator = Generator(state: seed)
        var table = MergeTable(pairCount: 30)
        var ranks: [[Int32]: (rank: Int, result: Int32)] = [:]
        for rank in 0..<30 {
            let pair = [Int32(generator.next(4 + rank)), Int32(generator.next(4 + rank))]
            let result = Int32(4 + rank)
            table.insert(pair[0], pair[1], MergeTable.Merge(rank: UInt32(rank), result: result))
            ranks[pair] = (rank, result)
        }
        for _ in 0..<60 {
            var word = (0..<1 + generator.next(130)).map { _ in Int32(generator.next(4)) }
            var expected = word
            while let best = expected.indices.dropLast()
                .compactMap({ index in ranks[Array(expected[index...index + 1])].map { ($0.rank, index, $0.result) } })
                .min(by: { ($0.0, $0.1) < ($1.0, $1.1) })
            {
                expected.replaceSubrange(best.1...best.1 + 1, with: [best.2])
            }
            let count = word.withUnsafeMutableBufferPointer { table.apply(to: $0) }
            #expect(Array(word.prefix(count)) == expected, "seed \(seed)")
        }
    }

    private static let pairs =
        #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"abab":3},"merges":[["a","b"],["ab","ab"]]}"#

    private static func file(
        _ model: String, normalizer: String = "null", preTokenizer: String = "null", postProcessor: String = "null"
    ) -> [UInt8] {
        TokenizerTests.file(
            model: model, normalizer: normalizer, preTokenizer: preTokenizer, postProcessor: postProcessor)
    }

    @Test func aTextOfOneWordTakesNoQuadraticTime() throws {
        let tokenizer = try Tokenizer(json: Self.file(Self.pairs))
        let result = tokenizer.encode(String(repeating: "ab", count: 40_000), tokenCountMax: .max)
        #expect(result.ids == [Int32](repeating: 3, count: 20_000))
    }

    /// A damaged table may give any text, but it is text, and nothing outside of the table is read.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func aDamagedCharactersMapGivesTextOrAnError(seed: UInt64) throws {
        // One key, "a", that stands for "bc": a root, its child, the child's value, then the replacement.
        var units = [UInt32](repeating: 0, count: 512)
        units[0] = 256 << 10
        units[256 ^ 0x61] = 0x61 | 0x100 | (0x61 << 10)
        units[256] = 1 << 31
        var whole = withUnsafeBytes(of: UInt32(units.count * 4)) { Array($0) }
        for unit in units { withUnsafeBytes(of: unit) { whole += $0 } }
        whole += Array("b\u{e9}\0".utf8)
        func normalized(_ bytes: [UInt8]) throws -> [UInt8] {
            let section = JSONSection(
                node: .string(Array(Data(bytes).base64EncodedString().utf8)), path: "charsmap")
            let map = try CharactersMap(section)
            var output: [UInt8] = []
            Array("xaa\u{301}\u{1F600}a\r\n".utf8).withUnsafeBufferPointer { map.normalize($0, into: &output) }
            return output
        }
        #expect(try normalized(whole) == Array("xb\u{e9}b\u{e9}\u{1F600}b\u{e9}\r\n".utf8))
        var generator = Generator(state: seed)
        for _ in 0..<300 {
            var damaged = whole
            for place in [0, 4, 4 * (1 + 256 ^ 0x61), 4 * 257, damaged.count - 4] where generator.next(2) == 0 {
                damaged[place + generator.next(4)] = UInt8(generator.next(256))
            }
            damaged.removeLast(generator.next(3))
            do {
                let output = try normalized(damaged)
                #expect(String(validating: output, as: UTF8.self) != nil, "seed \(seed)")
            } catch {
                #expect((error as? StrataError)?.code == .modelInvalid)
            }
        }
    }

    private static func with(_ part: String) -> [UInt8] {
        file(#"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"# + part + "}")
    }

    /// A broken file and what the complaint has to name.
    private static let broken: [(file: [UInt8], names: String)] = [
        (with(#""merges":{}"#), "model.merges"),
        (with(#""merges":["a"]"#), "model.merges[0]"),
        (with(#""merges":["a b",["a","b","c"]]"#), "model.merges[1]"),
        (with(#""merges":[["a","c"]]"#), "\"ac\""),
        (with(#""merges":[["b","a"]]"#), "\"ba\""),
        (with(#""merges":[],"dropout":0.1"#), "random"),
        (with(#""merges":[],"unk_token":"<unk>""#), "<unk>"),
        (with(#""merges":[["a","b"]],"continuing_subword_prefix":"@@@@""#), "shorter"),
        (file(#"{"type":"Unigram","vocab":[],"unk_id":0}"#), "empty"),
        (file(#"{"type":"Unigram","vocab":[["a"]],"unk_id":0}"#), "model.vocab[0]"),
        (file(#"{"type":"Unigram","vocab":[["a",-1.5]],"unk_id":1}"#), "1 pieces"),
        (file(#"{"type":"Unigram","vocab":[["a",-1.5]],"unk_id":null}"#), "unk_id"),
        (file(pairs, normalizer: #"{"type":"Precompiled","precompiled_charsmap":"!"}"#), "base64"),
        (file(pairs, normalizer: #"{"type":"Precompiled","precompiled_charsmap":"AAAA"}"#), "3 bytes"),
        (file(pairs, normalizer: #"{"type":"Precompiled","precompiled_charsmap":"/////wAAAAA="}"#), "announces"),
        (
            file(pairs, preTokenizer: #"{"type":"Split","pattern":{"Regex":"x|y"},"behavior":"Isolated"}"#),
            "the regular expression x|y"
        ),
        (file(pairs, preTokenizer: #"{"type":"Split","pattern":{"String":" "},"behavior":"Odd"}"#), "\"Odd\""),
        (file(pairs, preTokenizer: #"{"type":"Metaspace","replacement":"__"}"#), "one character"),
        (
            file(pairs, preTokenizer: #"{"type":"Metaspace","replacement":"_","prepend_scheme":"odd"}"#), "\"odd\""
        ),
        (
            file(
                pairs,
                preTokenizer: """
                    {"type":"Sequence","pretokenizers":[{"type":"ByteLevel","add_prefix_space":false},
                    {"type":"Digits","individual_digits":true}]}
                    """), "pretokenizers[1] comes after a ByteLevel"
        ),
        (
            file(
                #"{"type":"Unigram","vocab":[["a",-1.5]],"unk_id":0}"#,
                preTokenizer: #"{"type":"ByteLevel","add_prefix_space":false}"#), "goes with a model of type BPE"
        ),
        (
            file(
                pairs,
                postProcessor: """
                    {"type":"Sequence","processors":[{"type":"RobertaProcessing","sep":["a",0],"cls":["b",1]},
                    {"type":"RobertaProcessing","sep":["a",0],"cls":["b",1]}]}
                    """), "2 components"
        ),
    ]

    @Test(arguments: broken.indices)
    func aBrokenFileIsAnErrorThatSaysWhatIsWrong(index: Int) throws {
        let (file, names) = Self.broken[index]
        let error = try #require(throws: StrataError.self) { try Tokenizer(json: file) }
        #expect(error.code == .modelInvalid)
        #expect(error.message.contains(names), "\(error.message)")
    }

    /// The second rounding makes the last bit another one than the standard wants.
    @Test func numbersAreRoundedAsTheReferenceRoundsThem() {
        func parse(_ text: String) -> Double? { SerdeNumber.parse(Array(text.utf8)[...]) }
        for text in ["0", "-1.5", "3.25e2", "1e-3", "-2.861080169677734", "1E+5", "0.000", "12345678901234567890123"] {
            #expect(parse(text) == Double(text), "\(text)")
        }
        #expect(parse("-6.4708321257442331") == -6.4708321257442325)
        #expect(Double("-6.4708321257442331") != -6.4708321257442325)
        #expect(parse("1e400") == nil)
        #expect(parse("1e-400") == 0)
    }
}
