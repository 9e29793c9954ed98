public import StrataCore

/// Decides whether a failing model is asked again.
///
/// Closed, it lets every call through; after ``Limits/failureCountMax`` failures in a row it opens and lets none
/// through for ``Limits/openTime``; then one call may try, whose outcome closes it or opens it anew (Nygard, "Release
/// It!", 2007). Pure: the time is an argument.
public struct CircuitBreaker: Sendable, Equatable {
    /// When it opens, and for how long.
    public struct Limits: Sendable, Hashable {
        /// Failures in a row that open it, at least 1. 3.
        public var failureCountMax = 3
        /// How long it stays open before the next try. 300 s.
        public var openTime = Duration.seconds(300)

        /// The default limits.
        public init() {}
    }

    /// What it does with the next call.
    public enum State: String, Sendable, Codable, CaseIterable {
        /// Lets it through.
        case closed
        /// Refuses it, or lets it try when the time has come.
        case open
        /// Refuses it, because another one is trying.
        case halfOpen = "half_open"
    }

    /// How a call was let through; to be handed back with its outcome.
    public enum Admission: Sendable, Equatable {
        /// One of many.
        case usual
        /// The only one, to see whether the model is back.
        case probe
    }

    /// The limits.
    public let limits: Limits
    /// The present state.
    public private(set) var state = State.closed
    /// Failures in a row.
    public private(set) var failureCount = 0
    private var openedAt: Timestamp?

    /// A closed breaker.
    public init(limits: Limits = Limits()) {
        precondition(limits.failureCountMax > 0)
        self.limits = limits
    }

    /// Lets a call through, or nil.
    public mutating func admit(at now: Timestamp) -> Admission? {
        switch state {
        case .closed: return .usual
        case .halfOpen: return nil
        case .open:
            // A clock that was set back must not keep it open for longer than it should be.
            if let openedAt, now >= openedAt, now - openedAt < limits.openTime { return nil }
            state = .halfOpen
            return .probe
        }
    }

    /// Takes in that a call went well. One that was let through before the failures says nothing about now.
    public mutating func succeed(_ admission: Admission) {
        guard admission == .probe || state == .closed else { return }
        state = .closed
        failureCount = 0
        openedAt = nil
    }

    /// Takes in that a call failed by the model's fault.
    public mutating func fail(_ admission: Admission, at now: Timestamp) {
        guard admission == .probe || state == .closed else { return }
        failureCount += 1
        guard admission == .probe || failureCount >= limits.failureCountMax else { return }
        state = .open
        openedAt = now
    }

    /// Takes in that a call ended without saying anything about the model, as one that was cancelled: the next one may
    /// try instead.
    public mutating func abandon(_ admission: Admission) {
        guard admission == .probe, state == .halfOpen else { return }
        state = .open
        openedAt = nil
    }
}
