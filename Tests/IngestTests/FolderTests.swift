import Foundation
import Ingest
import Testing

@Suite struct FolderTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func filesComeInTheOrderOfTheirPathsAndTheRestIsCounted() throws {
        for path in ["b/z.TXT", "b.md", "a/c/d.ndjson", "B.markdown", "é.text"] { try scratch.write(path, "".utf8) }
        for path in [".hidden.md", ".git/x.md", "b/.h.txt", "photo.jpg", "noext", "md"] {
            try scratch.write(path, "".utf8)
        }
        let scan = FolderScan(of: scratch.folder.path)
        #expect(scan.files.map(\.path) == ["B.markdown", "a/c/d.ndjson", "b.md", "b/z.TXT", "é.text"])
        #expect(scan.files.map(\.format) == [.markdown, .jsonLines, .markdown, .plainText, .plainText])
        #expect(
            scan.skipped == scan.skipped.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) })
        #expect(
            scan.skipped.map { "\($0.path) \($0.reason)" } == [
                ".git hidden", ".hidden.md hidden", "b/.h.txt hidden", "md unknownFormat", "noext unknownFormat",
                "photo.jpg unknownFormat",
            ])
    }

    @Test func linksAreFollowedOnceAndLoopsEnd() throws {
        let outside = try Scratch()
        try outside.write("far/away.md", "".utf8)
        try scratch.write("real/x.md", "".utf8)
        try scratch.link("0-real", to: "real")
        try scratch.link("real/up", to: "..")
        try scratch.link("real/self", to: ".")
        try scratch.link("loop1", to: "loop2")
        try scratch.link("loop2", to: "loop1")
        try scratch.link("gone", to: "nowhere")
        try scratch.link("note.md", to: "real/x.md")
        try scratch.link("out", to: outside.folder.path)
        try scratch.link("out2", to: outside.folder.path + "/far")
        try outside.link("back", to: scratch.folder.path)
        let scan = FolderScan(of: scratch.folder.path)
        #expect(scan.files.map(\.path) == ["note.md", "out/far/away.md", "real/x.md"])
        #expect(
            scan.skipped.map { "\($0.path) \($0.reason)" } == [
                "0-real alreadyRead", "gone brokenLink", "loop1 brokenLink", "loop2 brokenLink",
                "out/back alreadyRead", "out2 alreadyRead", "real/self alreadyRead", "real/up alreadyRead",
            ])
    }

    @Test func aMissingFolderIsReported() {
        let missing = scratch.folder.path + "/none"
        #expect(FolderScan(of: missing).skipped.map(\.reason) == [.unreadable])
        var ingest = FolderIngest(folder: missing)
        #expect(ingest.next() == nil)
        #expect(ingest.report.skippedCounts == [.unreadable: 1])
    }

    @Test func aFolderIsReadFileByFileAndReported() throws {
        try scratch.write("a.md", "# T\nx".utf8)
        try scratch.write("b.txt", [0xFF])
        try scratch.write("c.jsonl", "{\"text\": \"y\"}\n{}\n".utf8)
        try scratch.write("d.png", "".utf8)
        try scratch.write("e.txt", "".utf8)
        var ingest = FolderIngest(folder: scratch.folder.path)
        var events: [IngestEvent] = []
        while let event = ingest.next() { events.append(event) }
        #expect(events.compactMap(\.item).map { "\($0.path) \($0.text)" } == ["a.md T: x", "c.jsonl y"])
        #expect(
            events.compactMap(\.problem) == [
                IngestProblem(path: "b.txt", line: nil, reason: .invalidUTF8(byteOffset: 0)),
                IngestProblem(path: "c.jsonl", line: 2, reason: .noText),
            ])
        var expected = FolderIngest.Report()
        expected.fileCount = 3
        expected.refusedFileCount = 1
        expected.itemCount = 2
        expected.problemCount = 2
        expected.skippedCounts = [.unknownFormat: 1]
        #expect(ingest.report == expected)
        #expect(ingest.next() == nil)
    }

    @Test func aSingleFileIsAFolderOfOne() throws {
        try scratch.write("sub/a.txt", "hello".utf8)
        let events = Array(FolderIngest(folder: scratch.folder.path + "/sub/a.txt"))
        #expect(events.compactMap(\.item).map { "\($0.path) \($0.text)" } == ["a.txt hello"])
    }

    @Test func aSecondReadingAddsOnlyWhatIsNew() throws {
        let paragraphs = (0..<9).map { index in (0..<90).map { "p\(index)w\($0)" }.joined(separator: " ") }
        try scratch.write("a.txt", paragraphs[0..<8].joined(separator: "\n\n").utf8)
        try scratch.write("b/c.md", "# H\ntext".utf8)
        let read = { Array(FolderIngest(folder: self.scratch.folder.path)).compactMap(\.item) }
        let first = read()
        #expect(read() == first && first.count == 9)
        let known = Set(first.map(\.key))
        #expect(known.count == first.count)
        try scratch.write("a.txt", paragraphs.joined(separator: "\n\n").utf8)
        try scratch.write("b/d.md", "new".utf8)
        #expect(read().filter { !known.contains($0.key) }.map(\.text) == [paragraphs[8], "new"])
    }
}
