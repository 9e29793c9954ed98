public import Telemetry

extension MemoryEngine {
    /// What the engine's metrics mean, to be handed to ``PrometheusMetrics/init(descriptions:seriesCountMax:)``.
    public static let metricDescriptions: [String: MetricDescription] = [
        "strata_operation_duration_seconds": .init("Duration of calls, by operation and status (ok or an error code)."),
        "strata_recall_stage_duration_seconds": .init("Duration of the stages of recalls."),
        "strata_recall_hits": .init("How many hits recalls gave.", buckets: MetricBuckets.counts),
        "strata_embed_duration_seconds": .init(
            "Time in the embedder, queue included, of a query or of a call's documents."),
        "strata_remembered": .init("Memories handed in, by what became of them."),
        "strata_forgotten": .init("Records that were forgotten on demand."),
        "strata_degraded": .init("Calls that were carried out with less than the usual means, by reason."),
        "strata_commit_duration_seconds": .init("Duration of transactions, their sync to disk included."),
        "strata_commit_units": .init("Writes that shared a transaction.", buckets: MetricBuckets.counts),
        "strata_promotions": .init("Records that were promoted, by layers and policy."),
        "strata_expired": .init("Records that outlived their layer, by layer."),
        "strata_evicted": .init("Records that left a layer that was full, by layer."),
    ]
}
