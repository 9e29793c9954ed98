import Foundation
import Ingest
import StrataCore
import Testing

@Suite struct FileTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: IngestFormat.allCases)
    func anEmptyFileGivesNothing(format: IngestFormat) throws {
        #expect(try scratch.events([], format).isEmpty)
        #expect(try scratch.events([0xEF, 0xBB, 0xBF], format).isEmpty)
        #expect(try scratch.events(Array("\r\n\n".utf8), format).isEmpty)
    }

    /// The sequences are those that table 3-7 of the Unicode Standard excludes, and one that breaks off.
    @Test(
        arguments: [
            [0xFF], [0x80], [0xC1, 0x81], [0xE0, 0x9F, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]], [IngestFormat.markdown, .plainText])
    func aFileThatIsNotUTF8IsRefusedWithTheByte(bad: [UInt8], format: IngestFormat) throws {
        // The fault lies across the border of two blocks of 64 KiB.
        for length in [0, 5, 65_534, 65_535, 65_536] {
            let good = Array(String(repeating: "a", count: length).utf8)
            let problem = IngestProblem(path: "file", line: nil, reason: .invalidUTF8(byteOffset: length))
            #expect(throws: problem) { try scratch.events(good + bad, format) }
            #expect(throws: problem) { try scratch.events(good + bad + Array(" text".utf8), format) }
        }
    }

    @Test func validTextOfEveryLengthIsAccepted() throws {
        let text = String(repeating: "aé€😀\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF} ", count: 4000)
        #expect(try scratch.items(text, .plainText).flatMap(\.text.words) == text.words)
    }

    @Test(arguments: [IngestFormat.markdown, .plainText])
    func aFileWithANulByteIsRefused(format: IngestFormat) throws {
        #expect(throws: IngestProblem(path: "file", line: nil, reason: .nulByte(byteOffset: 3))) {
            try scratch.events(Array("abc\0def".utf8), format)
        }
    }

    @Test(arguments: IngestFormat.allCases)
    func aMissingFileIsUnreadable(format: IngestFormat) {
        #expect(throws: IngestProblem(path: "gone", line: nil, reason: .unreadable)) {
            try FileIngest(file: scratch.folder.path + "/gone", path: "gone", format: format)
        }
    }

    @Test(arguments: [64, 70_000])
    func aLineOverTheLimitIsReportedAndTheRestGoesOn(limit: Int) throws {
        var options = IngestOptions()
        options.lineBytesMax = limit
        let exact = String(repeating: "x", count: limit)
        let text = "first\n\n\(exact)y\n\nsecond\r\n\n\(exact)\r\n\nthird"
        let events = try scratch.events(text.utf8, .plainText, options)
        #expect(
            events.compactMap(\.problem) == [
                IngestProblem(path: "file", line: 3, reason: .lineTooLong(byteCount: limit + 1, limit: limit))
            ])
        let found = events.compactMap(\.item).map(\.text).joined(separator: " ").words.joined()
        #expect(found == "firstsecond" + exact + "third")
        let json = "{\"text\": \"\(exact)\"}\n{\"text\": \"b\"}"
        let lines = try scratch.events(json.utf8, .jsonLines, options)
        #expect(lines.compactMap(\.item).map(\.text) == ["b"])
        #expect(
            lines.compactMap(\.problem).map(\.reason) == [.lineTooLong(byteCount: limit + 12, limit: limit)])
    }

    @Test func keysAreStableAndTellItemsApart() throws {
        let text =
            "{\"text\": \"yes\"}\n{\"text\": \"yes\", \"speaker\": \"A\"}\n{\"text\": \"yes\", \"session\": \"A\"}\n"
            + "{\"text\": \"yes\", \"id\": 1}\n{\"text\": \"yes\", \"time\": 1}\n{\"text\": \"no\"}"
        let items = try scratch.items(text, .jsonLines)
        #expect(Set(items.map(\.key)).count == 6)
        let later = try scratch.items("\n\n" + text, .jsonLines)
        #expect(later.map(\.key) == items.map(\.key) && later.map(\.lines) != items.map(\.lines))
        var moved = items[0]
        moved.path = "other"
        #expect(moved.key != items[0].key)
        // printf '4:file64:%s----' "$(printf yes | sha256sum | cut -c-64)" | sha256sum
        #expect(items[0].key.description == "3bd1fc6f7960539811369add4ab0db9c36bb34c72972fcdcaf5fc5876e023afd")
    }

    @Test func messagesSayWhatToDoAndNothingOfTheText() throws {
        let events = try scratch.events("{\"text\": \"secret\", \"layer\": \"hidden\"}".utf8, .jsonLines)
        #expect(
            events.compactMap(\.problem).map(\.description) == [
                "file:1: `layer` should be interact, insights or assets"
            ])
    }
}
