/// How files are read and cut.
public struct IngestOptions: Sendable, Hashable {
    /// A chunk of Markdown or plain text is closed at the next boundary once it has this many words.
    public var chunkWordsMin: Int
    /// No chunk has more words, its heading path not counted. A word of more than 15 bytes counts as several, so that
    /// texts without spaces are bounded too.
    public var chunkWordsMax: Int
    /// Whether a Markdown chunk starts with its heading path, "Guide > Set-up: …", which helps search find it.
    public var includesHeadings: Bool
    /// The longest line that is read, in bytes without its end; a longer one is reported and left out.
    public var lineBytesMax: Int
    /// The longest conversation of an exported document, in bytes; one is held in memory at a time.
    public var elementBytesMax = 64 << 20

    /// The defaults: chunks of 80 to 120 words with their headings, lines of up to 1 MiB.
    ///
    /// - Precondition: `1 <= chunkWordsMin <= chunkWordsMax` and `lineBytesMax >= 1`.
    public init(
        chunkWordsMin: Int = 80, chunkWordsMax: Int = 120, includesHeadings: Bool = true,
        lineBytesMax: Int = 1 << 20
    ) {
        precondition(
            1 <= chunkWordsMin && chunkWordsMin <= chunkWordsMax,
            "chunkWordsMin \(chunkWordsMin), expected 1 through chunkWordsMax \(chunkWordsMax)")
        precondition(lineBytesMax >= 1, "lineBytesMax \(lineBytesMax), expected 1 or more")
        self.chunkWordsMin = chunkWordsMin
        self.chunkWordsMax = chunkWordsMax
        self.includesHeadings = includesHeadings
        self.lineBytesMax = lineBytesMax
    }
}

/// The file formats that can be read.
public enum IngestFormat: String, Sendable, Hashable, CaseIterable {
    /// CommonMark with front matter: `.md`, `.markdown`.
    case markdown
    /// Paragraphs: `.txt`, `.text`.
    case plainText
    /// One JSON object a line: `.jsonl`, `.ndjson`.
    case jsonLines
    /// `conversations.json` of a ChatGPT export.
    case chatGPT
    /// `conversations.json` of a Claude export.
    case claude
    /// What mem0's `get_all` returns, or its export.
    case mem0
    /// The file of the reference MCP memory server: entities and relations, one a line.
    case mcpMemory

    /// The format of files with that name, by extension in either case; nil for an unknown one.
    public init?(fileName: String) {
        guard let dot = fileName.lastIndex(of: ".") else { return nil }
        switch fileName[dot...].dropFirst().lowercased() {
        case "md", "markdown": self = .markdown
        case "txt", "text": self = .plainText
        case "jsonl", "ndjson": self = .jsonLines
        default: return nil
        }
    }
}
