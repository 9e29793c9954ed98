public import StrataCore

/// Tells people of alerts: what the policy decides goes through a bounded queue to the sinks, and is tried again when it
/// fails.
public actor Notifier {
    /// Carries out a request and returns the status of the answer, within some ten seconds.
    public typealias HTTPSending = @Sendable (WebhookRequest) async throws -> Int

    /// What a notifier takes from outside.
    public struct Outlets: Sendable {
        /// Writes a notification to the terminal.
        public var console: @Sendable (AlertNotification) -> Void
        /// Writes a notification to the log.
        public var log: @Sendable (AlertNotification) -> Void
        /// Sends a request; nil where there is no network, so that webhooks and Slack fail and say so.
        public var http: HTTPSending?

        /// Outlets that do what is given and nothing else.
        public init(
            console: @escaping @Sendable (AlertNotification) -> Void = { _ in },
            log: @escaping @Sendable (AlertNotification) -> Void = { _ in }, http: HTTPSending? = nil
        ) {
            self.console = console
            self.log = log
            self.http = http
        }
    }

    private let sinks: [String: NotificationSink]
    private let outlets: Outlets
    private let now: @Sendable () -> Timestamp
    private let randomBits: @Sendable () -> UInt64
    private var policy: NotificationPolicy
    private var queue: DeliveryQueue

    /// A notifier with nothing to tell yet.
    ///
    /// - Parameter environment: the environment variables that secrets may name.
    /// - Throws: ``StrataError/Code/invalidArgument``: what is wrong with the configuration.
    public init(
        _ configuration: NotificationConfiguration, outlets: Outlets, environment: [String: String] = [:],
        now: @escaping @Sendable () -> Timestamp, randomBits: @escaping @Sendable () -> UInt64
    ) throws(StrataError) {
        try configuration.validate()
        var sinks: [String: NotificationSink] = [:]
        for sink in configuration.sinks { sinks[sink.name] = try sink.resolved(environment) }
        self.sinks = sinks
        self.outlets = outlets
        self.now = now
        self.randomBits = randomBits
        policy = NotificationPolicy(configuration)
        queue = DeliveryQueue(
            sinks: configuration.sinks.map(\.name), countMax: configuration.queueCountMax,
            attemptCountMax: configuration.attemptCountMax)
    }

    /// How the deliveries to each sink went.
    public var statuses: [DeliveryStatus] { queue.statuses }

    /// Takes in events; what is to be told at once waits for ``deliver()``.
    public func accept(_ events: [AlertEvent]) {
        for event in events {
            for addressed in policy.accept(event, at: now()) { queue.add(addressed, at: now()) }
        }
    }

    /// Tells nobody of alerts whose code fits the pattern for a while; `*` stands for any letters.
    public func silence(_ pattern: String, for duration: Duration) { policy.silence(pattern, until: now() + duration) }

    /// Carries out what is due, to different sinks at the same time.
    ///
    /// - Parameter flushes: also tells what would still wait for company.
    public func deliver(flushes: Bool = false) async {
        for addressed in policy.due(at: now()) { queue.add(addressed, at: now()) }
        if flushes { for addressed in policy.flush(at: now()) { queue.add(addressed, at: now()) } }
        while true {
            let due = queue.take(at: now())
            if due.isEmpty { return }
            await withTaskGroup(of: Void.self) { group in
                for delivery in due { group.addTask { await self.attempt(delivery) } }
            }
        }
    }

    /// Sends a test to one sink, or to each, at once and past all rules.
    ///
    /// - Returns: why it failed, by sink; nil where it arrived.
    /// - Throws: ``StrataError/Code/notFound`` for an unknown sink.
    public func test(_ name: String? = nil) async throws(StrataError) -> [(sink: String, problem: String?)] {
        let names = queue.statuses.map(\.sink).filter { name == nil || $0 == name }
        guard !names.isEmpty else {
            throw StrataError(.notFound, "there is no notification sink \(name ?? ""); see the configuration")
        }
        let time = now()
        let alert = Alert(
            code: "test", component: .scheduler, severity: .info, summary: "This is a test; nothing is wrong.",
            metric: "test", value: 1, unit: .count, direction: .above, limit: 1, detail: nil,
            command: "strata alerts list", since: time, updatedAt: time, resolvedAt: nil)
        let notification = AlertNotification(isTest: true, events: [AlertEvent(.raised, alert)], at: time)
        var answers: [(sink: String, problem: String?)] = []
        for name in names {
            switch await send(notification, to: name) {
            case .delivered: answers.append((name, nil))
            case .failed(let reason), .refused(let reason): answers.append((name, reason))
            }
        }
        return answers
    }

    private func attempt(_ delivery: DeliveryQueue.Delivery) async {
        let outcome = await send(delivery.notification, to: delivery.sink)
        let lot = Double(randomBits() >> 11) / Double(UInt64(1) << 53)
        if let lost = queue.ended(delivery.number, outcome, at: now(), lot: lot) { policy.failed(lost) }
    }

    private func send(_ notification: AlertNotification, to name: String) async -> DeliveryQueue.Outcome {
        guard let sink = sinks[name] else { return .refused("there is no such sink") }
        switch sink.kind {
        case .console:
            outlets.console(notification)
            return .delivered
        case .log:
            outlets.log(notification)
            return .delivered
        case .webhook, .slack: break
        }
        guard let http = outlets.http else { return .refused("this process sends no requests; `strata serve` does") }
        do {
            let status = try await http(try WebhookRequest(notification, to: sink))
            switch status {
            case 200..<300: return .delivered
            // The receiver is busy or out of order; other refusals are about the request itself.
            case 408, 425, 429, 500...: return .failed("the receiver answered \(status)")
            default: return .refused("the receiver answered \(status)")
            }
        } catch {
            // Errors of a client may repeat the address, which may hold a secret.
            return .failed(
                "the request failed: \((error as? StrataError)?.message ?? String(describing: type(of: error)))")
        }
    }
}
