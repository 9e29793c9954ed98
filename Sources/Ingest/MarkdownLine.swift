/// What the shape of a Markdown line says, apart from its surroundings.
enum MarkdownLine: Equatable {
    case blank
    case heading(level: Int, title: String)
    case underline(level: Int)
    case thematicBreak
    case fence(Fence)
    case listItem
    case tableRow
    case text

    /// The opening of a code block.
    struct Fence: Equatable {
        var character: Character
        var length: Int

        /// Whether the line closes it: the same character, at least as many, and nothing else.
        func isClosed(by line: some StringProtocol) -> Bool {
            let text = line.trimmingBothEnds()
            return text.count >= length && text.allSatisfy { $0 == character }
        }
    }

    init(_ line: String) {
        let text = line.drop { $0 == " " || $0 == "\t" }
        let indent = line.distance(from: line.startIndex, to: text.startIndex)
        guard let first = text.first else {
            self = .blank
            return
        }
        let solid = text.filter { !$0.isWhitespace }
        self =
            switch first {
            case "#" where indent < 4: Self.heading(text) ?? .text
            case "`", "~": Self.fence(text) ?? .text
            case "=" where indent < 4 && text.trimmingEnd().allSatisfy({ $0 == "=" }): .underline(level: 1)
            case "-" where indent < 4 && text.trimmingEnd().allSatisfy({ $0 == "-" }): .underline(level: 2)
            case "-", "*", "_":
                if indent < 4, solid.count >= 3, solid.allSatisfy({ $0 == first }) {
                    .thematicBreak
                } else {
                    first != "_" && Self.isListItem(text) ? .listItem : .text
                }
            case "|": .tableRow
            default: Self.isListItem(text) ? .listItem : .text
            }
    }

    private static func heading(_ text: Substring) -> Self? {
        let level = text.prefix { $0 == "#" }.count
        let rest = text.dropFirst(level)
        guard level <= 6, rest.first?.isWhitespace ?? true else { return nil }
        var title = rest.trimmingBothEnds()
        // A closing run of # counts as decoration when white space stands before it.
        let closing = title.reversed().prefix { $0 == "#" }.count
        let body = title.dropLast(closing)
        if closing > 0, body.isEmpty || body.last?.isWhitespace == true { title = body.trimmingEnd() }
        return .heading(level: level, title: title)
    }

    private static func fence(_ text: Substring) -> Self? {
        guard let character = text.first else { return nil }
        let length = text.prefix { $0 == character }.count
        // Backticks in what follows make it a code span in a line of text.
        guard length >= 3, character == "~" || !text.dropFirst(length).contains("`") else { return nil }
        return .fence(Fence(character: character, length: length))
    }

    private static func isListItem(_ text: Substring) -> Bool {
        guard let first = text.first else { return false }
        var rest = text.dropFirst()
        if first.isASCII, first.isNumber {
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            guard digits.count <= 9 else { return false }
            rest = text[digits.endIndex...]
            guard rest.first == "." || rest.first == ")" else { return false }
            rest = rest.dropFirst()
        } else if first != "-" && first != "*" && first != "+" {
            return false
        }
        return rest.first?.isWhitespace ?? false
    }
}
