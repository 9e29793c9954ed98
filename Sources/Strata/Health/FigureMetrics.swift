internal import StrataCore
internal import Telemetry

extension EngineFigures {
    /// Counts and sizes as metrics; those of one namespace are left out, because namespaces are without number.
    func metricFamilies(startedAt: Timestamp) -> [MetricFamily] {
        memories + cache + indexes + jobs + surroundings(startedAt) + process.families
    }

    private var memories: [MetricFamily] {
        let store = statistics.store
        return [
            .gauge(
                "strata_memories", "Records, by layer.",
                store.recordCounts.sorted { $0.key.rawValue < $1.key.rawValue }
                    .map { ([.init("layer", $0.key.rawValue)], Double($0.value)) }),
            .gauge("strata_pinned_memories", "Records that are pinned.", store.pinnedCount),
            .gauge("strata_namespaces", "Namespaces that hold records.", store.namespaceCount),
            .gauge("strata_vectors", "Vectors in the space that recalls search.", store.vectorCount),
            .gauge("strata_vectors_missing", "Records that are found by words only.", statistics.vectorMissingCount),
            .gauge("strata_text_bytes", "Bytes of all texts.", store.textBytes),
            .gauge("strata_store_bytes", "Bytes of the database on disk.", store.fileBytes),
            .gauge("strata_last_change", "Number of the last change.", Int(store.change)),
        ]
    }

    private var cache: [MetricFamily] {
        guard let cache = statistics.cache else { return [] }
        return [
            .counter(
                "strata_cache_hits", "Texts whose embedding was found, by tier.",
                [([.init("tier", "disk")], cache.diskHitCount), ([.init("tier", "memory")], cache.hitCount)]),
            .counter("strata_cache_misses", "Texts that had to be embedded.", [([], cache.missCount)]),
            .counter("strata_cache_evictions", "Embeddings that left for others.", [([], cache.evictionCount)]),
            .counter("strata_cache_expirations", "Embeddings that had grown too old.", [([], cache.expiryCount)]),
            .gauge("strata_cache_bytes", "Bytes of the cache in memory.", cache.residentBytes),
            .gauge("strata_cache_entries", "Embeddings in memory.", cache.entryCount),
            .gauge("strata_cache_disk_bytes", "Bytes of the cache on disk.", cache.disk?.fileBytes ?? 0),
        ]
    }

    private var indexes: [MetricFamily] {
        let loaded = statistics.vectorIndexes
        return [
            .gauge("strata_index_bytes", "Bytes of the vector indexes in memory.", statistics.indexResidentBytes),
            .gauge("strata_index_file_bytes", "Bytes of their files.", loaded.reduce(0) { $0 + $1.fileBytes }),
            .gauge(
                "strata_index_unlinked_vectors", "Vectors of graphs that are scanned, because they have no links yet.",
                loaded.filter { $0.kind == .graph }.reduce(0) { $0 + $1.vectorCount - $1.linkedCount }),
        ]
    }

    private var jobs: [MetricFamily] {
        let jobs = statistics.jobs
        func labels(_ job: JobStatus) -> [MetricFamily.Label] { [.init("job", job.name)] }
        return [
            .counter("strata_job_runs", "Runs of background jobs.", jobs.map { (labels($0), $0.runCount) }),
            .counter("strata_job_failures", "Runs that failed.", jobs.map { (labels($0), $0.failureCount) }),
            .gauge(
                "strata_job_last_success_timestamp_seconds", "When a job last ended well, in seconds since 1970.",
                jobs.compactMap { job in
                    job.lastSucceededAt.map { (labels(job), Double($0.milliseconds) / 1000) }
                }),
        ]
    }

    private func surroundings(_ startedAt: Timestamp) -> [MetricFamily] {
        let build = StrataVersion.report
        var families: [MetricFamily] = [
            .gauge(
                "strata_build_info", "1, with the version and what it runs on as labels.",
                [
                    (
                        [
                            .init("kernels", build.kernels), .init("platform", build.platform),
                            .init("sqlite", build.sqlite), .init("version", build.version),
                        ], 1
                    )
                ]),
            .gauge(
                "strata_uptime_seconds", "How long the engine has been watched, in seconds.",
                [([], max(0, (at - startedAt) / .seconds(1)))]),
            .gauge("strata_running_calls", "Calls that run.", runningCallCount),
            .gauge(
                "strata_queue_depth", "Requests that wait, by queue.",
                [([.init("queue", "write")], Double(pendingWriteCount))]),
            .gauge(
                "strata_embedder_available", "Whether an embedder is asked, by its space.",
                statistics.embedders.map { ([.init("space", $0.space)], $0.breaker == "open" ? 0 : 1) }),
        ]
        if let diskFreeBytes {
            families.append(.gauge("strata_disk_free_bytes", "Free bytes where the data are.", diskFreeBytes))
        }
        if let walBytes { families.append(.gauge("strata_wal_bytes", "Bytes of the log of commits.", walBytes)) }
        if let lastBackupAt {
            families.append(
                .gauge(
                    "strata_backup_last_success_timestamp_seconds",
                    "When the newest backup was made, in seconds since 1970.",
                    [([], Double(lastBackupAt.milliseconds) / 1000)]))
        }
        return families
    }
}

extension HealthReport {
    /// Status and alerts as metrics.
    var metricFamilies: [MetricFamily] {
        let order = HealthStatus.allCases
        let measured = components.filter { $0.status != nil }
        return [
            .gauge(
                "strata_health_status", "How a component is: 0 healthy, 1 degraded, 2 unhealthy, 3 down.",
                measured.map { component in
                    let rank = component.status.flatMap { order.firstIndex(of: $0) } ?? 0
                    return ([.init("component", component.name.rawValue)], Double(rank))
                }),
            .gauge(
                "strata_alerts", "Alerts that hold, by severity.",
                AlertSeverity.allCases.map { severity in
                    ([.init("severity", severity.rawValue)], Double(alerts.count { $0.severity == severity }))
                }),
        ]
    }
}

extension [DeliveryStatus] {
    /// Deliveries as metrics.
    var metricFamilies: [MetricFamily] {
        let counts = flatMap { sink in
            [("delivered", sink.deliveredCount), ("dropped", sink.droppedCount), ("failed", sink.failedCount)].map {
                ([MetricFamily.Label("sink", sink.sink), .init("status", $0.0)], $0.1)
            }
        }
        return [.counter("strata_notifications", "Notifications, by sink and what became of them.", counts)]
    }
}

extension MetricFamily {
    fileprivate static func gauge(_ name: String, _ help: String, _ value: Int) -> Self {
        gauge(name, help, [([], Double(value))])
    }

    fileprivate static func gauge(_ name: String, _ help: String, _ values: [([Label], Double)]) -> Self {
        Self(
            name: name, kind: .gauge, help: help, series: values.map { Series(labels: $0.0, .number($0.1)) })
    }

    fileprivate static func counter(_ name: String, _ help: String, _ values: [([Label], Int)]) -> Self {
        Self(
            name: name, kind: .counter, help: help,
            series: values.map { Series(labels: $0.0, .number(Double($0.1))) })
    }
}
