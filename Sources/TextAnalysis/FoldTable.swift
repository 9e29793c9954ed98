/// How scalars outside ASCII are folded: lower case, compatibility forms replaced, accents dropped.
///
/// The table is laid out in pages of 128 scalars, so that a look-up is two array accesses. It is read once from
/// ``data``, which takes about a millisecond.
struct FoldTable: Sendable {
    /// What a scalar folds to.
    enum Image {
        /// Itself.
        case same
        /// Nothing: it is an accent or another mark that writers leave out at will.
        case dropped
        /// One other scalar.
        case scalar(UInt32)
        /// Several scalars.
        case sequence(ArraySlice<UInt32>)
    }

    static let shared = FoldTable()

    private var pageStarts: [Int32]
    private var entries: [UInt32]
    private var sequences: [UInt32] = []

    private static let pageBits: UInt32 = 7
    private static let pageMask: UInt32 = 127
    private static let droppedEntry: UInt32 = 0xFFFF_FFFF
    private static let sequenceFlag: UInt32 = 0x8000_0000

    /// The image of a scalar.
    subscript(scalar: UInt32) -> Image {
        let entry = entries[Int(pageStarts[Int(scalar >> Self.pageBits)]) + Int(scalar & Self.pageMask)]
        if entry == 0 { return .same }
        if entry == Self.droppedEntry { return .dropped }
        if entry & Self.sequenceFlag == 0 { return .scalar(entry) }
        let start = Int(entry & ~Self.sequenceFlag)
        return .sequence(sequences[start + 1..<start + 1 + Int(sequences[start])])
    }

    private init() {
        pageStarts = Array(repeating: 0, count: 0x110000 >> Int(Self.pageBits))
        // Page 0 holds no entry and stands for every page without one.
        entries = Array(repeating: 0, count: 1 << Int(Self.pageBits))
        Self.data.withUTF8Buffer { bytes in
            for entry in bytes.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }) {
                read(entry)
            }
        }
    }

    private mutating func read(_ text: Slice<UnsafeBufferPointer<UInt8>>) {
        var numbers = Cursor(bytes: text)
        let first = numbers.hexadecimal()
        var (count, step, advance): (UInt32, UInt32, UInt32) = (1, 1, 0)
        if numbers.skip("+") {
            count = numbers.hexadecimal()
            _ = numbers.skip("/")
            let pair = numbers.hexadecimal()
            (step, advance) = (pair >> 4, pair & 15)
        }
        _ = numbers.skip(":")
        var image: [UInt32] = []
        while !numbers.isAtEnd {
            image.append(numbers.hexadecimal())
            _ = numbers.skip(".")
        }
        for index in 0..<count {
            switch image.count {
            case 0: set(first + index * step, to: Self.droppedEntry)
            case 1: set(first + index * step, to: image[0] + index * advance)
            default:
                set(first + index * step, to: Self.sequenceFlag | UInt32(sequences.count))
                sequences.append(UInt32(image.count))
                sequences.append(contentsOf: image)
            }
        }
    }

    private mutating func set(_ scalar: UInt32, to entry: UInt32) {
        let page = Int(scalar >> Self.pageBits)
        if pageStarts[page] == 0 {
            pageStarts[page] = Int32(entries.count)
            entries.append(contentsOf: repeatElement(0, count: 1 << Int(Self.pageBits)))
        }
        entries[Int(pageStarts[page]) + Int(scalar & Self.pageMask)] = entry
    }

    private struct Cursor {
        var bytes: Slice<UnsafeBufferPointer<UInt8>>
        var isAtEnd: Bool { bytes.isEmpty }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard bytes.first == UInt8(ascii: character) else { return false }
            bytes.removeFirst()
            return true
        }

        mutating func hexadecimal() -> UInt32 {
            var value: UInt32 = 0
            while let byte = bytes.first {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
                case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
                default: return value
                }
                bytes.removeFirst()
            }
            return value
        }
    }
}
