/// About how many tokens a text takes in a language model, without that model's tokenizer.
///
/// Four ASCII characters are taken for one token, two letters of other alphabets, and one Han, kana or Hangul character.
/// Byte-pair tokenizers of today are mostly below that for prose and above it for tables, so leave some room.
enum TokenEstimate {
    static func count(_ text: String) -> Int {
        let quarters = text.unicodeScalars.reduce(0) { sum, scalar in
            switch scalar.value {
            case 0..<0x80: sum + 1
            case 0x80..<0x1100: sum + 2
            default: sum + 4
            }
        }
        return (quarters + 3) / 4
    }
}
