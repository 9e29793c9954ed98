import StrataCore

/// The first step of tokenizing: text to the form that the vocabulary was made for.
indirect enum TextNormalizer: Sendable {
    case bert(BertNormalizer)
    case lowercase
    case unicode(NormalizationForm)
    case stripAccents
    case strip(left: Bool, right: Bool)
    case prepend([UInt8])
    case replace([UInt8], with: [UInt8])
    case replaceRuns(ScalarRun, with: [UInt8])
    case charactersMap(CharactersMap)
    case sequence([TextNormalizer])

    static let supported = """
        BertNormalizer, Lowercase, NFC, NFD, NFKC, NFKD, StripAccents, Strip, Prepend, Replace, Precompiled, Sequence
        """

    /// Appends the normal form of `text` to `output`.
    func normalize(_ text: ValidUTF8, into output: inout [UInt8]) {
        switch self {
        case .bert(let normalizer): normalizer.normalize(text, into: &output)
        case .lowercase: lowercase(text, into: &output)
        case .unicode(let form): form.normalize(text, into: &output)
        case .stripAccents: stripAccents(text, into: &output)
        case .strip(let left, let right): output.append(contentsOf: text.part(strip(text, left, right)))
        case .prepend(let prefix):
            if !text.isEmpty { output.append(contentsOf: prefix) }
            output.append(contentsOf: text)
        case .charactersMap(let map): map.normalize(text, into: &output)
        case .replaceRuns(let run, let replacement): run.replace(in: text, with: replacement, into: &output)
        case .replace(let pattern, let replacement): replace(pattern, with: replacement, in: text, into: &output)
        case .sequence(let steps):
            var current = Array(text)
            for step in steps {
                var next: [UInt8] = []
                next.reserveCapacity(current.count + current.count / 8)
                current.withUnsafeBufferPointer { step.normalize($0, into: &next) }
                current = next
            }
            output.append(contentsOf: current)
        }
    }

    private func lowercase(_ text: ValidUTF8, into output: inout [UInt8]) {
        let table = UnicodeTable.shared
        var position = 0
        while position < text.count {
            let scalar = text.scalar(at: &position)
            let offset = table[scalar].lowercaseOffset
            if offset == 0 {
                output.append(scalar: scalar)
            } else {
                for lower in table.mapping(at: offset) { output.append(scalar: lower) }
            }
        }
    }

    private func stripAccents(_ text: ValidUTF8, into output: inout [UInt8]) {
        let table = UnicodeTable.shared
        var position = 0
        while position < text.count {
            let scalar = text.scalar(at: &position)
            if !table[scalar].isMark { output.append(scalar: scalar) }
        }
    }

    private func strip(_ text: ValidUTF8, _ left: Bool, _ right: Bool) -> Range<Int> {
        let start = left ? text.endOfSpaces(from: 0) : 0
        return start..<(right ? text.startOfSpaces(before: text.count, notBefore: start) : text.count)
    }

    private func replace(
        _ pattern: [UInt8], with replacement: [UInt8], in text: ValidUTF8, into output: inout [UInt8]
    ) {
        var position = 0
        while position < text.count {
            if text[position...].starts(with: pattern) {
                output.append(contentsOf: replacement)
                position += pattern.count
            } else {
                output.append(text[position])
                position += 1
            }
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Where the white space that begins at `start` ends.
    func endOfSpaces(from start: Int) -> Int {
        var end = start
        while end < count {
            var next = end
            guard UnicodeTable.shared[scalar(at: &next)].isSpace else { break }
            end = next
        }
        return end
    }

    /// Where the white space that ends at `end` begins.
    func startOfSpaces(before end: Int, notBefore limit: Int) -> Int {
        var start = end
        while start > limit {
            var previous = start
            guard UnicodeTable.shared[scalar(before: &previous)].isSpace else { break }
            start = previous
        }
        return start
    }
}

extension TextNormalizer {
    init(_ section: JSONSection) throws {
        switch try section.kind() {
        case "BertNormalizer":
            let lowercases = try section.required("lowercase").bool()
            self = .bert(
                BertNormalizer(
                    cleansText: try section.required("clean_text").bool(),
                    separatesIdeographs: try section.required("handle_chinese_chars").bool(),
                    stripsAccents: try section.member("strip_accents")?.bool() ?? lowercases,
                    lowercases: lowercases))
        case "Lowercase": self = .lowercase
        case "NFC": self = .unicode(.nfc)
        case "NFD": self = .unicode(.nfd)
        case "NFKC": self = .unicode(.nfkc)
        case "NFKD": self = .unicode(.nfkd)
        case "StripAccents": self = .stripAccents
        case "Strip":
            self = .strip(
                left: try section.required("strip_left").bool(), right: try section.required("strip_right").bool())
        case "Prepend": self = .prepend(try section.required("prepend").bytes())
        case "Replace":
            let pattern = try section.required("pattern")
            let replacement = try section.required("content").bytes()
            if let expression = try pattern.member("Regex")?.string() {
                guard let run = ScalarRun(expression: expression) else {
                    throw StrataError.tokenizerInvalid(
                        """
                        \(pattern.path) is the regular expression \(expression), which this version does not know; \
                        known are \(ScalarRun.known)
                        """)
                }
                self = .replaceRuns(run, with: replacement)
                return
            }
            let text = try pattern.required("String").bytes()
            guard !text.isEmpty else { throw StrataError.tokenizerInvalid("\(pattern.path).String is empty") }
            self = .replace(text, with: replacement)
        case "Precompiled": self = .charactersMap(try CharactersMap(section.required("precompiled_charsmap")))
        case "Sequence":
            self = .sequence(try section.required("normalizers").elements().map(TextNormalizer.init))
        case let kind: throw section.unsupported(kind, supported: Self.supported)
        }
    }
}
