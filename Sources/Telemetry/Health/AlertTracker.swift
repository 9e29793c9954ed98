internal import StrataCore

/// Follows one rule through time. Pure: it reads no clock.
struct AlertTracker {
    let rule: AlertRule
    /// The alert as long as it holds.
    private(set) var alert: Alert?

    /// Since when the value is at least that bad, without a break.
    private var since: [AlertSeverity: Timestamp] = [:]
    /// Since when the value is better than the alert says, and the worst it has been since.
    private var better: (since: Timestamp, worst: AlertSeverity?)?

    init(rule: AlertRule) { self.rule = rule }

    mutating func observe(_ sample: HealthSample, at now: Timestamp) -> AlertEvent? {
        let level = rule.severity(of: sample.value, current: alert?.severity)
        for severity in AlertSeverity.allCases {
            if let level, severity <= level { since[severity] = since[severity] ?? now } else { since[severity] = nil }
        }
        let reached = AlertSeverity.allCases.reversed().first { severity in
            guard rule.limits[severity] != nil, let start = since[severity] else { return false }
            return now - start >= .seconds(rule.holdSeconds)
        }
        if let reached, reached > alert?.severity ?? .info || alert == nil {
            better = nil
            alert = makeAlert(sample, reached, since: alert?.since ?? since[reached] ?? now, at: now)
            return alert.map { AlertEvent(.raised, $0) }
        }
        guard let current = alert else { return nil }
        if let level, level >= current.severity {
            better = nil
            alert = makeAlert(sample, current.severity, since: current.since, at: now)
            return nil
        }
        return settle(sample, level, current, at: now)
    }

    /// The value is better than the alert says: lowers or ends it once that has lasted.
    private mutating func settle(
        _ sample: HealthSample, _ level: AlertSeverity?, _ current: Alert, at now: Timestamp
    ) -> AlertEvent? {
        let start = better?.since ?? now
        let worst = [better?.worst, level].compactMap { $0 }.max()
        better = (start, worst)
        guard now - start >= .seconds(rule.clearSeconds) else {
            alert = makeAlert(sample, current.severity, since: current.since, at: now)
            return nil
        }
        better = nil
        if let worst {
            let lowered = makeAlert(sample, worst, since: current.since, at: now)
            alert = lowered
            return AlertEvent(.lowered, lowered)
        }
        alert = nil
        since = [:]
        var resolved = makeAlert(sample, current.severity, since: current.since, at: now)
        resolved.resolvedAt = now
        return AlertEvent(.resolved, resolved)
    }

    private func makeAlert(
        _ sample: HealthSample, _ severity: AlertSeverity, since: Timestamp, at now: Timestamp
    ) -> Alert {
        Alert(
            code: rule.code, component: rule.component, severity: severity, summary: rule.summary,
            metric: rule.metric, value: sample.value, unit: sample.unit, direction: rule.direction,
            limit: rule.limits[severity] ?? 0, detail: sample.detail, command: rule.command, since: since,
            updatedAt: now, resolvedAt: nil)
    }
}
