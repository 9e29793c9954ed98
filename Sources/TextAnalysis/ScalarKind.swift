/// What a scalar is to the word scanner.
enum ScalarKind {
    /// Neither part of a word nor skipped: it ends the word.
    case separator
    /// A letter or digit of a script that puts spaces between words.
    case word
    /// A letter of a script that does not.
    case unspaced
    /// A mark that belongs to the letter before it.
    case mark
    /// Invisible inside words: a soft hyphen, a joiner, a byte order mark.
    case ignored

    /// The kind of a scalar that has been folded, or of a soft hyphen or joiner.
    init(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0xAD, 0x200C, 0x200D, 0x2060, 0xFEFF:
            self = .ignored
            return
        // Most of what people write outside ASCII: folded Latin, Greek, Cyrillic, common Han, Hangul.
        case 0x3B1...0x3C9, 0x430...0x45F, 0xAC00...0xD7A3:
            self = .word
            return
        case 0x4E00...0x9FFF:
            self = .unspaced
            return
        default: break
        }
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            self = Self.isUnspaced(scalar.value) ? .unspaced : .word
        case .nonspacingMark, .spacingMark, .enclosingMark: self = .mark
        default: self = .separator
        }
    }

    /// Whether the scalar's block is of Han, kana, Thai, Lao, Myanmar or Khmer.
    private static func isUnspaced(_ value: UInt32) -> Bool {
        switch value {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x2E80...0x2FDF, 0x3005...0x3007, 0x3021...0x3029,
            0x3031...0x303C, 0x3041...0x30FF, 0x31F0...0x31FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA9E0...0xA9FF,
            0xAA60...0xAA7F, 0xF900...0xFAFF, 0x1AFF0...0x1B16F, 0x20000...0x323AF:
            true
        default: false
        }
    }
}

/// The composed form of a letter and what follows it, for the two scripts that are indexed composed: a kana with its
/// voicing mark, and the parts of a Hangul syllable (Unicode Standard, section 3.12). Nil where they do not compose.
func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
    switch second {
    case 0x3099, 0x309A:
        // Katakana lie 0x60 above hiragana, in the same order.
        let isKatakana = (0x30A1...0x30FA).contains(first)
        let hiragana = isKatakana ? first - 0x60 : first
        switch (hiragana, second) {
        case (0x3046, 0x3099): return isKatakana ? 0x30F4 : 0x3094
        case (0x304B...0x3061, 0x3099) where hiragana % 2 == 1: return first + 1
        case (0x3064, 0x3099), (0x3066, 0x3099), (0x3068, 0x3099): return first + 1
        case (0x306F...0x307B, _) where hiragana % 3 == 0: return first + second - 0x3098
        default: return nil
        }
    case 0x1161...0x1175 where (0x1100...0x1112).contains(first):
        return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
    case 0x11A8...0x11C2 where (0xAC00...0xD7A3).contains(first) && (first - 0xAC00) % 28 == 0:
        return first + second - 0x11A7
    default: return nil
    }
}
