internal import StrataCore
internal import Telemetry

/// Turns what was measured into samples. It remembers only how often probes failed in a row.
struct HealthSampler {
    /// What of the configuration decides whether a component is in use.
    struct Use {
        var hasModel: Bool
        var hasReranker: Bool
        var rerankerProblem: StrataError?
        var isBackgroundEnabled: Bool
        var pendingWriteCountMax: Int
        var startedAt: Timestamp
    }

    private let use: Use
    private var storeFailureCount = 0
    private var recallFailureCount = 0

    init(_ use: Use) { self.use = use }

    mutating func samples(_ probe: ProbeReport, _ figures: EngineFigures?) -> [HealthSample] {
        var samples = store(probe) + recall(probe)
        guard let figures else { return samples }
        samples += store(figures) + models(probe, figures) + work(figures) + machine(figures) + backup(figures)
        return samples
    }

    private mutating func store(_ probe: ProbeReport) -> [HealthSample] {
        storeFailureCount = probe.storeProblem == nil ? 0 : storeFailureCount + 1
        var samples = [
            HealthSample(
                .store, "probe_failure_count", Double(storeFailureCount), detail: probe.storeProblem?.description)
        ]
        if let time = probe.store {
            samples.append(HealthSample(.store, "probe_seconds", time / .seconds(1), .seconds))
        }
        return samples
    }

    private mutating func recall(_ probe: ProbeReport) -> [HealthSample] {
        // Without the store there was no recall; that is told once, by the store.
        guard probe.storeProblem == nil else { return [] }
        let failure =
            probe.recallProblem
            ?? probe.degradations.first { ["vector_search_failed", "keyword_search_failed"].contains($0.code) }?.message
        recallFailureCount = failure == nil ? 0 : recallFailureCount + 1
        var samples = [HealthSample(.index, "probe_failure_count", Double(recallFailureCount), detail: failure)]
        if let time = probe.recall {
            samples.append(HealthSample(.index, "recall_seconds", time / .seconds(1), .seconds))
        }
        return samples
    }

    private func store(_ figures: EngineFigures) -> [HealthSample] {
        let share = Double(figures.pendingWriteCount) / Double(max(1, use.pendingWriteCountMax))
        let fullest = figures.statistics.layers.max { $0.share < $1.share }
        return [
            HealthSample(.store, "queue_share", share, .share),
            HealthSample(.store, "record_count", Double(figures.statistics.store.recordCount)),
            HealthSample(
                .store, "layer_fill_share", fullest?.share ?? 0, .share,
                detail: fullest.map { "\($0.layer.rawValue) of namespace \($0.namespace)" }),
            HealthSample(.index, "resident_bytes", Double(figures.statistics.indexResidentBytes), .bytes),
        ]
    }

    private func models(_ probe: ProbeReport, _ figures: EngineFigures) -> [HealthSample] {
        var samples: [HealthSample] = []
        let statistics = figures.statistics
        if use.hasModel {
            let problem = probe.degradations.first {
                ["no_model", "fallback_embedder", "embedding_failed"].contains($0.code)
                    || $0.code == "vector_search_failed"
            }
            // Words only since the start is how the engine works without a model; a model that fails now is worse.
            let level =
                switch problem?.code {
                case nil: 0.0
                case "no_model", "fallback_embedder": 1.0
                default: 2.0
                }
            samples.append(HealthSample(.embedder, "degradation_level", level, detail: problem?.message))
            if statistics.store.recordCount > 0, level == 0 {
                let share = Double(statistics.vectorMissingCount) / Double(statistics.store.recordCount)
                samples.append(HealthSample(.embedder, "vector_missing_share", share, .share))
            }
        }
        if use.hasReranker {
            samples.append(
                HealthSample(
                    .reranker, "unavailable", use.rerankerProblem == nil ? 0 : 1,
                    detail: use.rerankerProblem?.message))
        }
        if let cache = statistics.cache {
            samples.append(HealthSample(.cache, "hit_rate", cache.hitRate, .share))
            samples.append(HealthSample(.cache, "resident_bytes", Double(cache.residentBytes), .bytes))
            samples.append(HealthSample(.cache, "reset_count", Double(cache.disk?.resetCount ?? 0)))
        }
        return samples
    }

    private func work(_ figures: EngineFigures) -> [HealthSample] {
        let jobs = figures.statistics.jobs
        let failing = jobs.filter { $0.lastError != nil }
        var samples = [
            HealthSample(
                .scheduler, "failing_job_count", Double(failing.count),
                detail: failing.first.map { "\($0.name): \($0.lastError ?? "")" })
        ]
        if use.isBackgroundEnabled, let job = jobs.first(where: { $0.name == JobName.promotion }) {
            let since = figures.at - max(job.lastSucceededAt ?? .earliest, use.startedAt)
            samples.append(
                HealthSample(
                    .promotion, "overdue_intervals", max(0, since / .seconds(max(1, job.intervalSeconds)) - 1)))
        }
        return samples
    }

    private func machine(_ figures: EngineFigures) -> [HealthSample] {
        var samples: [HealthSample] = []
        if let free = figures.diskFreeBytes {
            samples.append(HealthSample(.disk, "free_bytes", Double(free), .bytes))
            let used = figures.statistics.store.fileBytes + (figures.walBytes ?? 0)
            samples.append(HealthSample(.disk, "data_bytes", Double(used), .bytes))
        }
        if let limit = figures.process.memoryBytesMax, let free = figures.process.memoryAvailableBytes, limit > 0 {
            samples.append(HealthSample(.memory, "available_share", Double(free) / Double(limit), .share))
        }
        if let resident = figures.process.residentBytes {
            samples.append(HealthSample(.memory, "resident_bytes", Double(resident), .bytes))
        }
        return samples
    }

    private func backup(_ figures: EngineFigures) -> [HealthSample] {
        guard let count = figures.backupCount else { return [] }
        var samples = [HealthSample(.backup, "backup_count", Double(count))]
        if let last = figures.lastBackupAt {
            samples.append(HealthSample(.backup, "age_seconds", max(0, (figures.at - last) / .seconds(1)), .seconds))
        }
        return samples
    }
}
