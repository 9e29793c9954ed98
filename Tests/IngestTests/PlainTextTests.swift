import Foundation
import Ingest
import Testing

@Suite struct PlainTextTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func shortParagraphsAreJoinedUpToTheSize() throws {
        let paragraphs = (0..<12).map { index in (0..<20).map { "p\(index)w\($0)" }.joined(separator: " ") }
        let items = try scratch.items(paragraphs.joined(separator: "\n\n"), .plainText)
        #expect(items.map(\.text) == [0..<4, 4..<8, 8..<12].map { paragraphs[$0].joined(separator: "\n\n") })
        #expect(items.map(\.lines) == [1...7, 9...15, 17...23])
    }

    @Test func longParagraphsAreCutAtSentences() throws {
        let sentences = (0..<20).map { index in (0..<15).map { "s\(index)w\($0)" }.joined(separator: " ") + "." }
        let items = try scratch.items(sentences.joined(separator: " "), .plainText)
        // Six sentences reach the 80 words of a chunk, and the last two still fit into the one before them.
        #expect(
            items.map(\.text) == [0..<6, 6..<12, 12..<20].map { sentences[$0].joined(separator: " ") })
    }

    @Test func aShortRemainderJoinsTheChunkBeforeIt() throws {
        let first = (0..<85).map { "a\($0)" }.joined(separator: " ")
        let items = try scratch.items(first + "\n\nthe end", .plainText)
        #expect(items.map(\.text) == [first + "\n\nthe end"])
        #expect(items.first?.lines == 1...3)
    }

    @Test func aTextWithoutSpacesIsCutAtItsSentencesOrBetweenScalars() throws {
        let sentence = String(repeating: "漢", count: 99) + "。"
        let items = try scratch.items(String(repeating: sentence, count: 20), .plainText)
        #expect(items.count == 5 && items.map(\.text).joined() == String(repeating: sentence, count: 20))
        #expect(items.allSatisfy { $0.text.hasSuffix("。") && $0.text.utf8.count <= 120 * 15 })
        let word = String(repeating: "é", count: 10_000)
        let pieces = try scratch.items(word, .plainText)
        #expect(pieces.map(\.text).joined() == word)
        #expect(pieces.allSatisfy { $0.text.utf8.count <= 120 * 15 })
    }

    @Test(arguments: Array(1...30) as [UInt64])
    func noWordIsLostAndNoChunkIsTooLong(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let separators = [" ", " ", " ", " ", " ", "\n", "\n", "\r\n", "\n\n", ". ", "! ", "?\n", "\t", "  \n \n"]
        var text = ""
        for number in 0..<Int.random(in: 0...4000, using: &random) {
            text += "w\(number)" + (separators.randomElement(using: &random) ?? " ")
        }
        var options = IngestOptions()
        options.chunkWordsMin = Int.random(in: 1...80, using: &random)
        options.chunkWordsMax = options.chunkWordsMin + Int.random(in: 0...40, using: &random)
        let items = try scratch.items(text, .plainText, options)
        #expect(items.flatMap { $0.text.words } == text.words)
        #expect(items.allSatisfy { (1...options.chunkWordsMax).contains($0.text.words.count) })
        let lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
        for item in items {
            let range = lines[item.lines.lowerBound - 1...item.lines.upperBound - 1]
            #expect(range.joined(separator: "\n").contains(item.text.words[0]))
            #expect(range.last?.contains(item.text.words.last ?? "") == true)
        }
        #expect(try scratch.items(text, .plainText, options) == items)
    }
}
