public import StrataCore

/// Which backups are kept: the newest of each of the last hours, days and weeks.
public struct RetentionPolicy: Sendable, Hashable {
    /// For how many hours with backups the newest one of the hour is kept. 24.
    public var hourlyCount: Int
    /// For how many days (UTC) with backups the newest one of the day is kept. 7.
    public var dailyCount: Int
    /// For how many weeks (from Monday, UTC) with backups the newest one of the week is kept. 4.
    public var weeklyCount: Int

    /// A policy of those counts, each 0 or more.
    public init(hourlyCount: Int = 24, dailyCount: Int = 7, weeklyCount: Int = 4) {
        self.hourlyCount = hourlyCount
        self.dailyCount = dailyCount
        self.weeklyCount = weeklyCount
    }

    private static let hour: Int64 = 3_600_000
    private static let day = 24 * hour

    /// The backups that may go. Pure.
    ///
    /// The newest backup always stays, and so does whatever a kept one is built upon.
    public func expired(_ entries: [BackupFolder.Entry]) -> [BackupFolder.Entry] {
        let newestFirst = entries.sorted {
            ($0.header.createdAt, $0.header.id) > ($1.header.createdAt, $1.header.id)
        }
        var kept: Set<String> = Set(newestFirst.prefix(1).map(\.header.id))
        // The epoch was a Thursday, so weeks from Monday begin three days earlier.
        for (count, length, shift) in [
            (hourlyCount, Self.hour, 0), (dailyCount, Self.day, 0), (weeklyCount, 7 * Self.day, 3 * Self.day),
        ] {
            var periods: Set<Int64> = []
            for entry in newestFirst where periods.count < count {
                let moment = entry.header.createdAt.milliseconds + shift
                let period = Int64((Double(moment) / Double(length)).rounded(.down))
                if periods.insert(period).inserted { kept.insert(entry.header.id) }
            }
        }
        let bases = Dictionary(entries.map { ($0.header.id, $0.header.baseID) }) { first, _ in first }
        for id in kept {
            var base = bases[id] ?? nil
            while let id = base, kept.insert(id).inserted { base = bases[id] ?? nil }
        }
        return entries.filter { !kept.contains($0.header.id) }
    }
}

/// When backups are made by themselves.
public struct BackupSchedule: Sendable, Hashable {
    /// How long after one backup the next is due. An hour.
    public var interval: Duration
    /// How long after a full backup the next one is full again. A week.
    public var fullInterval: Duration
    /// The most increments upon one full backup, which bounds what a restore has to read. 100.
    public var incrementCountMax: Int
    /// What is kept.
    public var retention: RetentionPolicy

    /// A schedule of those times.
    public init(
        interval: Duration = .seconds(3600), fullInterval: Duration = .seconds(7 * 86_400),
        incrementCountMax: Int = 100, retention: RetentionPolicy = RetentionPolicy()
    ) {
        self.interval = interval
        self.fullInterval = fullInterval
        self.incrementCountMax = incrementCountMax
        self.retention = retention
    }

    /// What is to be made now; nil when nothing is due. Pure.
    ///
    /// A clock that was set back does not stop backups: one from the future counts as due.
    public func due(after entries: [BackupFolder.Entry], at now: Timestamp) -> BackupHeader.Kind? {
        guard let last = entries.map(\.header).max(by: { $0.createdAt < $1.createdAt }) else { return .full }
        guard last.createdAt > now || last.createdAt + interval <= now else { return nil }
        guard let chain = try? BackupFolder.chain(to: last.id, in: entries), let full = chain.first?.header,
            chain.count <= incrementCountMax, full.createdAt <= now, full.createdAt + fullInterval > now
        else { return .full }
        return .incremental
    }
}
