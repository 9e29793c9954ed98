internal import ArgumentParser
internal import Foundation
internal import Strata
internal import StrataCore
internal import Telemetry

/// What the commands that watch an engine take.
struct MonitoringOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A JSON file with rules, sinks and routes. Default: $STRATA_MONITORING, else the standard rules.",
            valueName: "file"))
    var monitoring: String?

    /// The configuration of this call, checked.
    func configuration() throws -> MonitoringConfiguration {
        let environment = ProcessInfo.processInfo.environment
        var configuration = MonitoringConfiguration()
        if let path = monitoring ?? environment["STRATA_MONITORING"], !path.isEmpty {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw StrataError(.notFound, "the monitoring file \(path) cannot be read")
            }
            configuration = try MonitoringConfiguration(json: String(decoding: data, as: UTF8.self))
        }
        if configuration.backupFolder == nil, let folder = environment["STRATA_BACKUP_DIR"], !folder.isEmpty {
            configuration.backupFolder = folder
        }
        return configuration
    }

    /// Opens the engine with a monitor, runs `body` and closes both.
    func withMonitor<Value>(
        _ common: CommonOptions, _ body: (EngineMonitor) async throws -> Value
    ) async throws -> Value {
        let configuration = try configuration()
        let backend = PrometheusMetrics(descriptions: MemoryEngine.metricDescriptions)
        return try await common.withEngine(CommonOptions.Need(metrics: backend)) { engine in
            let monitor = try EngineMonitor(
                engine, configuration: configuration, metrics: backend,
                environment: ProcessInfo.processInfo.environment)
            let value = try await body(monitor)
            await monitor.end()
            return value
        }
    }
}

extension HealthStatus {
    /// The word, padded to one width and coloured.
    func word(_ style: Style) -> String {
        let text = rawValue.padded(to: 9)
        return switch self {
        case .healthy: style.green(text)
        case .degraded: style.yellow(text)
        case .unhealthy, .down: style.red(text)
        }
    }
}

extension HealthSample {
    /// `free_bytes 52 MiB`.
    var text: String { "\(metric) \(unit.text(value))" }
}
