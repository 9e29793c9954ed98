import Foundation
import StrataCore

/// Records that hold a term, ascending by key, each with how often it does and how many terms it has.
///
/// The length stands in the posting, so that a score needs no look-up. `keyword_rank.h` describes the bytes.
struct PostingBlock {
    struct Posting: Equatable {
        var key: RecordKey
        var frequency: Int
        var length: Int
    }

    private(set) var postings: [Posting] = []

    /// A block of more postings is divided: some 500 bytes, so that a change rewrites little.
    static let countMax = 128

    init(_ postings: some Sequence<Posting> = []) { self.postings = Array(postings) }

    /// - Throws: ``StrataError/Code/corrupted``.
    init(decoding data: Data) throws {
        guard !data.isEmpty else { return }
        postings = try data.withUnsafeBytes { bytes in
            var reader = VarintReader(bytes)
            let count = try reader.next()
            guard count <= bytes.count else { throw VarintReader.damage }
            var key = 0
            return try (0..<count).map { _ in
                key += try reader.next()
                return Posting(key: RecordKey(key), frequency: try reader.next(), length: try reader.next())
            }
        }
    }

    /// The bytes; none for a block without postings.
    var data: Data {
        guard !postings.isEmpty else { return Data() }
        var writer = VarintWriter()
        writer.append(postings.count)
        var last: RecordKey = 0
        for posting in postings {
            writer.append(Int(posting.key - last))
            writer.append(posting.frequency)
            writer.append(posting.length)
            last = posting.key
        }
        return writer.data
    }

    /// Puts a posting in its place, or over the one of its key; nil takes that one out.
    ///
    /// - Returns: what the number of postings changed by.
    mutating func set(_ posting: Posting?, of key: RecordKey) -> Int {
        // Nearly every new posting has the greatest key.
        var index = postings.endIndex
        while index > 0, postings[index - 1].key >= key { index -= 1 }
        let isThere = index < postings.count && postings[index].key == key
        switch (posting, isThere) {
        case (let posting?, true):
            postings[index] = posting
            return 0
        case (let posting?, false):
            postings.insert(posting, at: index)
            return 1
        case (nil, true):
            postings.remove(at: index)
            return -1
        case (nil, false): return 0
        }
    }
}

/// The distinct terms of a record by their numbers, with how often each stands in it: what scores one record, and what
/// is taken out of the postings when it goes.
struct KeywordRow {
    /// Ascending by number.
    let terms: [(number: Int64, frequency: Int)]
    /// How many terms the record has, repeats counted.
    let length: Int

    init(frequencies: [Int64: Int]) {
        terms = frequencies.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
        length = frequencies.values.reduce(0, +)
    }

    /// - Throws: ``StrataError/Code/corrupted``.
    init(decoding data: Data) throws {
        (length, terms) = try data.withUnsafeBytes { bytes in
            var reader = VarintReader(bytes)
            let length = try reader.next()
            var (number, terms): (Int64, [(number: Int64, frequency: Int)]) = (0, [])
            while !reader.isAtEnd {
                number += Int64(try reader.next())
                terms.append((number, try reader.next()))
            }
            return (length, terms)
        }
    }

    /// The bytes, as `kr_score` takes them.
    var data: Data {
        var writer = VarintWriter()
        writer.append(length)
        var last: Int64 = 0
        for term in terms {
            writer.append(Int(term.number - last))
            writer.append(term.frequency)
            last = term.number
        }
        return writer.data
    }
}

/// Reads LEB128 numbers of at most 56 bits.
private struct VarintReader {
    static let damage = StrataError(
        .corrupted, "an entry of the keyword index is damaged; restore the database from a backup")

    private var rest: Slice<UnsafeRawBufferPointer>

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func next() throws -> Int {
        var (value, shift) = (0, 0)
        while let byte = rest.popFirst(), shift < 56 {
            value |= Int(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Self.damage
    }
}

/// Writes LEB128 numbers.
private struct VarintWriter {
    private var bytes: [UInt8] = []

    var data: Data { Data(bytes) }

    /// - Parameter value: 0 or more.
    mutating func append(_ value: Int) {
        var rest = UInt(value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
