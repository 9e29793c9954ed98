/// The regular expressions with which byte-level models cut text into words, written out as scanners.
///
/// They come in one family: GPT-2's, and the two that its successors use, with a few differences in detail. A general
/// engine would cost more time than the tokens themselves. Every pattern of the family matches each scalar of any text,
/// so that the words lie side by side.
struct WordPattern: Sendable, Equatable {
    enum Letters: Sendable {
        /// `[ ]?\p{L}+`: a word takes a space before it.
        case afterSpace
        /// `[^\r\n\p{L}\p{N}]?\p{L}+`: a word takes any one scalar before it that is no line break.
        case afterAnything
        /// As `afterAnything`, but a capital begins a word, and a contraction belongs to the word before it.
        case cased
    }

    var letters: Letters
    /// How many digits a word has at most.
    var digitCountMax = Int.max
    /// Whether `\p{M}` counts as a letter.
    var marksAreLetters = false

    private typealias Classes = ScalarClassTable.Classes

    static let gpt2 = Self(letters: .afterSpace)

    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let tail = #"\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    private static let before = #"[^\r\n\p{L}\p{N}]?"#

    private static func general(_ digits: String) -> String {
        "\(contractions)|\(before)\\p{L}+|\(digits)| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\(tail)"
    }

    /// The text of each known pattern.
    static let known: [(text: String, pattern: WordPattern)] = [
        (#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, gpt2),
        // Qwen2 and Qwen3.
        (general(#"\p{N}"#), WordPattern(letters: .afterAnything, digitCountMax: 1)),
        // Llama 3; also cl100k.
        (general(#"\p{N}{1,3}"#), WordPattern(letters: .afterAnything, digitCountMax: 3)),
        (
            "\(contractions)|\(before)[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\(tail)",
            WordPattern(letters: .afterAnything, digitCountMax: 1, marksAreLetters: true)
        ),
        // o200k.
        (
            "\(before)\(upper)*\(lower)+\(contractions)?|\(before)\(upper)+\(lower)*\(contractions)?|\\p{N}{1,3}"
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\(tail)",
            WordPattern(letters: .cased, digitCountMax: 3)
        ),
    ]

    /// Appends the words within `range`, which are as many as the pattern has matches.
    func split(_ text: ValidUTF8, _ range: Range<Int>, into words: inout [Range<Int>]) {
        let scanner = Scanner(pattern: self, table: .shared, text: text, end: range.upperBound)
        var start = range.lowerBound
        while start < range.upperBound {
            let end = scanner.endOfWord(from: start)
            words.append(start..<end)
            start = end
        }
    }

    /// One text with the pattern that is at work on it.
    private struct Scanner {
        let pattern: WordPattern
        let table: ScalarClassTable
        let text: ValidUTF8
        let end: Int

        func endOfWord(from start: Int) -> Int {
            if pattern.letters != .cased, let end = endOfContraction(from: start) { return end }
            var afterFirst = start
            let scalar = text.scalar(at: &afterFirst)
            let first = table[scalar]
            if let end = endOfLetters(from: start, first, scalar, afterFirst) { return end }
            if first.meets(.number) { return endOfDigits(from: afterFirst) }

            // A space belongs to the marks, and in GPT-2 to the digits, that follow it.
            var position = start
            var class0 = first
            if scalar == 0x20, afterFirst < end {
                position = afterFirst
                var next = afterFirst
                class0 = table[text.scalar(at: &next)]
                if pattern.letters == .afterSpace, class0.meets(.number) { return endOfDigits(from: next) }
            }
            if !class0.meets(notOther) { return endOfOthers(from: position) }
            return endOfSpaces(from: start)
        }

        private var letterClass: Classes { pattern.marksAreLetters ? [.letter, .mark] : .letter }
        private var notOther: Classes {
            pattern.marksAreLetters ? [.letter, .mark, .number, .space] : [.letter, .number, .space]
        }

        /// `'s|'t|'re|'ve|'m|'ll|'d`, in either case except in GPT-2's pattern.
        private func endOfContraction(from start: Int) -> Int? {
            guard start < end, text[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
            let fold: UInt8 = pattern.letters == .afterSpace ? 0 : 0x20
            func isByte(_ offset: Int, _ letter: Unicode.Scalar) -> Bool {
                start + offset < end && (text[start + offset] | fold) == UInt8(ascii: letter)
            }
            switch text[start + 1] | fold {
            case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
            case UInt8(ascii: "r"), UInt8(ascii: "v"): return isByte(2, "e") ? start + 3 : nil
            case UInt8(ascii: "l"): return isByte(2, "l") ? start + 3 : nil
            default: break
            }
            // The long s is an s when case does not count.
            var next = start + 1
            return fold != 0 && text.scalar(at: &next) == 0x17F ? next : nil
        }

        @inline(__always)
        private func endOfRun(of classes: Classes, from start: Int) -> Int {
            var end = start
            while end < self.end {
                var next = end
                guard table[text.scalar(at: &next)].meets(classes) else { break }
                end = next
            }
            return end
        }

        @inline(__always)
        private func classes(at position: Int) -> Classes {
            var next = position
            return position < end ? table[text.scalar(at: &next)] : []
        }

        private func endOfLetters(from start: Int, _ first: Classes, _ scalar: UInt32, _ afterFirst: Int) -> Int? {
            switch pattern.letters {
            case .afterSpace:
                if first.meets(.letter) { return endOfRun(of: .letter, from: afterFirst) }
                guard scalar == 0x20, classes(at: afterFirst).meets(.letter) else { return nil }
                return endOfRun(of: .letter, from: afterFirst)
            case .afterAnything:
                if first.meets(letterClass) { return endOfRun(of: letterClass, from: afterFirst) }
                guard !first.meets(.number), scalar != 0x0A, scalar != 0x0D,
                    classes(at: afterFirst).meets(letterClass)
                else { return nil }
                return endOfRun(of: letterClass, from: afterFirst)
            case .cased:
                let mayPrecede = !first.meets([.letter, .number]) && scalar != 0x0A && scalar != 0x0D
                guard
                    let end = (mayPrecede ? endOfLowerWord(from: afterFirst) : nil) ?? endOfLowerWord(from: start)
                        ?? (mayPrecede ? endOfUpperWord(from: afterFirst) : nil) ?? endOfUpperWord(from: start)
                else { return nil }
                return endOfContraction(from: end) ?? end
            }
        }

        /// Capitals, marks and letters without case: what a word may begin with.
        private func mayBegin(_ classes: Classes) -> Bool { classes.meets([.letter, .mark]) && !classes.meets(.lower) }
        /// Small letters, marks and letters without case: what a word may end with.
        private func mayEnd(_ classes: Classes) -> Bool { classes.meets([.letter, .mark]) && !classes.meets(.upper) }

        private func endOfRun(from start: Int, where belongs: (Classes) -> Bool) -> Int {
            var end = start
            while end < self.end {
                var next = end
                guard belongs(table[text.scalar(at: &next)]) else { break }
                end = next
            }
            return end
        }

        /// What may begin a word, any number of times, then what may end one, at least once.
        private func endOfLowerWord(from start: Int) -> Int? {
            let beginning = endOfRun(from: start, where: mayBegin)
            if mayEnd(classes(at: beginning)) { return endOfRun(from: beginning, where: mayEnd) }
            // The expression gives back scalars until one may end the word; only one without case does.
            var position = beginning
            while position > start {
                let after = position
                if mayEnd(table[text.scalar(before: &position)]) { return after }
            }
            return nil
        }

        private func endOfUpperWord(from start: Int) -> Int? {
            let end = endOfRun(from: start, where: mayBegin)
            return end > start ? end : nil
        }

        /// - Parameter start: behind the first digit.
        private func endOfDigits(from start: Int) -> Int {
            var end = start
            var count = 1
            while end < self.end, count < pattern.digitCountMax {
                var next = end
                guard table[text.scalar(at: &next)].meets(.number) else { break }
                end = next
                count += 1
            }
            return end
        }

        private func endOfOthers(from start: Int) -> Int {
            var end = start
            while end < self.end {
                var next = end
                guard !table[text.scalar(at: &next)].meets(notOther) else { break }
                end = next
            }
            guard pattern.letters != .afterSpace else { return end }
            while end < self.end {
                let byte = text[end]
                guard byte == 0x0A || byte == 0x0D || pattern.letters == .cased && byte == UInt8(ascii: "/") else {
                    break
                }
                end += 1
            }
            return end
        }

        /// White space: up to its last line break, else all of it, except that the last one goes to a word behind it.
        private func endOfSpaces(from start: Int) -> Int {
            var last = start
            var end = start
            var afterBreak = start
            while end < self.end {
                var next = end
                let scalar = text.scalar(at: &next)
                guard table[scalar].meets(.space) else { break }
                if scalar == 0x0A || scalar == 0x0D { afterBreak = next }
                last = end
                end = next
            }
            if pattern.letters != .afterSpace, afterBreak > start { return afterBreak }
            return end == self.end || last == start ? end : last
        }
    }
}
