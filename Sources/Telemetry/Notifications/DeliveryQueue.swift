public import StrataCore

/// How the deliveries to a sink went.
public struct DeliveryStatus: Sendable, Hashable, Codable {
    /// The name of the sink.
    public var sink: String
    /// Deliveries that arrived.
    public var deliveredCount = 0
    /// Deliveries that were given up.
    public var failedCount = 0
    /// Attempts that failed and were or will be repeated.
    public var retryCount = 0
    /// Deliveries that had no room in the queue.
    public var droppedCount = 0
    /// Deliveries that wait.
    public var pendingCount = 0
    /// When the last one arrived.
    public var lastDeliveredAt: Timestamp?
    /// Why the last attempt failed; nil when it did not.
    public var lastError: String?

    init(sink: String) { self.sink = sink }
}

/// Which delivery is tried when. Pure: it sends nothing, reads no clock and draws no lots.
struct DeliveryQueue {
    struct Delivery: Equatable {
        let number: Int
        let sink: String
        let notification: AlertNotification
        var attemptCount = 0
        var nextAt: Timestamp
        var isRunning = false
    }

    enum Outcome {
        case delivered
        /// Trying again may help.
        case failed(String)
        /// Trying again cannot help.
        case refused(String)
    }

    private let countMax: Int
    private let attemptCountMax: Int
    private var pending: [Delivery] = []
    private var numberLast = 0
    private var byName: [String: DeliveryStatus]
    private let names: [String]

    init(sinks: [String], countMax: Int, attemptCountMax: Int) {
        self.countMax = countMax
        self.attemptCountMax = attemptCountMax
        names = sinks
        byName = Dictionary(sinks.map { ($0, DeliveryStatus(sink: $0)) }) { $1 }
    }

    /// How it goes with each sink.
    var statuses: [DeliveryStatus] {
        names.map { name in
            var status = byName[name] ?? DeliveryStatus(sink: name)
            status.pendingCount = pending.count { $0.sink == name }
            return status
        }
    }

    /// Takes a delivery; when there is no room, the mildest one that is not on its way goes, of those the oldest.
    mutating func add(_ addressed: NotificationPolicy.Addressed, at now: Timestamp) {
        numberLast += 1
        pending.append(
            Delivery(number: numberLast, sink: addressed.sink, notification: addressed.notification, nextAt: now))
        guard pending.count > countMax else { return }
        let victims = pending.indices.filter { !pending[$0].isRunning }
        guard
            let victim = victims.min(by: { left, right in
                (pending[left].notification.severity, left) < (pending[right].notification.severity, right)
            })
        else { return }
        byName[pending[victim].sink]?.droppedCount += 1
        pending.remove(at: victim)
    }

    /// The deliveries to be tried now. One sink gets them one after another and in order.
    mutating func take(at now: Timestamp) -> [Delivery] {
        var taken: [Delivery] = []
        for name in names {
            let own = pending.indices.filter { pending[$0].sink == name }
            guard let first = own.first, !own.contains(where: { pending[$0].isRunning }), pending[first].nextAt <= now
            else { continue }
            pending[first].isRunning = true
            pending[first].attemptCount += 1
            taken.append(pending[first])
        }
        return taken
    }

    /// When the next delivery is to be tried; nil when none waits.
    var nextAt: Timestamp? { pending.filter { !$0.isRunning }.map(\.nextAt).min() }

    /// Notes how an attempt ended; returns the notification when it was given up.
    ///
    /// - Parameter lot: 0 through 1, for the pause before the next attempt: 1, 4, 16, 64 … s, at most 5 min, ± 25 %.
    mutating func ended(_ number: Int, _ outcome: Outcome, at now: Timestamp, lot: Double) -> AlertNotification? {
        guard let index = pending.firstIndex(where: { $0.number == number }) else { return nil }
        let delivery = pending[index]
        switch outcome {
        case .delivered:
            byName[delivery.sink]?.deliveredCount += 1
            byName[delivery.sink]?.lastDeliveredAt = now
            byName[delivery.sink]?.lastError = nil
            pending.remove(at: index)
            return nil
        case .failed(let reason) where delivery.attemptCount < attemptCountMax:
            byName[delivery.sink]?.retryCount += 1
            byName[delivery.sink]?.lastError = reason
            let exponent = min(delivery.attemptCount - 1, 5)
            let pause = min(300, Double(1 << (2 * exponent))) * (0.75 + 0.5 * lot)
            pending[index].isRunning = false
            pending[index].nextAt = now + .seconds(pause)
            return nil
        case .failed(let reason), .refused(let reason):
            byName[delivery.sink]?.failedCount += 1
            byName[delivery.sink]?.lastError = reason
            pending.remove(at: index)
            return delivery.notification
        }
    }
}
