import CoreMetrics
import Foundation
import StrataCore
import Telemetry
import Testing

@Suite struct MetricsTests {
    /// A backend with one of everything, awkward labels included.
    static func backend() -> PrometheusMetrics {
        let metrics = PrometheusMetrics(
            descriptions: ["t_calls": .init("Calls,\nwith a \\ and a \"quote\"."), "t_wait_seconds": .init("Waits.")])
        for status in ["ok", "a \"b\" \\c\nd", "ünï"] {
            metrics.makeCounter(label: "t_calls", dimensions: [("status", status), ("1bad-name", "x")])
                .increment(by: 3)
        }
        metrics.makeMeter(label: "t_depth", dimensions: []).set(-2.5)
        let timer = metrics.makeTimer(label: "t_wait", dimensions: [("layer", "insights")])
        for nanoseconds in [50_000, 100_000, 3_000_000, 90_000_000_000] as [Int64] {
            timer.recordNanoseconds(nanoseconds)
        }
        metrics.makeRecorder(label: "t_size_bytes", dimensions: [], aggregate: true).record(5000.0)
        return metrics
    }

    @Test func theTextIsThatOfTheConvention() {
        let text = MetricsFormat.prometheus.text(of: Self.backend().families())
        #expect(text.contains("# TYPE t_calls_total counter\n"))
        #expect(text.contains("# HELP t_calls_total Calls,\\nwith a \\\\ and a \"quote\".\n"))
        #expect(text.contains("t_calls_total{_1bad_name=\"x\",status=\"a \\\"b\\\" \\\\c\\nd\"} 3\n"))
        #expect(text.contains("t_depth -2.5\n"))
        // Upper ends belong to their bucket; what is above all bounds is only in +Inf.
        #expect(text.contains("t_wait_seconds_bucket{layer=\"insights\",le=\"0.0001\"} 2\n"))
        #expect(text.contains("t_wait_seconds_bucket{layer=\"insights\",le=\"0.0025\"} 2\n"))
        #expect(text.contains("t_wait_seconds_bucket{layer=\"insights\",le=\"0.005\"} 3\n"))
        #expect(text.contains("t_wait_seconds_bucket{layer=\"insights\",le=\"60\"} 3\n"))
        #expect(text.contains("t_wait_seconds_bucket{layer=\"insights\",le=\"+Inf\"} 4\n"))
        #expect(text.contains("t_wait_seconds_count{layer=\"insights\"} 4\n"))
        let open = MetricsFormat.openMetrics.text(of: Self.backend().families())
        #expect(open.contains("# TYPE t_calls counter\n"))
        #expect(open.hasSuffix("# EOF\n"))
        #expect(MetricsFormat(accept: "application/openmetrics-text;version=1.0.0") == .openMetrics)
        #expect(MetricsFormat(accept: nil) == .prometheus)
    }

    @Test(.enabled(if: Peer.promtool != nil, "SKIPPED: promtool is missing; install Debian's package prometheus"))
    func promtoolAcceptsTheText() throws {
        let text = MetricsFormat.prometheus.text(
            of: Self.backend().families(adding: ProcessFigures.read().families))
        let answer = try ToolAnswer(try #require(Peer.promtool), ["check", "metrics"], input: text)
        #expect(answer.status == 0, "\(answer.text)\n\(text)")
        let broken = try ToolAnswer(try #require(Peer.promtool), ["check", "metrics"], input: text + "{ x\n")
        #expect(broken.status != 0)
    }

    @Test(
        .enabled(if: Peer.python != nil, "SKIPPED: prometheus_client is missing; run Tools/setup --test"),
        arguments: MetricsFormat.allCases)
    func theOfficialParserReadsBackWhatWasWritten(_ format: MetricsFormat) throws {
        let module = format == .prometheus ? "prometheus_client.parser" : "prometheus_client.openmetrics.parser"
        let program = """
            import sys, json
            from \(module) import text_string_to_metric_families as parse
            text = sys.stdin.buffer.read().decode("utf-8")
            print(json.dumps([[s.name, s.labels, s.value] for f in parse(text) for s in f.samples]))
            """
        let text = format.text(of: Self.backend().families(adding: ProcessFigures.read().families))
        let answer = try ToolAnswer(try #require(Peer.python), ["-c", program], input: text)
        #expect(answer.status == 0, "\(answer.text)\n\(text)")
        guard case .array(let samples) = try JSONValue(jsonText: answer.text) else {
            Issue.record("no samples")
            return
        }
        let awkward: JSONValue = ["_1bad_name": "x", "status": "a \"b\" \\c\nd"]
        #expect(samples.contains(["t_calls_total", awkward, 3]))
        #expect(samples.contains(["t_calls_total", ["_1bad_name": "x", "status": "ünï"], 3]))
        #expect(samples.contains(["t_wait_seconds_count", ["layer": "insights"], 4]))
        #expect(samples.contains(["t_depth", [:], -2.5]))
    }

    @Test func labelsWithoutEndAreCountedTogether() {
        let metrics = PrometheusMetrics(seriesCountMax: 10)
        for number in 0..<1000 {
            metrics.makeCounter(label: "t", dimensions: [("user", String(number))]).increment(by: 1)
        }
        let family = metrics.families().first { $0.name == "t" }
        #expect(family?.series.count == 11)
        let rest = family?.series.first { $0.labels == [.init("user", "overflow")] }
        #expect(rest?.value == .number(990))
        let overflows = metrics.families().first { $0.name == "strata_metrics_overflows" }
        #expect(overflows?.series.first?.value == .number(990))
    }

    @Test func oneNameStandsForOneKind() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "t", dimensions: []).increment(by: 1)
        metrics.makeMeter(label: "t", dimensions: []).set(7.0)
        let families = metrics.families()
        #expect(families.filter { $0.name == "t" }.map(\.kind) == [.counter])
        #expect(families.first { $0.name == "strata_metrics_rejections" }?.series.first?.value == .number(1))
    }

    @Test func nothingIsLostWhenManyRecordAtOnce() async {
        let metrics = PrometheusMetrics()
        let (counter, timer) = (
            metrics.makeCounter(label: "t", dimensions: []), metrics.makeTimer(label: "d", dimensions: [])
        )
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment(by: 1)
                        timer.recordNanoseconds(1_000_000_000)
                    }
                }
            }
        }
        let families = metrics.families()
        #expect(families.first { $0.name == "t" }?.series.first?.value == .number(80_000))
        guard
            case .histogram(_, let counts, let sum) = families.first(where: { $0.name == "d_seconds" })?.series.first?
                .value
        else {
            Issue.record("no histogram")
            return
        }
        #expect(counts.reduce(0, +) == 80_000)
        #expect(sum == 80_000)
    }

    @Test func aDestroyedGaugeIsNoLongerShown() {
        let metrics = PrometheusMetrics()
        let gauge = metrics.makeMeter(label: "t", dimensions: [])
        gauge.set(1.0)
        metrics.destroyMeter(gauge)
        #expect(!metrics.families().contains { $0.name == "t" })
    }

    /// `METRICS_BENCH=1` prints the nanoseconds of a recording; no limit, because machines differ.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["METRICS_BENCH"] != nil, "set METRICS_BENCH=1 to measure"))
    func aRecordingCostsNanoseconds() {
        let metrics = PrometheusMetrics()
        let (counter, timer) = (
            metrics.makeCounter(label: "t", dimensions: []), metrics.makeTimer(label: "d", dimensions: [])
        )
        func best(_ body: () -> Void) -> Double {
            (0..<5).map { _ in
                let start = ContinuousClock.now
                for _ in 0..<200_000 { body() }
                return (ContinuousClock.now - start) / .nanoseconds(200_000)
            }.min() ?? 0
        }
        let (count, time) = (best { counter.increment(by: 1) }, best { timer.recordNanoseconds(3_000_000) })
        print("counter \(count) ns, histogram \(time) ns")
        #expect(count > 0 && time > 0)
    }
}
