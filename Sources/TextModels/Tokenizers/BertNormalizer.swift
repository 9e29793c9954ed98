/// BERT's own cleaning of text, all in one pass over the scalars.
///
/// The reference makes one pass per step; a single pass gives the same text, because each step looks at one scalar at a
/// time, except the order of marks, which is settled when the next scalar that is no mark arrives.
struct BertNormalizer: Sendable {
    let cleansText: Bool
    let separatesIdeographs: Bool
    let stripsAccents: Bool
    let lowercases: Bool
    /// What an ASCII byte becomes; 0 for nothing. NUL has no other outcome only when `cleansText` is set.
    private let asciiReplacements: [UInt8]

    init(cleansText: Bool, separatesIdeographs: Bool, stripsAccents: Bool, lowercases: Bool) {
        self.cleansText = cleansText
        self.separatesIdeographs = separatesIdeographs
        self.stripsAccents = stripsAccents
        self.lowercases = lowercases
        asciiReplacements = (UInt8(0)..<128).map { byte in
            let entry = UnicodeTable.shared[UInt32(byte)]
            if cleansText {
                if entry.isOther { return 0 }
                if entry.isSpace { return UInt8(ascii: " ") }
            }
            return lowercases && 0x41...0x5A ~= byte ? byte | 0x20 : byte
        }
    }

    func normalize(_ text: ValidUTF8, into output: inout [UInt8]) {
        let table = UnicodeTable.shared
        var marks: [UInt32] = []
        var position = 0
        asciiReplacements.withUnsafeBufferPointer { replacements in
            while position < text.count {
                let byte = text[position]
                if byte >= 0x80 {
                    normalize(text.scalar(at: &position), table, &marks, into: &output)
                    continue
                }
                let replacement = replacements[Int(byte)]
                position += 1
                if replacement != 0 || !cleansText {
                    if !marks.isEmpty { flush(&marks, table, into: &output) }
                    output.append(replacement)
                }
            }
        }
        if !marks.isEmpty { flush(&marks, table, into: &output) }
    }

    private func normalize(
        _ scalar: UInt32, _ table: UnicodeTable, _ marks: inout [UInt32], into output: inout [UInt8]
    ) {
        let entry = table[scalar]
        if cleansText {
            if entry.isOther { return }
            if entry.isSpace {
                flush(&marks, table, into: &output)
                output.append(UInt8(ascii: " "))
                return
            }
        }
        let isSeparated = separatesIdeographs && entry.isIdeograph
        if isSeparated {
            flush(&marks, table, into: &output)
            output.append(UInt8(ascii: " "))
        }
        if !stripsAccents {
            emit(scalar, entry, table, into: &output)
        } else if entry.canonicalOffset != 0 {
            for part in table.mapping(at: entry.canonicalOffset) {
                emitUnlessAccent(part, table[part], table, &marks, into: &output)
            }
        } else if let syllable = Hangul.index(ofSyllable: scalar) {
            flush(&marks, table, into: &output)
            var jamo: [UInt32] = []
            Hangul.decompose(syllable, into: &jamo)
            for part in jamo { output.append(scalar: part) }
        } else {
            emitUnlessAccent(scalar, entry, table, &marks, into: &output)
        }
        if isSeparated {
            flush(&marks, table, into: &output)
            output.append(UInt8(ascii: " "))
        }
    }

    @inline(__always)
    private func emitUnlessAccent(
        _ scalar: UInt32, _ entry: UnicodeTable.Entry, _ table: UnicodeTable, _ marks: inout [UInt32],
        into output: inout [UInt8]
    ) {
        if entry.isNonspacingMark { return }
        if entry.combiningClass != 0 {
            marks.append(scalar)
            return
        }
        if !marks.isEmpty { flush(&marks, table, into: &output) }
        emit(scalar, entry, table, into: &output)
    }

    @inline(__always)
    private func emit(
        _ scalar: UInt32, _ entry: UnicodeTable.Entry, _ table: UnicodeTable, into output: inout [UInt8]
    ) {
        if lowercases, entry.lowercaseOffset != 0 {
            for lower in table.mapping(at: entry.lowercaseOffset) { output.append(scalar: lower) }
        } else {
            output.append(scalar: scalar)
        }
    }

    /// Writes the marks that were held back, in canonical order.
    private func flush(_ marks: inout [UInt32], _ table: UnicodeTable, into output: inout [UInt8]) {
        guard !marks.isEmpty else { return }
        table.sortMarks(&marks)
        for mark in marks { emit(mark, table[mark], table, into: &output) }
        marks.removeAll()
    }
}
