public import CoreMetrics
internal import Synchronization

/// A backend of swift-metrics that keeps everything in memory for Prometheus to fetch.
///
/// Recording is lock-free: a handler is found once, when a metric is made, and holds atomics. Timers become histograms in
/// seconds, aggregating recorders histograms, other recorders and meters gauges. Names are those of the Prometheus
/// convention: a timer `strata_recall` is written as `strata_recall_seconds`, a counter `strata_errors` as
/// `strata_errors_total`.
///
/// A metric has at most `seriesCountMax` sets of labels. Further ones are counted together under the label value
/// `overflow`, so that no caller can fill the memory with names.
public final class PrometheusMetrics: MetricsFactory, Sendable {
    fileprivate enum Cell: Sendable {
        case counter(CounterCell)
        case gauge(GaugeCell)
        case histogram(HistogramCell)
    }

    private struct Family {
        let kind: MetricFamily.Kind
        var cells: [[MetricFamily.Label]: Cell] = [:]
    }

    private let families = Mutex<[String: Family]>([:])
    private let overflows = CounterCell()
    private let rejections = CounterCell()
    private let descriptions: [String: MetricDescription]
    private let seriesCountMax: Int

    /// A backend without values.
    ///
    /// - Parameters:
    ///   - descriptions: help and buckets by name, with its unit and without `_total`.
    ///   - seriesCountMax: how many sets of labels a metric may have, 1 and more.
    public init(descriptions: [String: MetricDescription] = [:], seriesCountMax: Int = 200) {
        precondition(seriesCountMax > 0, "a metric has at least one series")
        self.descriptions = descriptions
        self.seriesCountMax = seriesCountMax
    }

    /// Everything at this moment, by name and labels, with what the backend knows about itself.
    public func families(adding others: [MetricFamily] = []) -> [MetricFamily] {
        // Values are read outside of the lock, so that a scrape holds up nobody who makes a metric.
        let known = families.withLock { $0 }
        var all = known.map { name, family in
            MetricFamily(
                name: name, kind: family.kind, help: descriptions[name]?.help ?? "Recorded through swift-metrics.",
                series: family.cells.map { .init(labels: $0.key, Self.value(of: $0.value)) }
                    .sorted {
                        $0.labels.lexicographicallyPrecedes($1.labels) { ($0.name, $0.value) < ($1.name, $1.value) }
                    })
        }
        all += others
        all.append(
            MetricFamily(
                name: "strata_metrics_overflows", kind: .counter,
                help: "Sets of labels that were counted under overflow, because a metric had too many.",
                series: [.init(.number(overflows.value))]))
        all.append(
            MetricFamily(
                name: "strata_metrics_rejections", kind: .counter,
                help: "Metrics that are not shown, because their name stands for another kind.",
                series: [.init(.number(rejections.value))]))
        return all.sorted { $0.name < $1.name }
    }

    private static func value(of cell: Cell) -> MetricFamily.Value {
        switch cell {
        case .counter(let counter): return .number(counter.value)
        case .gauge(let gauge): return .number(gauge.value)
        case .histogram(let histogram):
            let (counts, sum) = histogram.snapshot
            return .histogram(bounds: histogram.bounds, counts: counts, sum: sum)
        }
    }

    // MARK: - MetricsFactory

    /// A counter.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let name = Self.name(label, without: "_total")
        if case .counter(let cell) = cell(name, dimensions, .counter, { .counter(CounterCell()) }) { return cell }
        return DiscardingCell()
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        if case .gauge(let cell) = cell(Self.name(label), dimensions, .gauge, { .gauge(GaugeCell()) }) { return cell }
        return DiscardingCell()
    }

    /// A histogram, or a gauge when it does not aggregate.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        let name = Self.name(label)
        if !aggregate {
            if case .gauge(let cell) = cell(name, dimensions, .gauge, { .gauge(GaugeCell()) }) { return cell }
            return DiscardingCell()
        }
        return histogram(name, dimensions) ?? DiscardingCell()
    }

    /// A histogram in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let name = Self.name(label)
        return histogram(name.hasSuffix("_seconds") ? name : name + "_seconds", dimensions) ?? DiscardingCell()
    }

    /// Keeps the counter: one that vanished and came back would read as a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Stops showing the gauge.
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    /// Stops showing the gauge or the histogram.
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    /// Keeps the histogram, for the reason of ``destroyCounter(_:)``.
    public func destroyTimer(_ handler: any TimerHandler) {}

    // MARK: - Cells

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramCell? {
        let bounds = descriptions[name]?.buckets ?? MetricBuckets.suiting(name)
        let made = cell(name, dimensions, .histogram) { .histogram(HistogramCell(bounds: bounds)) }
        if case .histogram(let cell) = made { return cell }
        return nil
    }

    /// The cell of a name and its labels; nil when the name stands for another kind.
    private func cell(
        _ name: String, _ dimensions: [(String, String)], _ kind: MetricFamily.Kind, _ make: () -> Cell
    ) -> Cell? {
        var labels = Dictionary(dimensions.map { (Self.labelName($0.0), $0.1) }) { $1 }
            .map { MetricFamily.Label($0.key, $0.value) }.sorted { $0.name < $1.name }
        return families.withLock { families in
            var family = families[name] ?? Family(kind: kind)
            guard family.kind == kind else {
                rejections.increment(by: 1)
                return nil
            }
            if family.cells[labels] == nil, family.cells.count >= seriesCountMax {
                overflows.increment(by: 1)
                for index in labels.indices { labels[index].value = "overflow" }
            }
            if let known = family.cells[labels] { return known }
            let cell = make()
            family.cells[labels] = cell
            families[name] = family
            return cell
        }
    }

    private func remove(_ handler: AnyObject) {
        families.withLock { families in
            for (name, family) in families {
                let cells = family.cells.filter { !$0.value.isSame(as: handler) }
                families[name] = cells.isEmpty ? nil : Family(kind: family.kind, cells: cells)
            }
        }
    }

    private static func name(_ label: String, without suffix: String = "") -> String {
        let name = sanitized(label, allowing: ":")
        return !suffix.isEmpty && name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    }

    /// `le` is how a histogram names its buckets, and names with two underscores in front are Prometheus' own.
    private static func labelName(_ name: String) -> String {
        let name = sanitized(name, allowing: "_")
        return name == "le" || name.hasPrefix("__") ? "label_" + name : name
    }

    private static func sanitized(_ name: String, allowing extra: Unicode.Scalar) -> String {
        var result = ""
        for character in name.unicodeScalars {
            let isLetter = ("a"..."z").contains(character) || ("A"..."Z").contains(character) || character == "_"
            let isDigit = ("0"..."9").contains(character)
            if isDigit, result.isEmpty { result = "_" }
            result.unicodeScalars.append(isLetter || isDigit || character == extra ? character : "_")
        }
        return result.isEmpty ? "_" : result
    }
}

extension PrometheusMetrics.Cell {
    fileprivate func isSame(as handler: AnyObject) -> Bool {
        switch self {
        case .counter(let cell): cell === handler
        case .gauge(let cell): cell === handler
        case .histogram(let cell): cell === handler
        }
    }
}
