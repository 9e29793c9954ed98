internal import StrataCore

/// A set of keys that answers in a step: a bit for each number between the least and the greatest where they lie close,
/// as the keys of a store do; a hash table otherwise.
///
/// Sendable unchecked: the bits are written in `init` alone.
final class KeySet: @unchecked Sendable {
    /// How many keys were given, repetitions included: no fewer than the set has.
    let givenCount: Int
    let first: RecordKey
    /// How many numbers have a bit; 0 when there is a table instead.
    let span: UInt64
    let bits: UnsafeMutablePointer<UInt64>
    private let table: Set<RecordKey>

    /// Bits up to which a spread of keys is never too wide, and bits a key above that.
    private static let (spanMin, bitsPerKey) = (UInt64(1 << 16), UInt64(64))

    init(_ keys: [RecordKey]) {
        var (low, high) = (keys.first ?? 0, keys.first ?? 0)
        for key in keys { (low, high) = (min(low, key), max(high, key)) }
        // The difference of the extreme keys does not fit a signed number, but an unsigned one.
        let distance = UInt64(bitPattern: high &- low)
        let isClose = distance < max(Self.spanMin, UInt64(keys.count) * Self.bitsPerKey)
        givenCount = keys.count
        first = low
        span = isClose ? distance + 1 : 0
        table = isClose ? [] : Set(keys)
        let wordCount = Int((span + 63) / 64)
        bits = .allocate(capacity: max(wordCount, 1))
        bits.initialize(repeating: 0, count: max(wordCount, 1))
        guard isClose else { return }
        // Keys come mostly in order: those of one word are gathered before it is stored.
        var (word, gathered) = (0, UInt64(0))
        for key in keys {
            let place = UInt64(bitPattern: key &- low)
            if Int(truncatingIfNeeded: place >> 6) != word {
                bits[word] |= gathered
                (word, gathered) = (Int(truncatingIfNeeded: place >> 6), 0)
            }
            gathered |= 1 &<< (place & 63)
        }
        bits[word] |= gathered
    }

    deinit { bits.deallocate() }

    func contains(_ key: RecordKey) -> Bool {
        if span == 0 { return table.contains(key) }
        let place = UInt64(bitPattern: key &- first)
        return place < span && bits[Int(place >> 6)] >> (place & 63) & 1 == 1
    }
}
