public import StrataCore

/// What somebody is to be told: one event, or several that came together.
public struct AlertNotification: Sendable, Hashable, Codable {
    /// Whether it is only a test.
    public var isTest: Bool
    /// What happened, in order; never empty.
    public var events: [AlertEvent]
    /// When it was put together.
    public var at: Timestamp

    /// A notification.
    public init(isTest: Bool = false, events: [AlertEvent], at: Timestamp) {
        precondition(!events.isEmpty, "a notification says something")
        self.isTest = isTest
        self.events = events
        self.at = at
    }

    /// The gravest of the events.
    public var severity: AlertSeverity { events.map(\.alert.severity).max() ?? .info }
}

/// Decides what is told, when and to whom. Pure: it sends nothing and reads no clock.
struct NotificationPolicy {
    private struct Key: Hashable {
        let component: HealthComponent
        let code: String
    }

    /// A notification and the sink it is for.
    struct Addressed: Equatable {
        let sink: String
        let notification: AlertNotification
    }

    private let configuration: NotificationConfiguration
    private var silences: [String: Timestamp] = [:]
    /// The alerts that were told: when, and how grave they were then.
    private var told: [Key: (at: Timestamp, severity: AlertSeverity)] = [:]
    /// Alerts that hold and were told, so that their end is told too.
    private var open: Set<Key> = []
    /// What came during the cool-down and is told at its end if it still holds.
    private var deferred: [Key: AlertEvent] = [:]
    private var group: [AlertEvent] = []
    private var groupStart: Timestamp?

    init(_ configuration: NotificationConfiguration) { self.configuration = configuration }

    private var cooldown: Duration { .seconds(configuration.cooldownSeconds) }

    /// Tells nobody of alerts whose code fits the pattern until that moment.
    mutating func silence(_ pattern: String, until: Timestamp) { silences[pattern] = until }

    mutating func accept(_ event: AlertEvent, at now: Timestamp) -> [Addressed] {
        let key = Key(component: event.alert.component, code: event.alert.code)
        switch event.kind {
        case .lowered: return []
        case .resolved:
            deferred[key] = nil
            guard open.remove(key) != nil, configuration.tellsResolved else { return [] }
            return add(event, at: now)
        case .raised:
            guard !isSilent(event.alert.code, at: now) else { return [] }
            if let last = told[key], now - last.at < cooldown, event.alert.severity <= last.severity {
                deferred[key] = event
                return []
            }
            return tell(event, key, at: now)
        }
    }

    /// What has become due by now: a group whose time is up, alerts whose cool-down is over.
    mutating func due(at now: Timestamp) -> [Addressed] {
        var addressed: [Addressed] = []
        for (key, event) in deferred.sorted(by: { $0.key.code < $1.key.code }) {
            guard let last = told[key], now - last.at < cooldown else {
                deferred[key] = nil
                addressed += tell(event, key, at: now)
                continue
            }
        }
        told = told.filter { open.contains($0.key) || now - $0.value.at < cooldown }
        silences = silences.filter { $0.value > now }
        if let groupStart, now - groupStart >= .seconds(configuration.groupSeconds) { addressed += flush(at: now) }
        return addressed
    }

    /// Forgets that an alert was told, because nobody could be: the next time it is told at once.
    mutating func failed(_ notification: AlertNotification) {
        for event in notification.events {
            told[Key(component: event.alert.component, code: event.alert.code)] = nil
        }
    }

    /// Hands over what waits for company, for a process that ends.
    mutating func flush(at now: Timestamp) -> [Addressed] {
        defer { (group, groupStart) = ([], nil) }
        return group.isEmpty ? [] : address(group, at: now)
    }

    private mutating func tell(_ event: AlertEvent, _ key: Key, at now: Timestamp) -> [Addressed] {
        told[key] = (now, event.alert.severity)
        deferred[key] = nil
        open.insert(key)
        return event.alert.severity == .fatal ? address([event], at: now) : add(event, at: now)
    }

    private mutating func add(_ event: AlertEvent, at now: Timestamp) -> [Addressed] {
        group.append(event)
        groupStart = groupStart ?? now
        guard group.count >= configuration.groupCountMax || configuration.groupSeconds == 0 else { return [] }
        return flush(at: now)
    }

    /// Each sink gets those events that its routes want.
    private func address(_ events: [AlertEvent], at now: Timestamp) -> [Addressed] {
        let wanted = events.map { (event: $0, sinks: Set(configuration.sinks(for: $0.alert))) }
        return configuration.sinks.compactMap { sink in
            let own = wanted.filter { $0.sinks.contains(sink.name) }.map(\.event)
            guard !own.isEmpty else { return nil }
            return Addressed(sink: sink.name, notification: AlertNotification(events: own, at: now))
        }
    }

    private func isSilent(_ code: String, at now: Timestamp) -> Bool {
        let silent = silences.filter { $0.value > now }.map(\.key)
        return (configuration.ignore + silent).contains { Self.matches(code, pattern: $0) }
    }

    /// Whether a text fits a pattern in which `*` stands for any letters, none included.
    static func matches(_ text: String, pattern: String) -> Bool {
        let parts = pattern.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
        var rest = Array(text.utf8)[...]
        guard parts.count > 1 else { return Array(rest) == parts[0] }
        guard rest.starts(with: parts[0]) else { return false }
        rest = rest.dropFirst(parts[0].count)
        for part in parts[1..<(parts.count - 1)] where !part.isEmpty {
            guard let start = rest.indices.first(where: { rest[$0...].starts(with: part) }) else { return false }
            rest = rest[(start + part.count)...]
        }
        let last = parts[parts.count - 1]
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }
}
