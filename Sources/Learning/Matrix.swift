/// A table of numbers, stored row by row: an example a row, a feature a column.
public struct Matrix: Sendable, Hashable {
    /// The number of rows.
    public private(set) var rowCount: Int
    /// The number of columns, the same in every row.
    public let columnCount: Int
    /// All elements, row after row.
    public private(set) var elements: [Double]

    /// An empty table to which rows of `columnCount` numbers can be added.
    public init(columnCount: Int) {
        precondition(columnCount >= 0, "a matrix has \(columnCount) columns")
        rowCount = 0
        self.columnCount = columnCount
        elements = []
    }

    /// A table of the given rows, which all have `columnCount` numbers.
    public init(rows: [[Double]], columnCount: Int) {
        self.init(columnCount: columnCount)
        elements.reserveCapacity(rows.count * columnCount)
        for row in rows { append(row) }
    }

    /// The element of a row and a column.
    public subscript(row: Int, column: Int) -> Double {
        get { elements[row * columnCount + column] }
        set { elements[row * columnCount + column] = newValue }
    }

    /// A row, as a slice of ``elements``.
    public subscript(row row: Int) -> ArraySlice<Double> {
        elements[row * columnCount..<(row + 1) * columnCount]
    }

    /// Adds a row at the end.
    public mutating func append(_ row: some Collection<Double>) {
        precondition(row.count == columnCount, "a row of \(row.count) numbers in a matrix of \(columnCount) columns")
        elements.append(contentsOf: row)
        rowCount += 1
    }

    /// A table of the rows at those places, in that order.
    public func rows(_ places: some Sequence<Int>) -> Matrix {
        var chosen = Matrix(columnCount: columnCount)
        for place in places { chosen.append(self[row: place]) }
        return chosen
    }
}
