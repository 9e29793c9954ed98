public import StrataCore

/// How hits and their neighbours were packed into a budget of tokens.
///
/// Hits come first, best first, each whole or not at all, so that a long one that does not fit makes way for shorter ones
/// behind it. What is left goes to neighbours, of the best hit first and the nearest first; behind one that does not fit
/// nothing farther on that side is taken, so that what is shown of a session has no holes. Tokens are estimated: four
/// ASCII characters, two letters of other alphabets or one Han, kana or Hangul character make one.
public struct Packing: Sendable, Hashable, Codable {
    /// How many tokens there were.
    public let tokenBudget: Int
    /// How many the hits and neighbours take.
    public internal(set) var tokenCount = 0
    /// Hits that did not fit, best first.
    public internal(set) var leftOut: [RecordID] = []
    /// How many neighbours did not fit.
    public internal(set) var leftOutNeighbourCount = 0

    /// Packs hits into a budget.
    static func pack(_ hits: [Hit], tokenBudget: Int) -> (hits: [Hit], packing: Packing) {
        var packing = Packing(tokenBudget: tokenBudget)
        var packed: [Hit] = []
        for hit in hits {
            if packing.takes(hit.snippet?.text ?? hit.record.searchableText) {
                packed.append(hit)
            } else {
                packing.leftOut.append(hit.record.id)
            }
        }
        for place in packed.indices {
            guard let before = packed[place].before, let after = packed[place].after else { continue }
            var (nearBefore, nearAfter) = (Array(before.reversed())[...], after[...])
            var (keptBefore, keptAfter): ([MemoryRecord], [MemoryRecord]) = ([], [])
            while !nearBefore.isEmpty || !nearAfter.isEmpty {
                packing.take(from: &nearBefore, into: &keptBefore)
                packing.take(from: &nearAfter, into: &keptAfter)
            }
            packed[place].before = keptBefore.reversed()
            packed[place].after = keptAfter
        }
        return (packed, packing)
    }

    /// Takes the next one, or leaves out all that are left.
    private mutating func take(from rest: inout ArraySlice<MemoryRecord>, into kept: inout [MemoryRecord]) {
        guard let next = rest.popFirst() else { return }
        if takes(next.searchableText) {
            kept.append(next)
        } else {
            leftOutNeighbourCount += 1 + rest.count
            rest = []
        }
    }

    private mutating func takes(_ text: String) -> Bool {
        let count = TokenEstimate.count(text)
        guard tokenCount + count <= tokenBudget else { return false }
        tokenCount += count
        return true
    }

    private init(tokenBudget: Int) { self.tokenBudget = tokenBudget }
}
