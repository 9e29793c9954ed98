/// How metrics are written for a scraper.
public enum MetricsFormat: String, Sendable, CaseIterable {
    /// Prometheus text format 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.
    case openMetrics

    /// The `Content-Type` of such a text.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The format that an `Accept` header asks for: OpenMetrics when it is named, else Prometheus text.
    public init(accept: String?) {
        self = accept?.contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
    }

    /// Writes families, each with its help and kind once, then its series.
    ///
    /// Formats: <https://prometheus.io/docs/instrumenting/exposition_formats/> and
    /// <https://prometheus.io/docs/specs/om/open_metrics_spec/>.
    public func text(of families: [MetricFamily]) -> String {
        var text = ""
        for family in families where !family.series.isEmpty {
            let isCounter = family.kind == .counter
            // Only OpenMetrics tells the name of a counter from that of its sample.
            let name = isCounter && self == .prometheus ? family.name + "_total" : family.name
            text += "# HELP \(name) \(Self.escaped(family.help, quotes: self == .openMetrics))\n"
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for series in family.series {
                switch series.value {
                case .number(let value):
                    text += family.name + (isCounter ? "_total" : "") + Self.labels(series.labels)
                    text += " \(Self.number(value))\n"
                case .histogram(let bounds, let counts, let sum):
                    Self.write(family.name, series.labels, bounds, counts, sum, to: &text)
                }
            }
        }
        return self == .openMetrics ? text + "# EOF\n" : text
    }

    private static func write(
        _ name: String, _ labels: [MetricFamily.Label], _ bounds: [Double], _ counts: [Int64], _ sum: Double,
        to text: inout String
    ) {
        var total: Int64 = 0
        for (bound, count) in zip(bounds + [.infinity], counts) {
            total += count
            text += "\(name)_bucket\(Self.labels(labels + [.init("le", number(bound))])) \(total)\n"
        }
        text += "\(name)_sum\(Self.labels(labels)) \(number(sum))\n"
        text += "\(name)_count\(Self.labels(labels)) \(total)\n"
    }

    private static func labels(_ labels: [MetricFamily.Label]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }
}
