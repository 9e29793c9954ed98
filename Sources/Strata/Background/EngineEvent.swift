public import StrataCore
internal import Synchronization

/// Something that an operator may want to know: a layer that is nearly full, a limit that was changed, a job that failed.
public struct EngineEvent: Sendable, Hashable, Codable {
    /// How much it matters.
    public enum Severity: String, Sendable, Codable, CaseIterable {
        /// Good to know.
        case info
        /// Something will have to be done.
        case warning
    }

    /// When it happened.
    public let at: Timestamp
    /// A stable word for it, in snake case.
    public let code: String
    /// How much it matters.
    public let severity: Severity
    /// What happened, with figures; nothing of any record's text.
    public let message: String

    /// An event.
    public init(at: Timestamp, code: String, severity: Severity, message: String) {
        self.at = at
        self.code = code
        self.severity = severity
        self.message = message
    }
}

/// The latest events, the oldest of which leave first.
final class EventLog: Sendable {
    static let countMax = 256

    private let events = Mutex<[EngineEvent]>([])
    private let onEvent: (@Sendable (EngineEvent) -> Void)?

    init(onEvent: (@Sendable (EngineEvent) -> Void)?) { self.onEvent = onEvent }

    var recent: [EngineEvent] { events.withLock { $0 } }

    func add(_ event: EngineEvent) {
        events.withLock { events in
            events.append(event)
            events.removeFirst(max(0, events.count - Self.countMax))
        }
        onEvent?(event)
    }
}
