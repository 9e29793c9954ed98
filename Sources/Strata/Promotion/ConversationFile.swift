internal import Foundation
public import StrataCore

/// A conversation with questions about it and the turns that answer them, in the JSON form of LoCoMo.
public struct LabelledConversation: Sendable, Hashable {
    /// One turn.
    public struct Turn: Sendable, Hashable {
        /// The turn's id in the file, `D3:7`.
        public let id: String
        /// Who said it.
        public let speaker: String
        /// The words, with the caption of a picture that was shown.
        public let text: String
    }

    /// Turns that were said in one go.
    public struct Session: Sendable, Hashable {
        /// The number in the file.
        public let number: Int
        /// When it began, when the file says so legibly.
        public let time: Timestamp?
        /// What was said.
        public let turns: [Turn]
    }

    /// One question.
    public struct Question: Sendable, Hashable {
        /// The words.
        public let text: String
        /// 1 multi-hop, 2 temporal, 3 open, 4 single-hop, 5 without an answer.
        public let category: Int
        /// The ids of the turns that answer it and exist.
        public let evidence: [String]
    }

    /// The conversation's name.
    public let name: String
    /// The sessions in order.
    public let sessions: [Session]
    /// The questions in order.
    public let questions: [Question]

    /// All turns that some question of category 1 through 4 needs.
    public var neededTurns: Set<String> {
        Set(questions.filter { (1...4).contains($0.category) }.flatMap(\.evidence))
    }

    /// Reads a file that holds one conversation or an array of them.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/invalidArgument``.
    public static func read(from path: String) throws -> [LabelledConversation] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StrataError(.notFound, "there is no file at \(path)")
        }
        let value: JSONValue
        do {
            value = try JSONDecoder().decode(JSONValue.self, from: data)
        } catch {
            throw StrataError(.invalidArgument, "\(path) is no JSON file", cause: error)
        }
        let items = if case .array(let items) = value { items } else { [value] }
        return try items.map { try LabelledConversation($0, path: path) }
    }

    private init(_ value: JSONValue, path: String) throws {
        guard case .object(let fields) = value, case .object(let conversation)? = fields["conversation"],
            let name = fields["sample_id"]?.stringValue
        else {
            throw StrataError(
                .invalidArgument, "\(path) holds no conversation: expected an object with sample_id and conversation")
        }
        self.name = name
        let numbers = conversation.keys.compactMap { $0.hasPrefix("session_") ? Int($0.dropFirst(8)) : nil }.sorted()
        sessions = numbers.map { number in
            let turns = if case .array(let turns)? = conversation["session_\(number)"] { turns } else { [JSONValue]() }
            return Session(
                number: number,
                time: conversation["session_\(number)_date_time"]?.stringValue.flatMap(Self.time),
                turns: turns.compactMap(Turn.init))
        }
        let known = Set(sessions.flatMap { $0.turns.map(\.id) })
        let questions = if case .array(let questions)? = fields["qa"] { questions } else { [JSONValue]() }
        self.questions = questions.compactMap { Question($0, known: known) }
    }

    /// `1:56 pm on 8 May, 2023`, taken as UTC.
    private static func time(_ text: String) -> Timestamp? {
        let words = text.split { " ,:".contains($0) }.map(String.init)
        let months = [
            "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
            "november",
            "december",
        ]
        guard words.count == 7, let hour = Int(words[0]), let minute = Int(words[1]), let day = Int(words[4]),
            let month = months.firstIndex(of: words[5].lowercased()), let year = Int(words[6])
        else { return nil }
        let hours = hour % 12 + (words[2].lowercased() == "pm" ? 12 : 0)
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        return Timestamp(
            iso8601: "\(year)-\(padded(month + 1))-\(padded(day))T\(padded(hours)):\(padded(minute)):00Z")
    }
}

extension LabelledConversation.Turn {
    fileprivate init?(_ value: JSONValue) {
        guard case .object(let fields) = value, let id = fields["dia_id"]?.stringValue,
            let speaker = fields["speaker"]?.stringValue, let words = fields["text"]?.stringValue
        else { return nil }
        let captions: [String] =
            switch fields["blip_caption"] {
            case .string(let caption)?: [caption]
            case .array(let captions)?: captions.compactMap(\.stringValue)
            default: []
            }
        self.id = id
        self.speaker = speaker.trimmingCharacters(in: .whitespaces)
        let caption = captions.filter { !$0.isEmpty }.joined(separator: "; ")
        let trimmed = words.trimmingCharacters(in: .whitespacesAndNewlines)
        text = caption.isEmpty ? trimmed : "\(trimmed) [image: \(caption)]"
    }
}

extension LabelledConversation.Question {
    fileprivate init?(_ value: JSONValue, known: Set<String>) {
        guard case .object(let fields) = value, let text = fields["question"]?.stringValue,
            let category = fields["category"]?.doubleValue
        else { return nil }
        var ids: [String] = []
        if case .array(let evidence)? = fields["evidence"] {
            for id in evidence.compactMap(\.stringValue).flatMap(Self.turnIDs) {
                if known.contains(id), !ids.contains(id) { ids.append(id) }
            }
        }
        self.text = text
        self.category = Int(category)
        evidence = ids
    }

    /// The ids in a text; LoCoMo has some that are malformed (`D8:6; D9:17`, `D:11:26`, `D30:05`).
    private static func turnIDs(_ text: String) -> [String] {
        text.matches(of: /D:?([0-9]+):([0-9]+)/).compactMap { match in
            guard let session = Int(match.1), let turn = Int(match.2) else { return nil }
            return "D\(session):\(turn)"
        }
    }
}

extension LabelledConversation {
    /// Reads all JSON files of a folder, in the order of their names.
    ///
    /// - Throws: ``StrataError/Code/notFound`` for a folder without one, and what ``read(from:)`` throws.
    public static func read(folder: String) throws -> [LabelledConversation] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = names.filter { $0.hasSuffix(".json") }.sorted()
        guard !files.isEmpty else { throw StrataError(.notFound, "there are no .json files in \(folder)") }
        return try files.flatMap { try read(from: folder + "/" + $0) }
    }
}
