import Backup
import Foundation
import Strata
import StrataTesting
import Telemetry
import Testing

/// What is shipped for operators is true: it names only metrics and alerts that there are, and all of them.
@Suite struct DeploymentTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: repository.appending(path: path), encoding: .utf8)
    }

    /// The names of all metrics: those of a fresh engine, and those that appear when something happens.
    private static func metricNames() async throws -> Set<String> {
        let scratch = try Scratch()
        let backend = PrometheusMetrics(descriptions: MemoryEngine.metricDescriptions)
        let engine = try await openEngine(at: scratch.path + "/data") { $0.metrics = backend }
        var configuration = MonitoringConfiguration()
        configuration.backupFolder = scratch.path + "/backups"
        try await engine.backUp(to: .init(path: scratch.path + "/backups"))
        let monitor = try EngineMonitor(engine, configuration: configuration, metrics: backend)
        await monitor.measure()
        let text = await monitor.exposition()
        await monitor.end()
        try await engine.close()
        var names = Set(
            text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] })
        for counter in ["promotions", "expired", "evicted", "degraded"] { names.insert("strata_\(counter)_total") }
        names.insert("strata_job_last_success_timestamp_seconds")
        return Set(names.map(String.init))
    }

    private static func mentioned(in text: String) -> Set<String> {
        Set(text.matches(of: #/\b(strata|process)_[a-z_]+[a-z]\b/#).map { String($0.0) })
    }

    @Test(arguments: ["deploy/prometheus/strata-alerts.yml", "deploy/grafana/strata.json"])
    func rulesAndDashboardAskForMetricsThatThereAre(_ path: String) async throws {
        let names = try await Self.metricNames()
        let known = names.union(names.flatMap { name in ["_bucket", "_sum", "_count"].map { name + $0 } })
        #expect(Self.mentioned(in: try Self.text(path)).subtracting(known).isEmpty)
    }

    @Test func theOperationsPageKnowsEveryMetricAndEveryAlert() async throws {
        let page = try Self.text("docs/operations.md")
        let names = try await Self.metricNames()
        let listed = Self.mentioned(in: page)
        #expect(names.subtracting(listed).isEmpty)
        #expect(listed.filter { $0.hasPrefix("strata_") }.subtracting(names).isEmpty)
        for rule in AlertRule.standard {
            #expect(page.contains("`\(rule.code)`"), "\(rule.code)")
            #expect(page.contains("`\(rule.command)`"), "\(rule.command)")
        }
        let example = try #require(page.firstMatch(of: #/(?s)```json\n(.*?)```/#)?.1)
        #expect(throws: Never.self) { try MonitoringConfiguration(json: String(example)) }
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool"),
            "SKIPPED: promtool is missing; install Debian's package prometheus"),
        arguments: [
            ["check", "rules", "strata-alerts.yml"], ["test", "rules", "strata-alerts-test.yml"],
            ["check", "config", "prometheus.yml"],
        ])
    func promtoolAcceptsTheRulesAndTheyFire(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/promtool")
        process.currentDirectoryURL = Self.repository.appending(path: "deploy/prometheus")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
