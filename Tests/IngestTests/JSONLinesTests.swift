import Foundation
import Ingest
import StrataCore
import Testing

@Suite struct JSONLinesTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func everyKnownFieldIsRead() throws {
        let line = """
            {"text": " hi ", "speaker": "Ann", "session": 7, "kind": "note", "tags": ["a", "b", "a"], "id": "x-1",
            "metadata": {"n": 1, "k": "mine"}, "k": "theirs", "deep": {"a": [1, 2.5, null]}, "occurredAt": "2026-05-04",
            "importance": 0.25, "layer": "assets", "source": "assistant", "speakerless": null}
            """
        let item = try #require(scratch.items(line.replacing("\n", with: " "), .jsonLines).first)
        var expected = IngestItem(text: "hi", path: "file", lines: 1...1)
        expected.speaker = "Ann"
        expected.session = "7"
        expected.kind = "note"
        expected.tags = ["a", "b"]
        expected.externalID = "x-1"
        expected.metadata = ["n": 1, "k": "mine", "deep": ["a": [1, 2.5, nil]]]
        expected.occurredAt = Timestamp(iso8601: "2026-05-04")
        expected.importance = 0.25
        expected.layer = .assets
        expected.origin = .assistant
        #expect(item == expected)
    }

    @Test func otherNamesAreUnderstoodAndLeftoversKept() throws {
        let lines = """
            {"content": "a", "role": "user", "timestamp": 1777914720}
            {"content": "b", "speaker": "Bo", "role": "user", "time": 1777914720000}

            {"text": "c", "content": "d", "timestamp": "last week", "source": "mail", "id": 12}
            """
        let items = try scratch.items(lines, .jsonLines)
        let moment = Timestamp(iso8601: "2026-05-04T17:12:00Z")
        #expect(items.map(\.text) == ["a", "b", "c"])
        #expect(items.map(\.speaker) == ["user", "Bo", nil])
        #expect(items.map(\.occurredAt) == [moment, moment, nil])
        #expect(items.map(\.lines) == [1...1, 2...2, 4...4])
        #expect(items[1].metadata == ["role": "user"])
        #expect(items[2].metadata == ["content": "d", "timestamp": "last week", "source": "mail"])
        #expect(items[2].externalID == "12")
    }

    @Test(
        arguments: [
            ("{", .notJSON), ("{\"text\": \"a\"} x", .notJSON), ("nonsense", .notJSON),
            ("[1]", .notAnObject(kind: "array")), ("\"a\"", .notAnObject(kind: "string")),
            ("null", .notAnObject(kind: "null")), ("3", .notAnObject(kind: "number")),
            ("{}", .noText), ("{\"text\": \"  \"}", .noText), ("{\"text\": null}", .noText),
            ("{\"text\": 3}", .badField(name: "text", expected: "a string without NUL")),
            ("{\"text\": \"a\\u0000\"}", .badField(name: "text", expected: "a string without NUL")),
            ("{\"text\": \"a\", \"tags\": \"b\"}", .badField(name: "tags", expected: "an array of strings")),
            ("{\"text\": \"a\", \"tags\": [1]}", .badField(name: "tags", expected: "an array of strings")),
            ("{\"text\": \"a\", \"metadata\": []}", .badField(name: "metadata", expected: "an object")),
            (
                "{\"text\": \"a\", \"importance\": 2}",
                .badField(name: "importance", expected: "a number from 0 through 1")
            ),
            ("{\"text\": \"a\", \"layer\": \"x\"}", .badField(name: "layer", expected: "interact, insights or assets")),
            (
                "{\"text\": \"a\", \"occurredAt\": \"soon\"}",
                .badField(name: "occurredAt", expected: "ISO 8601, or seconds or milliseconds since 1970")
            ),
        ] as [(String, IngestProblem.Reason)])
    func aBadLineIsReportedAndTheRestGoesOn(line: String, reason: IngestProblem.Reason) throws {
        let events = try scratch.events("{\"text\": \"x\"}\n\(line)\n{\"text\": \"y\"}".utf8, .jsonLines)
        #expect(
            events == [
                .item(IngestItem(text: "x", path: "file", lines: 1...1)),
                .problem(IngestProblem(path: "file", line: 2, reason: reason)),
                .item(IngestItem(text: "y", path: "file", lines: 3...3)),
            ])
    }

    @Test func aLineThatIsNoTextIsReportedWithItsByte() throws {
        let events = try scratch.events(
            Array("{\"text\": \"a\"}\n\"\u{E9}".utf8) + [0xFF]
                + Array("\"\n{\"text\": \"b\0\"}\n{\"text\": \"c\"}".utf8),
            .jsonLines)
        #expect(events.compactMap(\.item).map(\.text) == ["a", "c"])
        #expect(
            events.compactMap(\.problem) == [
                IngestProblem(path: "file", line: 2, reason: .invalidUTF8(byteOffset: 17)),
                IngestProblem(path: "file", line: 3, reason: .nulByte(byteOffset: 31)),
            ])
    }

    @Test func aByteOrderMarkAndCarriageReturnsDoNotMatter() throws {
        #expect(
            try scratch.items("\u{FEFF}{\"text\": \"a\"}\r\n\r\n{\"text\": \"b\"}\r\n", .jsonLines).map(\.text)
                == ["a", "b"])
    }
}
