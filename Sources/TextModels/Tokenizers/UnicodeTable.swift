/// What the reference implementation knows about each Unicode scalar.
///
/// The Swift standard library is not asked, because the ids must be those of the reference, whose parts follow several
/// versions of Unicode: its lowercase letters are newer than its decompositions, and those are newer than its control
/// characters and punctuation. `Tools/golden/make_unicode_table.py` puts the question to the reference for every scalar;
/// `UnicodeTable+Data.swift` holds the answers.
struct UnicodeTable: Sendable {
    static let shared = UnicodeTable()

    /// What a tokenizer wants to know about one scalar, packed in 61 bits.
    struct Entry {
        let bits: UInt64

        /// A control, format, surrogate or private-use character, which `clean_text` removes.
        var isOther: Bool { bits & 1 != 0 }
        var isSpace: Bool { bits & 2 != 0 }
        /// A nonspacing mark (Mn).
        var isNonspacingMark: Bool { bits & 4 != 0 }
        /// A combining mark of any kind (M).
        var isMark: Bool { bits & 8 != 0 }
        var isPunctuation: Bool { bits & 16 != 0 }
        /// What `\w` matches.
        var isWord: Bool { bits & 32 != 0 }
        /// One of the CJK ideographs that BERT takes for words of their own.
        var isIdeograph: Bool { bits & 64 != 0 }
        var combiningClass: UInt8 { UInt8(truncatingIfNeeded: bits >> 8) }
        /// Where in the pool the mappings are; 0 for none.
        var canonicalOffset: Int { Int(bits >> 16 & 0x7FFF) }
        var compatibilityOffset: Int { Int(bits >> 31 & 0x7FFF) }
        var lowercaseOffset: Int { Int(bits >> 46 & 0x7FFF) }
    }

    private let entries: PagedTable<UInt64>
    /// Mappings one after the other: a count, then that many scalars.
    private let pool: [UInt32]
    private let compositions: [UInt64: UInt32]

    subscript(scalar: UInt32) -> Entry {
        Entry(bits: entries[scalar])
    }

    /// The scalars of the mapping at an offset that an ``Entry`` gave.
    func mapping(at offset: Int) -> ArraySlice<UInt32> {
        pool[offset + 1..<offset + 1 + Int(pool[offset])]
    }

    /// The one scalar that canonically stands for the two, except Hangul syllables.
    func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        compositions[UInt64(first) << 32 | UInt64(second)]
    }

    private init() {
        var reader = VarintReader(base64: Self.encoded)
        var flat = [UInt64](repeating: 0, count: PagedTable<UInt64>.scalarCount)
        var scalar = 0
        for _ in 0..<reader.next() {
            let end = scalar + Int(reader.next())
            let bits = UInt64(reader.next()) | UInt64(reader.next()) << 8
            for index in scalar..<end { flat[index] = bits }
            scalar = end
        }
        var pool: [UInt32] = [0]
        for shift in [16, 31, 46] as [UInt64] {
            var scalar = 0
            for _ in 0..<reader.next() {
                scalar += Int(reader.next())
                flat[scalar] |= UInt64(pool.count) << shift
                let count = reader.next()
                pool.append(count)
                for _ in 0..<count { pool.append(reader.next()) }
            }
        }
        precondition(pool.count <= 0x8000, "offsets into the pool have 15 bits")
        var compositions: [UInt64: UInt32] = [:]
        for _ in 0..<reader.next() {
            let pair = UInt64(reader.next()) << 32 | UInt64(reader.next())
            compositions[pair] = reader.next()
        }
        entries = PagedTable(flat)
        self.pool = pool
        self.compositions = compositions
    }
}
