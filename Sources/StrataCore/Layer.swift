/// How long a memory is meant to last.
///
/// A record starts in one layer and is moved by promotion; the layer is a tag, so moving copies nothing.
public enum Layer: String, Sendable, Codable, CaseIterable, Comparable, CodingKeyRepresentable {
    /// Fresh: what an agent has just seen. Lives for a day unless it is promoted.
    case interact
    /// What has proved useful. Lives for about three months.
    case insights
    /// What is kept for good.
    case assets

    /// A small number for bit sets and stored tags: 0, 1, 2 in order of lasting.
    public var tag: UInt8 {
        switch self {
        case .interact: 0
        case .insights: 1
        case .assets: 2
        }
    }

    /// The layer with that tag, or nil when there is none.
    public init?(tag: UInt8) {
        guard Int(tag) < Self.allCases.count else { return nil }
        self = Self.allCases[Int(tag)]
    }

    /// Orders by lasting: `interact < insights < assets`.
    public static func < (left: Self, right: Self) -> Bool { left.tag < right.tag }
}
