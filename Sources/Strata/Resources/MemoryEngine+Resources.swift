internal import StrataCore
internal import Synchronization
internal import TextModels

extension MemoryEngine {
    /// Looks at the memory that there is, and makes the embedding cache smaller or larger and idle indexes leave.
    ///
    /// - Returns: the state after it; the job of that name does the same.
    @discardableResult
    public func followResources() async throws -> ResourceState {
        try await scheduler.byHand(JobName.resources, figures: \.figures) { _ in try await self.adaptToMemory() }
    }

    func adaptToMemory() async throws -> ResourceState {
        let read = configuration.environment.memoryReading
        guard let reading = try await offPool({ read() }) else { return resources.withLock { $0.state } }
        let now = configuration.environment.now()
        let statistics = await cache?.statistics()
        let fill = Double(statistics?.residentBytes ?? 0) / Double(max(1, cacheBytesMax))
        guard let action = resources.withLock({ $0.next(reading, cacheFill: fill, at: now) }) else {
            return resources.withLock { $0.state }
        }
        cache?.setResidentBytesMax(cacheBytesMax)
        var unloadedCount = 0
        if action.unloadsIndexes {
            let idle = action.isCritical ? Duration.zero : configuration.resources.indexIdleMin
            unloadedCount = embedding?.keepers.reduce(0) { $0 + $1.unload(unusedSince: now - idle) } ?? 0
        }
        guard action.cacheShare != nil || unloadedCount > 0 else { return resources.withLock { $0.state } }
        let size =
            action.cacheShare.map { "the embedding cache may use \(Int($0 * 100)) % of its size" } ?? "no cache changed"
        events.add(
            EngineEvent(
                at: now, code: action.trigger, severity: action.isCritical ? .warning : .info,
                message: """
                    \(reading.usedBytes) of \(reading.limitBytes) bytes are in use (\(reading.source)); \(size); \
                    \(unloadedCount) vector indexes left memory
                    """))
        return resources.withLock { $0.state }
    }

    /// How many bytes the embedding cache may hold at present.
    private var cacheBytesMax: Int {
        let share = resources.withLock { $0.state.cacheShare }
        return Int(Double(configuration.cache?.residentBytesMax ?? 0) * share)
    }
}

extension MemoryEngine {
    /// The state, with a reading of this moment when the job has made none.
    func resourceState() async -> ResourceState {
        var state = resources.withLock { $0.state }
        let read = configuration.environment.memoryReading
        if state.reading == nil { state.reading = try? await offPool { read() } }
        return state
    }
}

extension ResourceState {
    /// The state as named counts.
    var figures: [String: Int] { ["cache_percent": Int(cacheShare * 100), "changes": changeCount] }
}
