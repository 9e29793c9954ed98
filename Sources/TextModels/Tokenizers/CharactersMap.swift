import Foundation
import StrataCore

/// SentencePiece's compiled normalization rules, as its models carry them.
///
/// A double array from byte strings to replacements (the units are those of the darts-clone library). The reference
/// looks up grapheme clusters of fewer than six bytes as a whole and the rest scalar by scalar, and of the keys that a
/// lookup finds it takes the shortest one, which may leave out a mark at the end of the cluster. The models were made
/// so, hence so does this.
struct CharactersMap: Sendable {
    private static let clusterByteCountMax = 5

    private let units: [UInt32]
    /// Replacements, each with a zero at its end.
    private let replacements: [UInt8]
    /// Whether an ASCII character stands for itself.
    private var keepsASCII: [Bool]

    /// Appends the normal form of `text` to `output`.
    func normalize(_ text: ValidUTF8, into output: inout [UInt8]) {
        let table = ScalarClassTable.shared
        var position = 0
        // Where the bytes begin that are copied as they are.
        var copyStart = 0
        while position < text.count {
            let start = position
            let byte = text[position]
            if byte < 0x80, keepsASCII[Int(byte)] {
                position += 1
                if position == text.count || text[position] < 0x80 { continue }
                position = start
            }
            let end = table.endOfGraphemeCluster(text, from: start)
            if end - start <= Self.clusterByteCountMax, let replacement = replacement(of: text, start..<end) {
                output.append(contentsOf: text[copyStart..<start])
                output.append(contentsOf: replacements[replacement])
                copyStart = end
                position = end
                continue
            }
            while position < end {
                let scalarStart = position
                _ = text.scalar(at: &position)
                if let replacement = replacement(of: text, scalarStart..<position) {
                    output.append(contentsOf: text[copyStart..<scalarStart])
                    output.append(contentsOf: replacements[replacement])
                    copyStart = position
                }
            }
        }
        output.append(contentsOf: text[copyStart...])
    }

    /// The place of what stands for the shortest key that the bytes begin with.
    private func replacement(of text: ValidUTF8, _ range: Range<Int>) -> Range<Int>? {
        var position = Self.offset(units[0])
        for index in range {
            let byte = UInt32(text[index])
            guard byte != 0 else { return nil }
            position ^= Int(byte)
            guard position < units.count else { return nil }
            let unit = units[position]
            guard unit & 0x8000_00FF == byte else { return nil }
            position ^= Self.offset(unit)
            if unit >> 8 & 1 == 1 { return position < units.count ? replacement(at: units[position]) : nil }
        }
        return nil
    }

    /// Nil when the value points nowhere, or into the middle of a scalar: the file is damaged there.
    private func replacement(at value: UInt32) -> Range<Int>? {
        let start = Int(value & 0x7FFF_FFFF)
        guard start < replacements.count, replacements[start] & 0xC0 != 0x80 else { return nil }
        var end = start
        while end < replacements.count, replacements[end] != 0 { end += 1 }
        return start..<end
    }

    private static func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 0x200) >> 6)) }

    /// Reads the `precompiled_charsmap` of a normalizer.
    init(_ section: JSONSection) throws {
        let invalid = { (reason: String) in
            StrataError.tokenizerInvalid("\(section.path) \(reason); take the file from the model's own release")
        }
        guard let data = Data(base64Encoded: Data(try section.bytes())) else { throw invalid("is not base64") }
        let bytes = [UInt8](data)
        func number(at index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32($1 * 8) }
        }
        guard bytes.count >= 4 else { throw invalid("has \(bytes.count) bytes, too few for its header") }
        let trieSize = Int(number(at: 0))
        guard trieSize >= 4, trieSize % 4 == 0, trieSize <= bytes.count - 4 else {
            throw invalid("announces \(trieSize) bytes of \(bytes.count - 4) for its trie")
        }
        units = stride(from: 4, to: 4 + trieSize, by: 4).map(number)
        replacements = Array(bytes[(4 + trieSize)...])
        guard String(validating: replacements, as: UTF8.self) != nil else {
            throw invalid("has replacements that are not UTF-8")
        }
        keepsASCII = []
        keepsASCII = (UInt8(0)..<128).map { byte in
            byte != 0x0D && withUnsafeBytes(of: byte) { replacement(of: $0.bindMemory(to: UInt8.self), 0..<1) } == nil
        }
    }
}
