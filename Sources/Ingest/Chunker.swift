/// Packs blocks into chunks between two sizes, in order and without losing a word.
struct Chunker {
    /// A finished chunk.
    struct Chunk: Equatable {
        var text = ""
        var size = 0
        var lines = 1...1
        var startsWithProse = true

        var isEmpty: Bool { size == 0 }

        mutating func append(_ unit: TextUnit) {
            if isEmpty {
                (text, lines, startsWithProse) = (unit.text, unit.lines, unit.isProse)
            } else {
                text += unit.separator + unit.text
                lines = lines.lowerBound...max(lines.upperBound, unit.lines.upperBound)
            }
            size += unit.size
        }
    }

    private let sizeMin: Int
    private let sizeMax: Int
    /// The last full chunk waits, so that a short remainder can still join it.
    private var held: Chunk?
    private var current = Chunk()
    private var currentSeparator = ""
    private var lastKind: TextBlock.Kind?

    init(options: IngestOptions) {
        sizeMin = options.chunkWordsMin
        sizeMax = options.chunkWordsMax
    }

    /// A block that has grown beyond this size should be handed over before it ends.
    var blockSizeMax: Int { 8 * sizeMax }

    /// Takes a block and returns the chunks that are complete.
    mutating func add(_ block: TextBlock) -> [Chunk] {
        var complete: [Chunk] = []
        let isList = lastKind == .listItem && block.kind == .listItem
        let separator = block.isContinuation || isList ? "\n" : "\n\n"
        for unit in block.units(separator: separator, sizeMax: sizeMax) where unit.size > 0 {
            if current.size >= sizeMin || current.size + unit.size > sizeMax { complete += closeCurrent() }
            if current.isEmpty { currentSeparator = unit.separator }
            current.append(unit)
        }
        lastKind = block.kind
        return complete
    }

    /// Ends a section: returns what is left, the remainder joined to the chunk before it when both fit into one.
    mutating func finishSection() -> [Chunk] {
        var rest = [held, current].compactMap { $0 }.filter { !$0.isEmpty }
        if rest.count == 2, rest[0].size + rest[1].size <= sizeMax {
            rest[0].text += currentSeparator + rest[1].text
            rest[0].lines = rest[0].lines.lowerBound...rest[1].lines.upperBound
            rest[0].size += rest[1].size
            rest.removeLast()
        }
        held = nil
        current = Chunk()
        lastKind = nil
        return rest
    }

    private mutating func closeCurrent() -> [Chunk] {
        guard !current.isEmpty else { return [] }
        defer {
            held = current
            current = Chunk()
        }
        return held.map { [$0] } ?? []
    }
}
