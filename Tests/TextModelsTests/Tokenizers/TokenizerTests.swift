import StrataCore
import Testing

@testable import TextModels

@Suite struct TokenizerTests {
    /// A small but whole tokenizer file, with one part replaced.
    static func file(
        model: String? = nil, normalizer: String = #"{"type":"Lowercase"}"#,
        preTokenizer: String = #"{"type":"BertPreTokenizer"}"#, added: String = "[]",
        postProcessor: String = #"{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}"#
    ) -> [UInt8] {
        let model =
            model
                ?? """
                {"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":5,
                "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"ab":4,"##c":5,"\\u00e9":6,"e\\u0301":7,"a":8}}
                """
        return Array(
            """
            {"version":"1.0","truncation":{"max_length":2},"padding":{"strategy":{"Fixed":9}},"added_tokens":\(added),
            "normalizer":\(normalizer),"pre_tokenizer":\(preTokenizer),"post_processor":\(postProcessor),"model":\(model)}
            """.utf8)
    }

    @Test func aWordBecomesItsLongestPiecesAndTheFilesOwnPaddingIsNotFollowed() throws {
        let result = try Tokenizer(json: Self.file()).encode("ABC xyz abcccc", tokenCountMax: 64)
        #expect(result.ids == [2, 4, 5, 1, 1, 3])
        #expect(result.typeIDs == [0, 0, 0, 0, 0, 0])
        #expect(!result.isTruncated)
    }

    @Test func truncationKeepsTheSpecialTokens() throws {
        let tokenizer = try Tokenizer(json: Self.file())
        #expect(tokenizer.encode("a a a a", tokenCountMax: 4).ids == [2, 8, 8, 3])
        #expect(tokenizer.encode("a a a a", tokenCountMax: 4).isTruncated)
        #expect(!tokenizer.encode("a a", tokenCountMax: 4).isTruncated)
        #expect(tokenizer.encode("a a", tokenCountMax: 0).ids == [2, 3])
        #expect(tokenizer.encode("a a", tokenCountMax: 1, addSpecialTokens: false).ids == [8])
        #expect(tokenizer.encode("a", pairedWith: "a a a a", tokenCountMax: 6).ids == [2, 8, 3, 8, 8, 3])
    }

    @Test func canonicallyEquivalentTokensAreDifferentTokens() throws {
        let tokenizer = try Tokenizer(json: Self.file())
        #expect(tokenizer.id(of: "\u{e9}") == 6)
        #expect(tokenizer.id(of: "e\u{301}") == 7)
        #expect(tokenizer.encode("\u{e9} e\u{301}", tokenCountMax: 8).ids == [2, 6, 7, 3])
    }

    @Test func tokensAndIDsAreEachOthersInverse() throws {
        let tokenizer = try Tokenizer(
            json: Self.file(added: #"[{"id":9,"content":"<x>","special":true},{"id":0,"content":"[PAD]"}]"#))
        #expect(tokenizer.vocabularyCount == 10)
        #expect(tokenizer.padID == 0)
        for id in Int32(0)..<10 {
            let token = try #require(tokenizer.token(of: id))
            #expect(tokenizer.id(of: token) == id)
        }
        #expect(tokenizer.token(of: 10) == nil)
        #expect(tokenizer.token(of: -1) == nil)
        #expect(tokenizer.id(of: "nothing") == nil)
        #expect(tokenizer.encode("a<x>a", tokenCountMax: 9).ids == [2, 8, 9, 8, 3])
    }

    @Test func aTextOfNothingButMarksTakesNoQuadraticTime() throws {
        let tokenizer = try Tokenizer(json: Self.file(normalizer: #"{"type":"NFC"}"#))
        let text = String(repeating: "\u{334}\u{301}", count: 20_000)
        #expect(tokenizer.encode(text, tokenCountMax: 9).ids == [2, 1, 3])
    }

    private static let model = ###""unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":5"###

    /// A broken file and what the complaint has to name.
    private static let broken: [(file: [UInt8], names: String)] = [
        ([], "ends early"),
        (Array("{\"model\":".utf8), "byte 9"),
        (Array("[1, 2".utf8), "malformed JSON"),
        (Array("{} x".utf8), "after the end"),
        (Array("{\"a\": \"\\ud800\"}".utf8), "surrogate"),
        ([0x22, 0xFF, 0x22], "not UTF-8"),
        (Array(repeating: UInt8(ascii: "["), count: 100_000), "nested deeper"),
        (Array("[]".utf8), "\"model\""),
        (Array("{}".utf8), "\"model\""),
        (Self.file(model: "{\"type\":\"WordPiece\",\(model)}"), "\"vocab\""),
        (Self.file(model: "{\"type\":\"WordPiece\",\(model),\"vocab\":{}}"), "empty"),
        (Self.file(model: "{\"type\":\"WordPiece\",\(model),\"vocab\":{\"a\":0}}"), "[UNK]"),
        (Self.file(model: "{\"type\":\"WordPiece\",\(model),\"vocab\":{\"a\":0,\"a\":1}}"), "twice"),
        (Self.file(model: "{\"type\":\"WordPiece\",\(model),\"vocab\":{\"a\":0,\"b\":0}}"), "id 0"),
        (Self.file(model: "{\"type\":\"WordPiece\",\(model),\"vocab\":{\"a\":-1}}"), "-1"),
        (Self.file(model: "{\"type\":\"WordPiece\",\(model),\"vocab\":{\"a\":\"x\"}}"), "whole number"),
        (Self.file(model: "{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}}"), "WordLevel"),
        (Self.file(normalizer: #"{"type":"Nmt"}"#), "\"Nmt\"; supported are BertNormalizer"),
        (Self.file(normalizer: #"{"type":"Replace","pattern":{"Regex":"a+"},"content":""}"#), "expression a+"),
        (Self.file(normalizer: #"{"type":"BertNormalizer","lowercase":true}"#), "clean_text"),
        (Self.file(normalizer: #"{"type":"Sequence","normalizers":[{"type":"X"}]}"#), "normalizer.normalizers[0]"),
        (Self.file(preTokenizer: #"{"type":"Odd"}"#), "\"Odd\"; supported are BertPreTokenizer"),
        (Self.file(preTokenizer: #"{"type":"Punctuation","behavior":"X"}"#), "\"X\""),
        (Self.file(postProcessor: #"{"type":"Odd"}"#), "\"Odd\"; supported are TemplateProcessing"),
        (Self.file(postProcessor: #"{"type":"BertProcessing","sep":["[SEP]",9],"cls":["[CLS]",2]}"#), "id 9"),
        (Self.file(postProcessor: #"{"type":"BertProcessing","sep":["[END]",3],"cls":["[CLS]",2]}"#), "[END]"),
        (
            Self.file(
                postProcessor: """
                    {"type":"TemplateProcessing","special_tokens":{},"pair":[],
                    "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}}]}
                    """), "special_tokens lacks"
        ),
        (Self.file(added: #"[{"id":5,"content":"[CLS]"}]"#), "the id 5"),
        (Self.file(added: #"[{"id":4,"content":"new"}]"#), "belongs to"),
        (Self.file(added: #"[{"id":2,"content":"[CLS]"},{"id":2,"content":"[CLS]"}]"#), "twice"),
        (Self.file(added: #"[{"id":9,"content":""}]"#), "empty"),
    ]

    @Test(arguments: broken.indices)
    func aBrokenFileIsAnErrorThatSaysWhatIsWrong(index: Int) throws {
        let (file, names) = Self.broken[index]
        let error = try #require(throws: StrataError.self) { try Tokenizer(json: file) }
        #expect(error.code == .modelInvalid)
        #expect(error.message.contains(names), "\(error.message)")
    }

    @Test func aFileThatIsNotThereIsNotFound() throws {
        let error = try #require(throws: StrataError.self) { try Tokenizer(contentsOf: "/nowhere/tokenizer.json") }
        #expect(error.code == .notFound)
    }

    @Test func everyShortenedFileIsAnErrorAndNoCrash() {
        let whole = Self.file()
        for count in 0..<whole.count {
            #expect(throws: StrataError.self) { try Tokenizer(json: Array(whole.prefix(count))) }
        }
    }
}
