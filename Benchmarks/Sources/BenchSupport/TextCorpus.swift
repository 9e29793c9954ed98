internal import Foundation
internal import StrataCore

/// The sentences that a repository holds anyway: its documents, its examples and the doc comments of its sources.
public struct TextCorpus: Sendable {
    /// The sentences in the order of their files' names.
    public let sentences: [String]

    /// The first 12 hexadecimal digits of the SHA-256 of all sentences, which tells two states of a repository apart.
    public var digest: String {
        String(SHA256.digest(of: sentences.joined(separator: "\n")).description.prefix(12))
    }

    /// Reads the repository at a path. Sources are read in the order of their names, so that every clone of one commit
    /// gives the same sentences.
    public init(repository: String) throws {
        let root = URL(fileURLWithPath: repository)
        var sentences: [String] = []
        for folder in ["", "docs", "Examples", "Sources"] {
            let path = root.appendingPathComponent(folder).path
            // The root's own documents only: below it lie build folders and packages of others.
            let names =
                folder.isEmpty
                ? try FileManager.default.contentsOfDirectory(atPath: path)
                : FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
            for name in names.sorted() {
                // The page that shows the results must not change them.
                guard !(folder == "docs" && name == "benchmarks.md") else { continue }
                sentences += try Self.sentences(ofFile: path + "/" + name, isSource: folder == "Sources")
            }
        }
        self.sentences = sentences
    }

    /// The root of the repository around the current folder.
    public static func repositoryRoot() throws -> String {
        var folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        while folder.path != "/" {
            if FileManager.default.fileExists(atPath: folder.appendingPathComponent("Sources/StrataCore").path) {
                return folder.path
            }
            folder.deleteLastPathComponent()
        }
        throw CommandLineOptions.UsageError(
            "the current folder is not in Strata's repository; start there or name it with --repository")
    }

    /// The field `text` of a file of JSON lines, each once, in order; lines without it are passed over.
    public static func texts(ofJSONLines path: String, limit: Int = .max) throws -> [String] {
        struct Line: Decodable { let text: String? }
        let decoder = JSONDecoder()
        var seen: Set<String> = []
        var texts: [String] = []
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            guard let text = try decoder.decode(Line.self, from: Data(line.utf8)).text else { continue }
            if seen.insert(text).inserted { texts.append(text) }
            if texts.count == limit { break }
        }
        return texts
    }

    private static func sentences(ofFile path: String, isSource: Bool) throws -> [String] {
        if path.hasSuffix(".jsonl") {
            return try texts(ofJSONLines: path).flatMap(sentences(ofParagraph:))
        }
        guard path.hasSuffix(isSource ? ".swift" : ".md") else { return [] }
        return paragraphs(of: try String(contentsOfFile: path, encoding: .utf8), isSource: isSource)
            .flatMap(sentences(ofParagraph:))
    }

    /// Runs of prose lines, joined; what stands between them is code, a table or a heading.
    private static func paragraphs(of text: String, isSource: Bool) -> [String] {
        var paragraphs: [String] = []
        var lines: [Substring] = []
        var isInCode = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var prose = line.drop(while: \.isWhitespace)
            if isSource { prose = prose.hasPrefix("///") ? prose.dropFirst(3).drop(while: \.isWhitespace) : "" }
            if prose.hasPrefix("```") { isInCode.toggle() }
            let isProse = !isInCode && prose.first.map { $0.isLetter || $0 == "`" || $0.isNumber } ?? false
            let isListEntry = prose.hasPrefix("- ") || prose.hasPrefix("* ")
            if !isProse || isListEntry, !lines.isEmpty {
                paragraphs.append(lines.joined(separator: " "))
                lines = []
            }
            if isListEntry, !isInCode { prose = prose.dropFirst(2) }
            if isProse || (isListEntry && !isInCode) { lines.append(prose) }
        }
        if !lines.isEmpty { paragraphs.append(lines.joined(separator: " ")) }
        return paragraphs
    }

    /// The whole sentences of a paragraph that are mostly words.
    private static func sentences(ofParagraph paragraph: String) -> [String] {
        var sentences: [String] = []
        var words: [Substring] = []
        for word in paragraph.split(whereSeparator: \.isWhitespace) {
            words.append(word)
            guard let last = word.last, ".?!".contains(last) else { continue }
            let sentence = words.joined(separator: " ")
            let letterCount = sentence.count { $0.isLetter || $0 == " " }
            if (4...40).contains(words.count), letterCount * 10 >= sentence.count * 8 { sentences.append(sentence) }
            words = []
        }
        return sentences
    }
}
