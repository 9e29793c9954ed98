/// Damages files in the ways that find faults in their readers: flipped bits, wild numbers, cut, doubled and moved parts.
public enum SeededMutator {
    /// A damaged copy; it may happen to equal the original.
    public static func mutated(_ original: [UInt8], random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, random: &random) }
        return bytes
    }

    private static func mutate(_ bytes: inout [UInt8], random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return bytes.append(UInt8.random(in: 0...255, using: &random)) }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        // Short parts are likelier to keep the rest of a file in step.
        let length = min(
            bytes.count - place, Int.random(in: 1...(Bool.random(using: &random) ? 8 : 256), using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2:
            let wild = ([0, 0x7F, 0x80, 0xFF] as [UInt8]).randomElement(using: &random) ?? 0
            for index in place..<place + length { bytes[index] = wild }
        case 3: bytes.removeSubrange(place..<place + length)
        case 4: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
        case 5: bytes.removeLast(bytes.count - place)
        case 6:
            let from = Int.random(in: 0...(bytes.count - length), using: &random)
            bytes.replaceSubrange(place..<place + length, with: Array(bytes[from..<from + length]))
        default:
            let words: [String] = [
                "\"", "\\u0000", "{", "[[[[", "-1", "1e999", "null", "9223372036854775808", "\u{FEFF}",
            ]
            bytes.insert(contentsOf: (words.randomElement(using: &random) ?? "").utf8, at: place)
        }
    }
}
