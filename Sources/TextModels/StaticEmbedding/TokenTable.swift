import COnnxRuntime
import StrataCore

/// A vector for every token: the whole of a static embedding model.
///
/// Two layouts are read. wordllama's: one table of as many rows as tokens. model2vec's: the table `embeddings`, with
/// `weights` by which each token's row counts, and `mapping` from tokens to rows where several tokens share one
/// (<https://github.com/MinishLab/model2vec>).
struct TokenTable: Sendable {
    let dimension: Int
    private let rows: [Float]
    /// nil when the token's number is the row's.
    private let rowOfToken: [Int32]?
    /// nil when every token counts alike.
    private let weights: [Float]?
    /// How many tokens have a row.
    let tokenCount: Int

    /// Reads a table.
    ///
    /// - Parameter dimension: the components that are taken of each row, at most as many as it has.
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/modelInvalid``.
    init(contentsOf path: String, dimension: Int) throws {
        try self.init(SafetensorsFile(contentsOf: path), named: path, dimension: dimension)
    }

    init(_ file: SafetensorsFile, named path: String, dimension: Int) throws {
        func invalid(_ message: String) -> StrataError { StrataError(.modelInvalid, "\(path) \(message)") }
        let tables = file.entries.filter { $0.value.shape.count == 2 }
        guard let (name, table) = tables.first, tables.count == 1 else {
            let names = tables.keys.sorted().joined(separator: ", ")
            throw invalid("has \(tables.count) tables, expected one: \(names)")
        }
        let (rowCount, width) = (table.shape[0], table.shape[1])
        guard rowCount > 0, width > 0, dimension <= width else {
            throw invalid("has \(rowCount) vectors of \(width) components in \(name), its card says \(dimension)")
        }
        rowOfToken = try file.entries["mapping"].map { entry in
            guard let mapping = file.integers(of: entry), entry.shape.count == 1,
                mapping.allSatisfy({ (0..<Int32(rowCount)).contains($0) })
            else { throw invalid("has a mapping that is no list of rows below \(rowCount)") }
            return mapping
        }
        let tokenCount = rowOfToken?.count ?? rowCount
        weights = try file.entries["weights"].map { entry in
            guard entry.shape == [tokenCount] else {
                throw invalid("has weights of shape \(entry.shape), expected [\(tokenCount)]")
            }
            return file.floats(of: entry)
        }
        let all = file.floats(of: table)
        // One number that is not finite makes its column's mean such.
        let means = [Float](unsafeUninitializedCapacity: width) { buffer, filled in
            if let base = buffer.baseAddress { strata_pool_mean(all, rowCount, width, width, base) }
            filled = width
        }
        guard means.allSatisfy(\.isFinite), weights?.allSatisfy(\.isFinite) ?? true else {
            throw invalid("holds NaN or infinity")
        }
        rows =
            dimension == width
            ? all : (0..<rowCount).flatMap { all[$0 * width..<$0 * width + dimension] }
        self.tokenCount = tokenCount
        self.dimension = dimension
    }

    /// The mean of the tokens' vectors at unit length; nil when there are none, or they cancel one another out.
    ///
    /// - Parameter ids: tokens; those outside the table are passed over.
    func vector(of ids: some Sequence<Int32>) -> [Float]? {
        var sum = [Float](repeating: 0, count: dimension)
        for id in ids where id >= 0 && id < tokenCount {
            let token = Int(id)
            let start = Int(rowOfToken?[token] ?? id) * dimension
            let weight = weights?[token] ?? 1
            for column in 0..<dimension { sum[column] += rows[start + column] * weight }
        }
        return strata_scale_to_unit_length(&sum, dimension) ? sum : nil
    }
}
