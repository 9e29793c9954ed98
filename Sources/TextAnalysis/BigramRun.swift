/// A run of letters of a script without spaces, handed out as overlapping pairs, or alone when there is one.
///
/// A letter keeps the marks that follow it: a pair of Thai letters includes their vowel signs and tones.
struct BigramRun {
    private struct Unit {
        var foldedStart: Int
        var source: Range<Int>
    }

    private var folded: [UInt8] = []
    private var units: [Unit] = []
    private var lastScalar: UInt32 = 0

    var isEmpty: Bool { units.isEmpty }

    mutating func append(_ value: UInt32, from range: Range<Int>) {
        units.append(Unit(foldedStart: folded.count, source: range))
        appendUTF8(value, to: &folded)
        lastScalar = value
    }

    /// Adds a mark to the last letter; a voicing mark composes with its kana.
    mutating func attach(_ mark: UInt32, upTo upperBound: Int) {
        if let composed = composed(lastScalar, mark), let last = units.last {
            folded.removeSubrange(last.foldedStart...)
            appendUTF8(composed, to: &folded)
            lastScalar = composed
        } else {
            appendUTF8(mark, to: &folded)
            lastScalar = mark
        }
        extend(to: upperBound)
    }

    /// Lets the source of the last letter reach further.
    mutating func extend(to upperBound: Int) {
        let last = units.count - 1
        units[last].source = units[last].source.lowerBound..<upperBound
    }

    /// Hands out the pairs and empties the run.
    mutating func emitBigrams(_ emit: (inout WordScanner.Word) -> Void) {
        var word = WordScanner.Word()
        for first in 0..<max(1, units.count - 1) {
            let last = min(first + 1, units.count - 1)
            let foldedEnd = last + 1 < units.count ? units[last + 1].foldedStart : folded.count
            word.folded.append(contentsOf: folded[units[first].foldedStart..<foldedEnd])
            word.range = units[first].source.lowerBound..<units[last].source.upperBound
            word.isPlain = false
            word.limitLength()
            emit(&word)
            word.reset()
        }
        folded.removeAll(keepingCapacity: true)
        units.removeAll(keepingCapacity: true)
    }
}
