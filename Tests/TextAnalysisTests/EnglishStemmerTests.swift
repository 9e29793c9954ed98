import Foundation
import Testing

@testable import TextAnalysis

@Suite struct EnglishStemmerTests {
    @Test func everyRootWithEveryEndingHasTheReferenceStem() throws {
        let lines = try Self.lines(of: Self.fixture)
        let endings = lines[0].split(separator: " ")
        var wordCount = 0
        for line in lines.dropFirst() {
            let fields = line.split(separator: " ")
            try #require(fields.count == endings.count + 1)
            for (ending, code) in zip(endings, fields.dropFirst()) {
                let word = String(fields[0] + ending)
                let digits = code.prefix { $0.isNumber }
                let expected = try word.prefix(#require(Int(digits))) + code.dropFirst(digits.count)
                #expect(Self.stem(word) == expected, "\(word)")
                wordCount += 1
            }
        }
        #expect(wordCount >= 20_000)
    }

    @Test func everyDictionaryWordHasTheReferenceStem() throws {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["STRATA_HOME"] ?? NSHomeDirectory() + "/.local/share/strata"
        let file = URL(fileURLWithPath: home).appendingPathComponent("golden/text/stemmer.txt")
        try #require(
            FileManager.default.fileExists(atPath: file.path), "\(file.path) is missing: run `make setup-test`")
        let lines = try Self.lines(of: file)
        #expect(lines.count > 50_000)
        for line in lines {
            let fields = line.split(separator: " ")
            try #require(fields.count == 2)
            #expect(Self.stem(String(fields[0])) == fields[1], "\(fields[0])")
        }
    }

    @Test func aStemIsNeverEmptyNorLongerThanItsWord() {
        var random = SplitMix(seed: 7)
        let pieces = ["ing", "ed", "eed", "ly", "s", "'s", "y", "e", "a", "l", "b", "tt", "iz", "at", "ion", "ous"]
        for _ in 0..<20_000 {
            let word = (0...Int.random(in: 0...4, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined().drop { $0 == "'" }
            let stem = Self.stem(String(word))
            #expect(!stem.isEmpty && stem.utf8.count <= word.utf8.count, "\(word)")
            #expect(!stem.contains("Y"), "\(word)")
        }
    }

    private static func stem(_ word: String) -> String {
        var bytes = Array(word.utf8)
        EnglishStemmer.stem(&bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static var fixture: URL {
        Bundle.module.bundleURL.appendingPathComponent("Golden/english_stems.txt")
    }

    private static func lines(of file: URL) throws -> [Substring] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    }
}
