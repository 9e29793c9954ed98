public import StrataCore

/// A text worth remembering, read from a file, with what the file says about it.
public struct IngestItem: Sendable, Hashable {
    /// The text, not empty, without white space at its ends.
    public var text: String
    /// Who said it.
    public var speaker: String?
    /// The conversation it belongs to.
    public var session: String?
    /// The kind of memory; `general` unless the file says otherwise.
    public var kind: String
    /// Labels, without duplicates, in the file's order.
    public var tags: [String]
    /// What else the file says; a Markdown chunk has its heading path under `heading`.
    public var metadata: [String: JSONValue]
    /// How much it matters, 0 through 1, when the file says so.
    public var importance: Double?
    /// The layer the file asks for.
    public var layer: Layer?
    /// Who it came from when the file says so, such as the assistant.
    public var origin: MemoryRecord.Source?
    /// The name the record has in the file, of any form.
    public var externalID: String?
    /// When the remembered thing happened.
    public var occurredAt: Timestamp?
    /// The file, relative to the folder that is read, with `/` between its parts.
    public var path: String
    /// The lines it was read from, counted from 1.
    public var lines: ClosedRange<Int>

    /// An item with nothing but a text and its place.
    public init(text: String, path: String, lines: ClosedRange<Int>) {
        self.text = text
        self.path = path
        self.lines = lines
        kind = "general"
        tags = []
        metadata = [:]
    }

    /// The SHA-256 of the text.
    public var textDigest: SHA256.Digest { SHA256.digest(of: text) }

    /// A name that stays the same as long as the file is called the same and says the same: the SHA-256 of path and
    /// text, and, where the file has them, of speaker, session, time and id, since the same "yes" of two people is two
    /// memories. Lines do not count, so that text may move within its file.
    public var key: SHA256.Digest {
        let parts = [path, textDigest.description, speaker, session, occurredAt?.description, externalID]
        // Lengths keep the parts apart, whatever they hold.
        return SHA256.digest(of: parts.map { part in part.map { "\($0.utf8.count):\($0)" } ?? "-" }.joined())
    }
}

/// Something in the files that could not be read; reading goes on after it.
public struct IngestProblem: Error, Hashable, CustomStringConvertible {
    /// What kind of problem it is.
    public enum Reason: Error, Hashable {
        /// The file cannot be opened or read.
        case unreadable
        /// A byte that is not UTF-8, at this offset in the file. Text files are then refused as a whole.
        case invalidUTF8(byteOffset: Int)
        /// A NUL byte at this offset in the file: it is not a text. Text files are then refused as a whole.
        case nulByte(byteOffset: Int)
        /// A line of so many bytes is longer than the limit and was left out.
        case lineTooLong(byteCount: Int, limit: Int)
        /// A line of JSON Lines that is not valid JSON.
        case notJSON
        /// A JSON document that breaks off or is no array of objects; nothing behind it is read.
        case brokenDocument
        /// An element of a JSON document that is not what its format has there.
        case unknownElement(expected: String)
        /// A line of JSON Lines that is JSON of this kind, but no object.
        case notAnObject(kind: String)
        /// The object has neither `text` nor `content`, or it is blank.
        case noText
        /// A field has a value of the wrong kind or range.
        case badField(name: String, expected: String)
        /// An HTML comment that is never closed; the text after its start was left out.
        case unclosedComment
    }

    /// The file, as in ``IngestItem/path``.
    public let path: String
    /// The line, counted from 1; nil when it concerns the whole file.
    public let line: Int?
    /// What is wrong.
    public let reason: Reason

    /// A problem at a place.
    public init(path: String, line: Int?, reason: Reason) {
        self.path = path
        self.line = line
        self.reason = reason
    }

    /// One sentence for people; it holds nothing of the file's content but field names of our own.
    public var description: String {
        let place = line.map { "\(path):\($0)" } ?? path
        let fault =
            switch reason {
            case .unreadable: "cannot be read; check that it exists and its permissions"
            case .invalidUTF8(let offset): "byte \(offset) is not UTF-8; convert the file to UTF-8"
            case .nulByte(let offset): "byte \(offset) is NUL, so this is no text; remove it"
            case .lineTooLong(let count, let limit):
                "line of \(count) bytes left out, at most \(limit) are read; split it or raise the limit"
            case .notJSON: "not valid JSON; write one object a line"
            case .brokenDocument: "the JSON document is damaged or cut off here; export it anew"
            case .unknownElement(let expected): "not \(expected); it was left out"
            case .notAnObject(let kind): "a JSON \(kind) where an object with `text` is expected"
            case .noText: "no text; give a non-empty string as `text` or `content`"
            case .badField(let name, let expected): "`\(name)` should be \(expected)"
            case .unclosedComment: "comment is never closed, the text after it was left out; add `-->`"
            }
        return "\(place): \(fault)"
    }
}

/// Why something in a file that was read well is no memory.
public enum IngestOmission: String, Sendable, Hashable, CaseIterable {
    /// Said by a tool, or to one.
    case toolMessage
    /// An instruction of the system, or hidden from the one who exported it.
    case hiddenMessage
    /// A message without words: an image, a sound, an empty answer.
    case noText
    /// On a branch of the conversation that was abandoned.
    case otherBranch
}

/// What reading a file gives, in the file's order.
public enum IngestEvent: Sendable, Hashable {
    /// A text to remember.
    case item(IngestItem)
    /// Something that was left out because it cannot be read.
    case problem(IngestProblem)
    /// Something that was read and is no memory, such as the call of a tool in a conversation.
    case omission(IngestOmission)
}
