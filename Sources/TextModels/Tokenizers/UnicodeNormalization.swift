/// The four normalization forms of Unicode Standard Annex 15, over the tables of the reference.
enum NormalizationForm: Sendable {
    case nfc, nfd, nfkc, nfkd

    func normalize(_ text: ValidUTF8, into output: inout [UInt8]) {
        if text.isASCII {
            output.append(contentsOf: text)
            return
        }
        let table = UnicodeTable.shared
        var scalars: [UInt32] = []
        scalars.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            let scalar = text.scalar(at: &position)
            table.decompose(scalar, compatibility: self == .nfkc || self == .nfkd, into: &scalars)
        }
        table.sortMarks(&scalars)
        if self == .nfc || self == .nfkc { table.compose(&scalars) }
        for scalar in scalars { output.append(scalar: scalar) }
    }
}

extension UnicodeTable {
    /// Appends the full decomposition of the scalar, its marks still in the order of the table.
    func decompose(_ scalar: UInt32, compatibility: Bool, into scalars: inout [UInt32]) {
        if let syllable = Hangul.index(ofSyllable: scalar) {
            Hangul.decompose(syllable, into: &scalars)
            return
        }
        let entry = self[scalar]
        if compatibility, entry.compatibilityOffset != 0 {
            scalars.append(contentsOf: mapping(at: entry.compatibilityOffset))
        } else if entry.canonicalOffset != 0 {
            scalars.append(contentsOf: mapping(at: entry.canonicalOffset))
        } else {
            scalars.append(scalar)
        }
    }

    /// Puts every run of marks into canonical order: by combining class, equal classes as they came.
    func sortMarks(_ scalars: inout [UInt32]) {
        var start = 0
        while start < scalars.count {
            guard self[scalars[start]].combiningClass != 0 else {
                start += 1
                continue
            }
            var end = start + 1
            while end < scalars.count, self[scalars[end]].combiningClass != 0 { end += 1 }
            if end - start > 1 {
                // The position below the class makes the order stable; a text of nothing but marks stays n log n.
                let keys = (start..<end).map { UInt64(self[scalars[$0]].combiningClass) << 56 | UInt64($0) }.sorted()
                let sorted = keys.map { scalars[Int($0 & (1 << 56 - 1))] }
                scalars.replaceSubrange(start..<end, with: sorted)
            }
            start = end
        }
    }

    /// Canonical composition of decomposed and ordered scalars, in place.
    func compose(_ scalars: inout [UInt32]) {
        var written = 0
        var starter = -1
        var lastClass = 0
        for scalar in scalars {
            let combiningClass = Int(self[scalar].combiningClass)
            // A mark of the same or a higher class in between blocks the way to the starter.
            if starter >= 0, starter == written - 1 || lastClass < combiningClass,
                let composed = Hangul.compose(scalars[starter], scalar) ?? composition(scalars[starter], scalar)
            {
                scalars[starter] = composed
                continue
            }
            scalars[written] = scalar
            if combiningClass == 0 { starter = written }
            lastClass = combiningClass
            written += 1
        }
        scalars.removeLast(scalars.count - written)
    }
}

/// The arithmetic of Hangul syllables, section 3.12 of the Unicode Standard.
enum Hangul {
    private static let syllable: UInt32 = 0xAC00
    private static let leading: UInt32 = 0x1100
    private static let vowel: UInt32 = 0x1161
    private static let trailing: UInt32 = 0x11A7
    private static let leadingCount: UInt32 = 19
    private static let vowelCount: UInt32 = 21
    private static let trailingCount: UInt32 = 28

    @inline(__always)
    static func index(ofSyllable scalar: UInt32) -> UInt32? {
        let index = scalar &- syllable
        return index < leadingCount * vowelCount * trailingCount ? index : nil
    }

    static func decompose(_ index: UInt32, into scalars: inout [UInt32]) {
        scalars.append(leading + index / (vowelCount * trailingCount))
        scalars.append(vowel + index % (vowelCount * trailingCount) / trailingCount)
        if index % trailingCount != 0 { scalars.append(trailing + index % trailingCount) }
    }

    static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
        let l = first &- leading
        let v = second &- vowel
        if l < leadingCount, v < vowelCount { return syllable + (l * vowelCount + v) * trailingCount }
        let t = second &- trailing
        if let index = index(ofSyllable: first), index % trailingCount == 0, t > 0, t < trailingCount {
            return first + t
        }
        return nil
    }
}
