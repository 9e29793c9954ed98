/// Cuts chunks into lines.
struct LineSplitter {
    let lineBytesMax: Int
    private var rest: [UInt8] = []
    private var isTooLong = false

    init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

    mutating func append(_ chunk: ArraySlice<UInt8>, _ take: (LineReader.Line) -> Void) {
        var chunk = chunk
        while let end = chunk.firstIndex(of: UInt8(ascii: "\n")) {
            add(chunk[..<end])
            finish(take)
            chunk = chunk[(end + 1)...]
        }
        add(chunk)
    }

    private mutating func add(_ bytes: ArraySlice<UInt8>) {
        guard !isTooLong else { return }
        rest += bytes
        guard rest.count > lineBytesMax else { return }
        rest = []
        isTooLong = true
    }

    /// Ends the line at hand.
    mutating func finish(_ take: (LineReader.Line) -> Void) {
        if isTooLong {
            take(.tooLong)
        } else if rest.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) {
            take(.message(rest))
        }
        rest = []
        isTooLong = false
    }
}
