extension AlertRule {
    /// The rules that every engine comes with; docs/operations.md explains each.
    public static let standard: [AlertRule] = [
        AlertRule(
            "store_probe_failed", .store, "probe_failure_count", .above, [.warning: 1, .critical: 2, .fatal: 5],
            clear: 0, summary: "Writing and reading a test value failed.", command: "strata doctor"),
        AlertRule(
            "store_slow", .store, "probe_seconds", .above, [.warning: 0.25, .critical: 1], hold: 60,
            summary: "A durable write takes long.", command: "strata doctor"),
        AlertRule(
            "write_queue_full", .store, "queue_share", .above, [.warning: 0.5, .critical: 0.9],
            summary: "Writes wait for the disk.", command: "strata top"),
        AlertRule(
            "layer_nearly_full", .store, "layer_fill_share", .above, [.info: 0.8, .warning: 0.95], margin: 0.02,
            summary: "A layer is nearly full; its least valuable records will leave.", command: "strata promote"),
        AlertRule(
            "index_search_failed", .index, "probe_failure_count", .above, [.warning: 1, .critical: 2], clear: 0,
            summary: "The search among vectors failed or missed a test record.", command: "strata doctor --verify"),
        AlertRule(
            "recall_slow", .index, "recall_seconds", .above, [.warning: 0.25, .critical: 1], hold: 60,
            summary: "A test recall takes long.", command: "strata top"),
        AlertRule(
            "embedder_unavailable", .embedder, "degradation_level", .above, [.warning: 1, .critical: 2], clear: 0,
            summary: "The embedding model does not serve.", command: "strata doctor"),
        AlertRule(
            "vectors_missing", .embedder, "vector_missing_share", .above, [.info: 0.05, .warning: 0.5],
            summary: "Records without a vector are found by their words only.",
            command: "strata doctor --embed-missing"),
        AlertRule(
            "reranker_unavailable", .reranker, "unavailable", .above, [.warning: 1], clear: 0,
            summary: "The reranker could not be loaded; recalls go without.", command: "strata doctor"),
        AlertRule(
            "promotion_overdue", .promotion, "overdue_intervals", .above, [.warning: 3, .critical: 24], clear: 0,
            summary: "Records were not promoted or expired for several intervals.", command: "strata promote"),
        AlertRule(
            "cache_reset", .cache, "reset_count", .above, [.info: 1],
            summary: "The cache of embeddings was damaged and made anew.", command: "strata doctor"),
        AlertRule(
            "job_failing", .scheduler, "failing_job_count", .above, [.warning: 1], clear: 0,
            summary: "A background job failed when it last ran.", command: "strata stats"),
        AlertRule(
            "disk_space_low", .disk, "free_bytes", .below,
            [.warning: 536_870_912, .critical: 67_108_864, .fatal: 8_388_608],
            summary: "The disk of the data directory is nearly full.", command: "strata cleanup"),
        AlertRule(
            "memory_low", .memory, "available_share", .below, [.warning: 0.08, .critical: 0.03], hold: 30,
            summary: "The machine or the control group is short of memory.", command: "strata stats"),
        AlertRule(
            "backup_old", .backup, "age_seconds", .above, [.warning: 26 * 3600, .critical: 72 * 3600], clear: 0,
            margin: 0, summary: "The newest backup is old.", command: "strata backup create"),
        AlertRule(
            "backup_missing", .backup, "backup_count", .below, [.warning: 0], clear: 0,
            summary: "There is no backup.", command: "strata backup create"),
    ]
}
