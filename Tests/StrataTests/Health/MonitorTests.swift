import Backup
import Foundation
import Strata
import StrataCore
import StrataTesting
import Synchronization
import Telemetry
import Testing

/// An embedder that can be told to fail.
private final class SwitchableEmbedder: Embedder {
    private let embedder = SeededEmbedder()
    private let isBroken = Mutex(false)
    var space: EmbeddingSpace { embedder.space }

    func setBroken(_ value: Bool) { isBroken.withLock { $0 = value } }

    func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Embedding] {
        if isBroken.withLock({ $0 }) { throw StrataError(.inferenceFailed, "it is broken for the test") }
        return try await embedder.embed(texts, as: role)
    }
}

@Suite struct MonitorTests {
    private struct Scene {
        let scratch: Scratch
        let clock: ManualClock
        let engine: MemoryEngine
        let backend: PrometheusMetrics
        let embedder: SwitchableEmbedder

        init() async throws {
            let scratch = try Scratch()
            let clock = ManualClock()
            let backend = PrometheusMetrics(descriptions: MemoryEngine.metricDescriptions)
            let embedder = SwitchableEmbedder()
            engine = try await openEngine(at: scratch.path, clock: clock) {
                $0.metrics = backend
                $0.model = .embedder(embedder)
            }
            (self.scratch, self.clock, self.backend, self.embedder) = (scratch, clock, backend, embedder)
        }
    }

    @Test func aWellEngineIsHealthyAndNothingIsLeftOfTheProbes() async throws {
        let scene = try await Scene()
        let engine = scene.engine
        let record = try await engine.remember("Nora is allergic to hazelnuts.").record
        let before = try await engine.stats()
        let monitor = try EngineMonitor(engine, metrics: scene.backend)
        #expect(await monitor.report.components.allSatisfy { $0.status == nil }, "nothing was measured yet")
        #expect(await !monitor.isReady)
        for _ in 0..<3 {
            let report = await monitor.measure()
            #expect(report.alerts.filter { ![.disk, .memory].contains($0.component) }.isEmpty, "\(report.alerts)")
            scene.clock.advance(by: .seconds(15))
        }
        #expect(await monitor.isReady)
        #expect(await monitor.history(of: "recall_seconds", .index).count == 3)
        // Nobody sees the test record, while it is there and after.
        for isOver in [false, true] {
            if isOver { await monitor.end() }
            let after = try await engine.stats()
            #expect(after.store.recordCounts == before.store.recordCounts)
            #expect(after.store.vectorCount == before.store.vectorCount)
            #expect(after.store.vectorCountBySpace == before.store.vectorCountBySpace)
            #expect(after.store.textBytes == before.store.textBytes)
            #expect(after.store.namespaceCount == before.store.namespaceCount)
            #expect(after.vectorIndexes.map(\.namespace) == before.vectorIndexes.map(\.namespace))
            #expect(try await engine.namespaces() == ["default"])
            #expect(try await engine.changes(since: 0).map(\.namespace) == ["default"])
        }
        #expect(try await engine.get(record.id)?.accessCount == 0)
        await #expect(throws: StrataError.self) { try await engine.list(in: "\u{1}probe") }
        try await engine.close()
    }

    @Test func aModelThatFailsIsToldAndItsReturnToo() async throws {
        let scene = try await Scene()
        let box = Box()
        var configuration = MonitoringConfiguration()
        configuration.notifications.groupSeconds = 0
        let monitor = try EngineMonitor(
            scene.engine, configuration: configuration,
            outlets: Notifier.Outlets(log: { note in box.lines.withLock { $0 += note.lines } }))
        await monitor.measure()
        #expect(await monitor.report.components.first { $0.name == .embedder }?.status == .healthy)
        scene.embedder.setBroken(true)
        let report = await monitor.measure()
        let embedder = report.components.first { $0.name == .embedder }
        #expect(embedder?.status == .unhealthy, "\(report)")
        #expect(report.alerts.first { $0.code == "embedder_unavailable" }?.command == "strata doctor")
        await monitor.notifier.deliver()
        scene.embedder.setBroken(false)
        // The breaker leaves a model that failed alone for a while.
        scene.clock.advance(by: .seconds(3600))
        await monitor.measure()
        await monitor.notifier.deliver()
        #expect(await monitor.report.components.first { $0.name == .embedder }?.status == .healthy)
        let told = box.lines.withLock { $0 }.filter { $0.contains("embedder_unavailable") }
        #expect(told.count == 2, "\(told)")
        #expect(told.last?.hasPrefix("[resolved]") == true)
        try await scene.engine.close()
    }

    private final class Box: Sendable {
        let lines = Mutex<[String]>([])
    }

    @Test func aStoreThatIsGoneIsDownAfterFiveProbes() async throws {
        let scene = try await Scene()
        let monitor = try EngineMonitor(scene.engine)
        await monitor.measure()
        #expect(await monitor.isReady)
        try await scene.engine.close()
        for count in 1...5 {
            scene.clock.advance(by: .seconds(15))
            let report = await monitor.measure()
            let expected: HealthStatus = count == 1 ? .degraded : count < 5 ? .unhealthy : .down
            #expect(report.components.first { $0.name == .store }?.status == expected)
        }
        #expect(await !monitor.isReady)
        #expect(monitor.liveness.status == "ok", "the process itself is well")
    }

    @Test func metricsSayWhatCallsDid() async throws {
        let scene = try await Scene()
        let engine = scene.engine
        let folder = BackupFolder(path: scene.scratch.path + "-backups")
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        for text in ["one apple", "two pears", "one apple"] { try await engine.remember(NewMemory(text)) }
        _ = try await engine.recall("apple")
        await #expect(throws: StrataError.self) { try await engine.recall(" ") }
        try await engine.backUp(to: folder)
        try await engine.forget(.everything)
        var configuration = MonitoringConfiguration()
        configuration.backupFolder = folder.path
        let monitor = try EngineMonitor(engine, configuration: configuration, metrics: scene.backend)
        await monitor.measure()
        let text = await monitor.exposition()
        for line in [
            #"strata_operation_duration_seconds_count{operation="remember",status="ok"} 3"#,
            #"strata_operation_duration_seconds_count{operation="recall",status="ok"} 1"#,
            #"strata_operation_duration_seconds_count{operation="recall",status="invalid_argument"} 1"#,
            #"strata_operation_duration_seconds_count{operation="backup",status="ok"} 1"#,
            #"strata_remembered_total{status="stored"} 2"#, #"strata_remembered_total{status="duplicate"} 1"#,
            #"strata_recall_stage_duration_seconds_count{stage="keyword_search"} 1"#,
            #"strata_forgotten_total 2"#, #"strata_memories{layer="interact"} 0"#,
            #"strata_health_status{component="backup"} 0"#, #"strata_alerts{severity="fatal"} 0"#,
            #"strata_notifications_total{sink="log",status="failed"} 0"#,
        ] {
            #expect(text.contains(line + "\n"), "\(line) in\n\(text)")
        }
        for name in [
            "strata_build_info", "strata_disk_free_bytes", "strata_wal_bytes", "strata_cache_misses_total",
            "strata_backup_last_success_timestamp_seconds", "process_resident_memory_bytes", "strata_commit_units_sum",
        ] {
            #expect(text.contains("\n\(name)"), "\(name)")
        }
        await monitor.end()
        try await engine.close()
        let promtool = "/usr/bin/promtool"
        guard FileManager.default.isExecutableFile(atPath: promtool) else { return }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: promtool)
        process.arguments = ["check", "metrics"]
        let input = URL(fileURLWithPath: scene.scratch.path).appending(path: "metrics")
        try Data(text.utf8).write(to: input)
        process.standardInput = try FileHandle(forReadingFrom: input)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test func theMonitorRunsUntilItIsCancelled() async throws {
        let scene = try await Scene()
        let monitor = try EngineMonitor(scene.engine)
        let running = Task { await monitor.run() }
        // Both loops sleep: the first measurement is done.
        await scene.clock.untilAsleep(count: 2)
        running.cancel()
        await running.value
        #expect(await monitor.lastFigures != nil)
        try await scene.engine.close()
    }
}
