internal import Foundation
internal import StrataCore

extension MemoryEngine {
    /// How the periodic jobs do: when they last ran, what they did, when they run next.
    public var backgroundJobs: [JobStatus] { get async { await scheduler.statuses } }

    /// The latest events, at most 256, oldest first.
    public var recentEvents: [EngineEvent] { events.recent }

    /// Looks at promotion every 15 seconds while memories stream in, every hour otherwise; both can be configured.
    public func setStreaming(_ isStreaming: Bool) async {
        let background = configuration.background
        await scheduler.setInterval(
            isStreaming ? background.streamingPromotionInterval : background.promotionInterval, of: JobName.promotion)
    }

    /// Takes over what earlier processes noted of the jobs and begins the background work, or catches up a little.
    func beginBackground() async throws {
        let jobs = standardJobs() + configuration.background.jobs
        var earlier: [JobStatus] = []
        for job in jobs {
            guard let text = try await store.savedText(named: JobName.saved(job.name)) else { continue }
            // A note that cannot be read is of another version; the job then counts as never run.
            if let old = try? JSONDecoder().decode(JobStatus.self, from: Data(text.utf8)) { earlier.append(old) }
        }
        await scheduler.prepare(jobs, earlier)
        if configuration.background.isEnabled {
            await scheduler.start()
        } else {
            await catchUp(earlier.first { $0.name == JobName.promotion })
        }
    }

    /// Begins an overdue promotion cycle, for a short time.
    ///
    /// A failure costs no memory and must not keep one from opening; it is in the job's status.
    private func catchUp(_ last: JobStatus?) async {
        let life = configuration.lifecycle
        guard let limit = life.catchUpAfter, canForgetCheaply else { return }
        let now = configuration.environment.now
        let start = now()
        if let succeeded = last?.lastSucceededAt, start - succeeded < limit { return }
        guard let names = try? await store.namespaces(), !names.isEmpty else { return }
        _ = try? await scheduler.byHand(JobName.promotion, figures: \.figures) { _ in
            var cycle = try await PromotionCycle(
                self, in: nil, dryRun: false, rotation: last?.runCount ?? 0, pageCount: 100)
            while try await cycle.step(onDecision: { _ in }) {
                // A cycle that is cut short does not count as done, so that the next opening goes on with it.
                guard now() - start < life.catchUpTimeMax else {
                    throw StrataError(.overloaded, "the cycle was cut short after \(life.catchUpTimeMax)")
                }
            }
            return cycle.report
        }
    }

    /// Keeps a job's status for the next process, which runs frequent jobs at once anyway; a store that cannot write costs
    /// the note only.
    static func note(_ status: JobStatus, _ writes: WriteQueue) async {
        guard status.intervalSeconds >= 60, let data = try? JSONEncoder().encode(status) else { return }
        _ = try? await writes.commit([.save(String(decoding: data, as: UTF8.self), named: JobName.saved(status.name))])
    }

    /// The jobs that every engine has; each holds the engine weakly, so that they do not keep it alive.
    private func standardJobs() -> [any BackgroundJob] {
        let background = configuration.background
        return [
            ClosureJob(name: JobName.uses, interval: background.useInterval) { [weak self] _ in
                try await self?.flushUses()
                return [:]
            },
            ClosureJob(name: JobName.promotion, interval: background.promotionInterval) { [weak self] pace in
                try await self?.promote(in: nil, pace: pace).figures ?? [:]
            },
            ClosureJob(name: JobName.cleanup, interval: background.cleanupInterval) { [weak self] pace in
                try await self?.cleanUp(pace: pace).figures ?? [:]
            },
            ClosureJob(
                name: JobName.retraining, interval: configuration.lifecycle.learned.retrainingInterval
            ) { [weak self] _ in
                try await self?.retrain().figures ?? [:]
            },
            ClosureJob(name: JobName.resources, interval: configuration.resources.interval) { [weak self] _ in
                try await self?.adaptToMemory().figures ?? [:]
            },
            ClosureJob(name: JobName.checkpoint, interval: background.checkpointInterval) { [weak self] _ in
                ["frames": try await self?.store.upkeep(.checkpoint, limit: 1).doneCount ?? 0]
            },
        ]
    }
}

/// The names of the engine's own jobs.
enum JobName {
    static let uses = "uses"
    static let promotion = "promotion"
    static let cleanup = "cleanup"
    static let retraining = "promotion_retraining"
    static let resources = "resources"
    static let checkpoint = "checkpoint"

    /// Under which name a job's status is saved.
    static func saved(_ name: String) -> String { "job.\(name)" }
}

extension PromotionReport {
    /// The report as named counts.
    var figures: [String: Int] {
        var figures = ["candidates": candidateCount, "conflicts": conflictCount]
        if advisedCount > 0 { figures["model_would_promote"] = modelCount }
        for layer in Layer.allCases {
            if let count = promotedCounts[layer], count > 0 { figures["promoted_from_\(layer)"] = count }
            if let count = expiredCounts[layer], count > 0 { figures["expired_from_\(layer)"] = count }
        }
        return figures
    }
}
