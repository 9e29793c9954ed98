internal import RecordStore
public import StrataCore
internal import TextModels

extension MemoryEngine {
    /// Cleans up once: evicts what is over a layer's count, removes orphaned rows, old history, expired cached embeddings
    /// and free pages. Expiry belongs to ``promote(in:dryRun:onDecision:)``, which tries promotion first.
    @discardableResult
    public func cleanUp() async throws -> CleanupReport {
        try await scheduler.byHand(JobName.cleanup, figures: \.figures) { pace in try await self.cleanUp(pace: pace) }
    }

    func cleanUp(pace: JobPace) async throws -> CleanupReport {
        try await metrics.measure(.cleanup) { try await clean(pace) }
    }

    private func clean(_ pace: JobPace) async throws -> CleanupReport {
        let start = configuration.environment.now()
        var report = CleanupReport()
        try await flushUses()
        for namespace in try await store.namespaces() { try await keepCounts(of: namespace, pace, &report) }
        warn(of: report.nearlyFull)
        report.orphanCount = try await upkeep(pace, limit: Self.rowCountMax) { .orphans(after: $0) }
        if let retention = configuration.lifecycle.historyRetention {
            let moment = configuration.environment.now() - retention
            report.historyCount = try await upkeep(pace, limit: Self.rowCountMax) { _ in .history(before: moment) }
        }
        let learned = configuration.lifecycle.learned
        let oldest = configuration.environment.now() - learned.logRetention
        report.decisionCount = try await upkeep(pace, limit: Self.rowCountMax) { _ in
            .decisions(before: oldest, countMax: learned.logCountMax)
        }
        report.expiredEmbeddingCount = cache?.removeExpired() ?? 0
        report.freedPageCount = try await upkeep(pace, limit: Self.pageCountMax) { _ in .freePages }
        report.milliseconds = (configuration.environment.now() - start).milliseconds
        return report
    }

    /// Rows that one step of upkeep looks at: some milliseconds of work.
    private static let rowCountMax = 2000
    /// Database pages that one step gives back.
    private static let pageCountMax = 256
    /// Records whose value is worked out, and that are evicted, in one step.
    private static let recordCountMax = 500

    private func upkeep(
        _ pace: JobPace, limit: Int, _ task: (Int64) -> StoreUpkeep
    ) async throws -> Int {
        var (count, next) = (0, Int64?.some(0))
        while let row = next {
            let outcome = try await store.upkeep(task(row), limit: limit)
            count += outcome.doneCount
            next = outcome.next
            try await pace.rest()
        }
        return count
    }

    private func keepCounts(of namespace: String, _ pace: JobPace, _ report: inout CleanupReport) async throws {
        let life = configuration.lifecycle
        let counts = try await store.statistics(in: namespace, space: nil).recordCounts
        for layer in Layer.allCases {
            let fill = LayerFill(
                namespace: namespace, layer: layer, recordCount: counts[layer] ?? 0,
                recordCountMax: life.recordCountMax(of: layer, in: namespace))
            if fill.share >= life.nearlyFullShare { report.nearlyFull.append(fill) }
            guard fill.recordCount > fill.recordCountMax else { continue }
            report.evictedCounts[layer, default: 0] += try await evict(fill, pace)
        }
        try await pace.rest()
    }

    /// Forgets the least valuable unpinned records of a layer that holds too many.
    private func evict(_ fill: LayerFill, _ pace: JobPace) async throws -> Int {
        let weights = configuration.lifecycle.value
        let now = configuration.environment.now()
        var choice = EvictionChoice(wantedCount: fill.recordCount - fill.recordCountMax)
        var position: LifecyclePosition?
        repeat {
            let page = try await store.lifecycleFacts(
                in: fill.namespace, layer: fill.layer, enteredBy: .latest, after: position, limit: Self.recordCountMax)
            for facts in page { choice.consider(facts, value: weights.value(of: facts, at: now)) }
            position = page.count == Self.recordCountMax ? page.last?.position : nil
            try await pace.rest()
        } while position != nil
        var rest = choice.chosen[...]
        var count = 0
        while !rest.isEmpty {
            let page = rest.prefix(Self.recordCountMax)
            rest = rest.dropFirst(page.count)
            let removals = page.map { entry in
                (
                    version: entry.facts.version,
                    reason: """
                    evicted: \(fill.layer) holds \(fill.recordCount) records, at most \(fill.recordCountMax); \
                    value \(PromotionRule.hundredths(entry.value))
                    """
                )
            }
            count += try await discard(removals, in: fill.namespace)
            try await pace.rest()
        }
        metrics.noteRemoval("evicted", from: fill.layer, count: count)
        return count
    }

    /// Reports each layer that has become nearly full since the last look, once.
    private func warn(of fills: [LayerFill]) {
        for fill in nearlyFull.replace(with: fills) {
            events.add(
                EngineEvent(
                    at: configuration.environment.now(), code: "layer_nearly_full", severity: .warning,
                    message: """
                        \(fill.layer) of namespace \(fill.namespace) holds \(fill.recordCount) of at most \
                        \(fill.recordCountMax) records; the least valuable unpinned ones beyond it are evicted; raise \
                        the count or forget some
                        """))
        }
    }

    /// How full the layers of a namespace are; of all namespaces, those that are known to be nearly full.
    func layerFills(in namespace: String?, _ statistics: StoreStatistics) -> [LayerFill] {
        guard let namespace else { return nearlyFull.current }
        return Layer.allCases.map { layer in
            LayerFill(
                namespace: namespace, layer: layer, recordCount: statistics.recordCounts[layer] ?? 0,
                recordCountMax: configuration.lifecycle.recordCountMax(of: layer, in: namespace))
        }
    }

    /// Whether records can be forgotten without emptying the embedding cache, which is what happens while it is closed.
    var canForgetCheaply: Bool {
        guard let directory else { return true }
        return cache?.isOnDisk == true || !SQLiteEmbeddingCache.exists(at: directory.cachePath)
    }
}

/// How full a layer of a namespace is.
public struct LayerFill: Sendable, Hashable, Codable {
    /// The namespace.
    public let namespace: String
    /// The layer.
    public let layer: Layer
    /// How many records it holds.
    public let recordCount: Int
    /// How many it may hold.
    public let recordCountMax: Int

    /// The share, 1 when it is full.
    public var share: Double { Double(recordCount) / Double(recordCountMax) }
}

/// What a clean-up did.
public struct CleanupReport: Sendable, Hashable, Codable {
    /// How many records were evicted from each layer.
    public var evictedCounts: [Layer: Int] = [:]
    /// How many rows belonged to no record.
    public var orphanCount = 0
    /// How many entries of the change log were older than what is kept.
    public var historyCount = 0
    /// How many entries of the log of promotion decisions were too old or too many.
    public var decisionCount = 0
    /// How many cached embeddings were too old.
    public var expiredEmbeddingCount = 0
    /// How many pages went back to the file system.
    public var freedPageCount = 0
    /// The layers that are nearly full, or were until the eviction.
    public var nearlyFull: [LayerFill] = []
    /// How long it took, rests included.
    public var milliseconds = 0.0

    /// How many records were evicted.
    public var evictedCount: Int { evictedCounts.values.reduce(0, +) }

    /// The report as named counts.
    var figures: [String: Int] {
        [
            "evicted": evictedCount, "orphans": orphanCount, "history": historyCount, "decisions": decisionCount,
            "expired_embeddings": expiredEmbeddingCount, "freed_pages": freedPageCount,
        ]
    }
}
