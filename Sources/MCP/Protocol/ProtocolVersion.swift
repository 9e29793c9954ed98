internal import StrataCore

/// A revision of the Model Context Protocol that Strata speaks.
///
/// There are two eras: up to 2025-11-25 a connection opens with `initialize`, which settles the revision for all that
/// follows; from 2026-07-28 on nothing is remembered between requests and each one names its revision itself.
public enum ProtocolVersion: String, Sendable, CaseIterable, Comparable {
    /// The first one.
    case v20241105 = "2024-11-05"
    /// Brought Streamable HTTP, tool annotations and batches.
    case v20250326 = "2025-03-26"
    /// Brought structured results and took batches back.
    case v20250618 = "2025-06-18"
    /// The last one with a handshake.
    case v20251125 = "2025-11-25"
    /// The stateless one.
    case v20260728 = "2026-07-28"

    /// What an `initialize` that names an unknown revision is answered with.
    static let newestWithHandshake = v20251125

    /// Every revision, newest first, as `server/discover` names them. Those with a handshake are among them, so that a
    /// client that knows no stateless one in common learns that `initialize` will do.
    static let supported: JSONValue = .array(allCases.reversed().map { .string($0.rawValue) })

    /// Whether requests name their revision themselves.
    var isStateless: Bool { self >= .v20260728 }
    /// Whether several messages may come as one array.
    var allowsBatches: Bool { self == .v20250326 }
    /// Whether tools carry hints on what they do.
    var hasAnnotations: Bool { self >= .v20250326 }
    /// Whether tools declare what they return, and return it as JSON besides text.
    var hasStructuredContent: Bool { self >= .v20250618 }
    /// Whether things have a title for people beside their name.
    var hasTitles: Bool { self >= .v20250618 }

    /// Orders by time.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
