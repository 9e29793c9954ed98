internal import CoreMetrics
internal import Synchronization

/// A number that only grows, in one atomic word.
final class CounterCell: CounterHandler, Sendable {
    private let count = Atomic<Int64>(0)

    var value: Double { Double(count.load(ordering: .relaxed)) }

    func increment(by amount: Int64) {
        // A counter that went back would read as a restart of the process.
        if amount > 0 { count.wrappingAdd(amount, ordering: .relaxed) }
    }

    func reset() { count.store(0, ordering: .relaxed) }
}

/// A number that goes up and down, as the bits of a `Double` in one atomic word.
final class GaugeCell: RecorderHandler, MeterHandler, Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func increment(by amount: Double) { bits.add(amount) }
    func decrement(by amount: Double) { bits.add(-amount) }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
}

/// Counts of values by bucket, and their sum. A recording touches one bucket and the sum and takes no lock.
final class HistogramCell: RecorderHandler, TimerHandler, @unchecked Sendable {
    /// The inclusive upper ends of the buckets, ascending; one more bucket follows for what is above the last.
    let bounds: [Double]
    private let sum = Atomic<UInt64>(0)
    // Heap memory of fixed address that holds atomics only: this makes the class safe to share.
    private let counts: UnsafeMutablePointer<Atomic<Int64>>

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = .allocate(capacity: bounds.count + 1)
        for index in 0...bounds.count { (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: bounds.count + 1)
        counts.deallocate()
    }

    func observe(_ value: Double) {
        guard value.isFinite else { return }
        var (low, high) = (0, bounds.count)
        while low < high {
            let middle = (low + high) / 2
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        counts[low].wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    func record(_ value: Int64) { observe(Double(value)) }
    func record(_ value: Double) { observe(value) }
    func recordNanoseconds(_ duration: Int64) { observe(Double(max(0, duration)) / 1e9) }

    /// The counts of each bucket, not summed up, and the sum of the values. The count of all is the buckets' sum, so that
    /// a snapshot in the middle of a recording still agrees with itself.
    var snapshot: (counts: [Int64], sum: Double) {
        let values = (0...bounds.count).map { counts[$0].load(ordering: .relaxed) }
        return (values, Double(bitPattern: sum.load(ordering: .relaxed)))
    }
}

extension Atomic<UInt64> {
    /// Adds to the `Double` whose bits these are.
    fileprivate func add(_ amount: Double) {
        var old = load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let outcome = weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if outcome.exchanged { return }
            old = outcome.original
        }
    }
}

/// Takes in what must not be shown: a metric whose name stands for another kind already.
final class DiscardingCell: CounterHandler, RecorderHandler, MeterHandler, TimerHandler, Sendable {
    func increment(by amount: Int64) {}
    func reset() {}
    func record(_ value: Int64) {}
    func record(_ value: Double) {}
    func set(_ value: Int64) {}
    func set(_ value: Double) {}
    func increment(by amount: Double) {}
    func decrement(by amount: Double) {}
    func recordNanoseconds(_ duration: Int64) {}
}
