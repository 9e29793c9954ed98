import StrataCore

/// Runs a transformer's graph on batches of tokenized texts, padded to the longest of them.
struct TokenBatchRunner: Sendable {
    let session: OnnxSession
    let inputs: GraphInputs
    let outputIndex: Int
    let padID: Int32
    let paddingSide: ModelCard.PaddingSide

    /// What one run gives to whoever reads it.
    struct Output {
        var numbers: UnsafeBufferPointer<Float>
        var shape: [Int]
        /// The columns of each row that hold its text; a text without tokens has one, of padding.
        var usedColumns: [Range<Int>]
        var columnCount: Int
    }

    /// Runs texts together.
    ///
    /// - Parameter texts: at least one, and no more than the graph takes.
    /// - Throws: ``StrataError/Code/inferenceFailed``; what `body` throws.
    func run<Result>(_ texts: [TokenizedText], _ body: (Output) throws -> Result) throws -> Result {
        // A text without any token, which tokenizers that add no special ones make of an empty string, gets one pad.
        let columnCount = max(1, texts.map(\.ids.count).max() ?? 0)
        let cellCount = texts.count * columnCount
        let usedColumns = texts.map { text in
            let count = max(1, text.ids.count)
            return paddingSide == .right ? 0..<count : columnCount - count..<columnCount
        }
        let buffer = UnsafeMutablePointer<Int64>.allocate(capacity: cellCount * inputs.feeds.count)
        defer { buffer.deallocate() }
        let tensors = inputs.feeds.enumerated().map { index, feed in
            let cells = buffer + index * cellCount
            if case .emptyPast(let type, let shape) = feed {
                return OnnxSession.Tensor(
                    bytes: cells, byteCount: 0, elementType: type, shape: shape.map { $0 ?? texts.count })
            }
            fill(cells, with: feed, from: texts, usedColumns, columnCount: columnCount)
            return OnnxSession.Tensor(
                bytes: cells, byteCount: cellCount * MemoryLayout<Int64>.stride, elementType: .int64,
                shape: [texts.count, columnCount])
        }
        return try session.run(tensors, outputIndex: outputIndex) { numbers, shape in
            try body(
                Output(numbers: numbers, shape: shape, usedColumns: usedColumns, columnCount: columnCount))
        }
    }

    private func fill(
        _ cells: UnsafeMutablePointer<Int64>, with feed: GraphInputs.Feed, from texts: [TokenizedText],
        _ usedColumns: [Range<Int>], columnCount: Int
    ) {
        cells.initialize(repeating: feed == .tokenIDs ? Int64(padID) : 0, count: texts.count * columnCount)
        for (row, text) in texts.enumerated() {
            let used = usedColumns[row]
            let first = cells + row * columnCount + used.lowerBound
            switch feed {
            case .tokenIDs: for (column, id) in text.ids.enumerated() { first[column] = Int64(id) }
            case .typeIDs: for (column, id) in text.typeIDs.enumerated() { first[column] = Int64(id) }
            case .attentionMask: for column in 0..<used.count { first[column] = 1 }
            case .positions: for column in 0..<used.count { first[column] = Int64(column) }
            case .emptyPast: preconditionFailure("an empty tensor has no cells")
            }
        }
    }
}
