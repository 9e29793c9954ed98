/// Which scalars the patterns of pre-tokenizers mean, as the reference implementation sees them.
///
/// Apart from ``UnicodeTable``, because the answers come from other libraries with other versions of Unicode, and because
/// a WordPiece model never asks. `Tools/golden/make_class_table.py` puts the questions to the reference.
struct ScalarClassTable: Sendable {
    static let shared = ScalarClassTable()

    struct Classes: OptionSet, Hashable, Sendable {
        let rawValue: UInt16

        /// `\p{L}`.
        static let letter = Self(rawValue: 1)
        /// `\p{N}`.
        static let number = Self(rawValue: 2)
        /// `\s`.
        static let space = Self(rawValue: 4)
        /// `[\p{Lu}\p{Lt}]`.
        static let upper = Self(rawValue: 8)
        /// `\p{Ll}`.
        static let lower = Self(rawValue: 16)
        /// `\p{M}`.
        static let mark = Self(rawValue: 32)
        /// What the pre-tokenizer Digits takes for a digit: some scalars more than `\p{N}`, from a newer Unicode.
        static let numeric = Self(rawValue: 64)
        /// Scalars that belong to the grapheme cluster of what comes before them.
        static let extending = Self(rawValue: 128)
        /// Scalars that are a grapheme cluster of their own.
        static let control = Self(rawValue: 256)
        /// Scalars that belong to the grapheme cluster of what follows them.
        static let prepended = Self(rawValue: 512)
        /// `\p{Extended_Pictographic}`.
        static let pictograph = Self(rawValue: 1024)
        /// Letters that a linker between them makes one cluster: `InCB=Consonant` and `InCB=Linker`.
        static let consonant = Self(rawValue: 2048)
        static let linker = Self(rawValue: 4096)

        @inline(__always)
        func meets(_ other: Self) -> Bool { rawValue & other.rawValue != 0 }
    }

    private let entries: PagedTable<UInt16>

    @inline(__always)
    subscript(scalar: UInt32) -> Classes { Classes(rawValue: entries[scalar]) }

    private init() {
        var reader = VarintReader(base64: Self.encoded)
        var flat = [UInt16](repeating: 0, count: PagedTable<UInt16>.scalarCount)
        var scalar = 0
        for _ in 0..<reader.next() {
            let end = scalar + Int(reader.next())
            let bits = UInt16(reader.next())
            for index in scalar..<end { flat[index] = bits }
            scalar = end
        }
        entries = PagedTable(flat)
    }
}
