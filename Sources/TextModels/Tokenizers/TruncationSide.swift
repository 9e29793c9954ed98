/// Where a text that is too long for a model loses tokens.
public enum TruncationSide: Sendable, Hashable {
    /// The beginning is kept, as nearly every model wants it.
    case end
    /// The end is kept, where what came last counts most.
    case beginning

    func keep(_ count: Int, of ids: [Int32]) -> ArraySlice<Int32> {
        switch self {
        case .end: ids.prefix(count)
        case .beginning: ids.suffix(count)
        }
    }
}
