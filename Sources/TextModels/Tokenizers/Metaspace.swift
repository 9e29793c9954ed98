import StrataCore

/// SentencePiece's way to words: a visible mark in the place of each space, and before the first word.
struct Metaspace: Sendable {
    enum PrependScheme: String, Sendable {
        /// A mark before every part that does not begin with one.
        case always
        /// Only before the beginning of the text.
        case first
        case never
    }

    let mark: [UInt8]
    let prependScheme: PrependScheme
    /// Whether each mark begins a word; else the part stays whole.
    let splits: Bool

    init(_ section: JSONSection) throws {
        mark = try section.required("replacement").bytes()
        guard !mark.isEmpty, String(decoding: mark, as: UTF8.self).unicodeScalars.count == 1 else {
            throw StrataError.tokenizerInvalid("\(section.path).replacement is to be one character")
        }
        let name = try section.member("prepend_scheme")?.string() ?? PrependScheme.always.rawValue
        guard let scheme = PrependScheme(rawValue: name) else {
            throw StrataError.tokenizerInvalid(
                "\(section.path) has the prepend_scheme \"\(name)\"; supported are always, first, never")
        }
        // The older files say it with a boolean.
        if try section.member("add_prefix_space")?.bool() == false {
            guard scheme == .never || section.member("prepend_scheme") == nil else {
                throw StrataError.tokenizerInvalid(
                    "\(section.path) has add_prefix_space false and the prepend_scheme \(name), which contradict")
            }
            prependScheme = .never
        } else {
            prependScheme = scheme
        }
        splits = try section.member("split")?.bool() ?? true
    }

    func rewrite(_ part: ValidUTF8, isStart: Bool, into output: inout [UInt8], _ words: inout [Range<Int>]) {
        var wordStart = output.count
        let beginsWithMark = part.first == UInt8(ascii: " ") || part.starts(with: mark)
        switch prependScheme {
        case .always where !beginsWithMark: output.append(contentsOf: mark)
        case .first where !beginsWithMark && isStart: output.append(contentsOf: mark)
        default: break
        }
        var position = 0
        while position < part.count {
            let byte = part[position]
            let isSpace = byte == UInt8(ascii: " ")
            let isMark = isSpace || byte == mark[0] && part[position...].starts(with: mark)
            guard isMark else {
                output.append(byte)
                position += 1
                continue
            }
            if splits, position > 0 {
                words.append(wordStart..<output.count)
                wordStart = output.count
            }
            output.append(contentsOf: mark)
            position += isSpace ? 1 : mark.count
        }
        words.append(wordStart..<output.count)
    }
}
