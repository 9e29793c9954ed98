/// One entry for each Unicode scalar; equal pages of 128 scalars are stored once.
struct PagedTable<Entry: Hashable & Sendable>: Sendable {
    static var scalarCount: Int { 0x110000 }
    private static var pageBits: Int { 7 }

    private var pages: [UInt16] = []
    private var entries: [Entry] = []

    /// - Parameter flat: `scalarCount` entries.
    init(_ flat: [Entry]) {
        var known: [ArraySlice<Entry>: UInt16] = [:]
        let pageSize = 1 << Self.pageBits
        for start in stride(from: 0, to: Self.scalarCount, by: pageSize) {
            let page = flat[start..<start + pageSize]
            if let index = known[page] {
                pages.append(index)
            } else {
                let index = UInt16(entries.count / pageSize)
                known[page] = index
                pages.append(index)
                entries.append(contentsOf: page)
            }
        }
    }

    @inline(__always)
    subscript(scalar: UInt32) -> Entry {
        let page = Int(pages[Int(scalar) >> Self.pageBits])
        return entries[page << Self.pageBits | Int(scalar) & (1 << Self.pageBits - 1)]
    }
}
