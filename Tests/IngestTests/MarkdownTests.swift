import Foundation
import Ingest
import StrataCore
import Testing

@Suite struct MarkdownTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func texts(_ text: String, _ options: IngestOptions = IngestOptions()) throws -> [String] {
        try scratch.items(text, .markdown, options).map(\.text)
    }

    @Test func sectionsBecomeChunksWithTheirHeadingPath() throws {
        let text = """
            # Guide

            Read me first.

            ## Set-up ##

            Run it.
            Then wait.

            ### Linux
            - one
            - two
              more

            Other parts
            ===========
            | a | b |
            |---|---|
            | 1 | 2 |
            """
        let items = try scratch.items(text, .markdown)
        #expect(
            items.map(\.text) == [
                "Guide: Read me first.",
                "Guide > Set-up: Run it.\nThen wait.",
                "Guide > Set-up > Linux:\n- one\n- two\n  more",
                "Other parts:\n| a | b |\n|---|---|\n| 1 | 2 |",
            ])
        #expect(items.map(\.lines) == [3...3, 7...8, 11...13, 17...19])
        #expect(items.map { $0.metadata["heading"] }.last == .string("Other parts"))
        #expect(items.allSatisfy { $0.kind == "general" && $0.path == "file" && $0.speaker == nil })
        var options = IngestOptions()
        options.includesHeadings = false
        #expect(try texts(text, options).first == "Read me first.")
        #expect(try scratch.items(text, .markdown, options).first?.metadata["heading"] == "Guide")
    }

    @Test(arguments: [
        ("# A\n# B\n## C\n", ["A", "B > C"]),
        ("# A\n\ntext\n\n## B", ["A: text", "A > B"]),
        ("Two\nlines\n---\nbody", ["Two lines: body"]),
        ("a\n\n---\n\nb\n\n***\n- - -\n", ["a\n\nb"]),
        ("#no heading\n\n####### nor this\n", ["#no heading\n\n####### nor this"]),
        ("# C# and F#\nx", ["C# and F#: x"]),
        ("- item\n---\nnext", ["- item\n\nnext"]),
        ("#\ntext", ["text"]),
        ("", []),
        ("\n \n\t\n", []),
        ("\u{FEFF}# BOM\r\n\r\ntext\r\nmore\r\n", ["BOM: text\nmore"]),
        (
            "```\n# no heading\n<!-- kept -->\n\n---\n```\nafter",
            ["```\n# no heading\n<!-- kept -->\n\n---\n```\n\nafter"]
        ),
        ("````\n```\n````\n# H\nx", ["````\n```\n````", "H: x"]),
        ("~~~ swift\nunclosed\n# still code", ["~~~ swift\nunclosed\n# still code"]),
        ("```a`b``` is a span\n# H\nx", ["```a`b``` is a span", "H: x"]),
        ("a <!-- b --> c\n\n<!--\nd\n\ne\n-->\nf", ["a  c\n\nf"]),
        ("use `<!-- x -->` here", ["use `<!-- x -->` here"]),
        ("one\n<!-- between -->\ntwo", ["one\ntwo"]),
    ])
    func smallDocuments(text: String, expected: [String]) throws {
        #expect(try texts(text) == expected)
    }

    @Test func simpleFrontMatterBecomesMetadata() throws {
        let text = """
            ---
            title: "A: day"
            count: 3
            share: 0.5
            draft: false
            # a comment
            zip: 01234
            empty:
            tags: [work, "home", work]
            date: 2026-05-04
            ---
            # H
            body
            """
        let item = try #require(scratch.items(text, .markdown).first)
        #expect(item.text == "H: body" && item.lines == 13...13)
        #expect(item.tags == ["work", "home"])
        #expect(item.occurredAt == Timestamp(iso8601: "2026-05-04"))
        #expect(
            item.metadata == [
                "title": "A: day", "count": 3, "share": 0.5, "draft": false, "zip": "01234", "empty": nil,
                "tags": ["work", "home", "work"], "date": "2026-05-04", "heading": "H",
            ])
    }

    @Test(arguments: [
        ("---\nnested:\n  key: value\n---\nbody", ["nested:\n  key: value", "body"]),
        ("---\nkey: |\n---\nbody", ["key: |", "body"]),
        ("---\nnever: closed\n\nbody", ["never: closed\n\nbody"]),
        ("---\n---\nbody", ["body"]),
        ("\n---\nkey: value\n---", ["key: value"]),
    ])
    func otherFrontMatterStaysText(text: String, expected: [String]) throws {
        #expect(try texts(text) == expected)
    }

    @Test func anUnclosedCommentIsReported() throws {
        let events = try scratch.events("a\n\n<!-- b\nc".utf8, .markdown)
        #expect(
            events == [
                .problem(IngestProblem(path: "file", line: 3, reason: .unclosedComment)),
                .item(IngestItem(text: "a", path: "file", lines: 1...1)),
            ])
    }

    @Test func aCodeBlockThatFitsStaysWhole() throws {
        let prose = (1...70).map { "w\($0)" }.joined(separator: " ")
        let code = "```\n" + (1...60).map { "c\($0)" }.joined(separator: "\n") + "\n```"
        #expect(try texts(prose + "\n\n" + code) == [prose, code])
    }

    @Test func aListBreaksBetweenItsItems() throws {
        let items = (1...20).map { "- item \($0) has twelve words in it with number and dash" }
        let chunks = try texts(items.joined(separator: "\n"))
        #expect(chunks == [items[0..<7], items[7..<14], items[14..<20]].map { $0.joined(separator: "\n") })
    }

    @Test(arguments: Array(1...30) as [UInt64])
    func noWordIsLostAndNoChunkIsTooLong(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var wordNumber = 0
        func words(_ count: Int) -> String {
            (0..<count).map { _ in
                wordNumber += 1
                return "w\(wordNumber)" + (Int.random(in: 0..<9, using: &random) == 0 ? "." : "")
            }.joined(separator: Int.random(in: 0..<12, using: &random) == 0 ? "\n" : " ")
        }
        let parts = (0..<40).map { _ in
            let count = Int.random(in: 1...60, using: &random) * (Int.random(in: 0..<6, using: &random) == 0 ? 20 : 1)
            return switch Int.random(in: 0..<6, using: &random) {
            case 0: "# " + words(3).replacing("\n", with: " ")
            case 1: "```\n" + words(count) + "\n```"
            case 2: "- " + words(count).replacing("\n", with: " ") + "\n- " + words(5).replacing("\n", with: " ")
            case 3: words(2).replacing("\n", with: " ") + "\n---"
            default: words(count)
            }
        }
        let text = parts.joined(separator: "\n\n")
        var options = IngestOptions()
        options.includesHeadings = false
        let items = try scratch.items(text, .markdown, options)
        var found: [String] = []
        var heading: JSONValue?
        for item in items {
            if item.metadata["heading"] != heading, let path = item.metadata["heading"]?.stringValue, path != item.text
            {
                found += path.words
            }
            heading = item.metadata["heading"]
            found += item.text.words
            #expect(item.text.words.count <= options.chunkWordsMax)
        }
        // A path repeats the headings above it, so only the first place of each word counts.
        var seen: Set<String> = []
        let first = found.filter { $0.hasPrefix("w") && seen.insert($0).inserted }
        let expected = text.words.filter { $0.hasPrefix("w") }
        #expect(first.elementsEqual(expected), "first lost: \(expected.first { !seen.contains($0) } ?? "none")")
    }
}
