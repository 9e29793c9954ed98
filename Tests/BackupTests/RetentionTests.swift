import Backup
import StrataCore
import Testing

@Suite struct RetentionTests {
    private static let hour: Int64 = 3_600_000
    private static let start: Int64 = 20_000 * 24 * hour

    private func entry(_ number: Int, hour: Int64, base: Int? = nil) -> BackupFolder.Entry {
        var header = BackupHeader(
            id: "\(number)", kind: base == nil ? .full : .incremental,
            createdAt: Timestamp(milliseconds: Self.start + hour * Self.hour), change: Int64(number), schemaVersion: 1,
            pageSize: 4096, pageCount: 1)
        header.baseID = base.map(String.init)
        return BackupFolder.Entry(path: "\(number)", fileBytes: 1, header: header)
    }

    private func kept(_ policy: RetentionPolicy, _ entries: [BackupFolder.Entry]) -> [Int] {
        let expired = Set(policy.expired(entries))
        return entries.filter { !expired.contains($0) }.compactMap { Int($0.header.id) }
    }

    @Test func theNewestOfEachHourDayAndWeekStays() {
        let entries = (0..<24 * 30).map { entry($0, hour: Int64($0)) }
        let kept = kept(RetentionPolicy(hourlyCount: 3, dailyCount: 2, weeklyCount: 2), entries)
        // Day 20 000 was a Friday, so weeks end with days 2, 9, 16 and 23.
        #expect(kept == [24 * 24 - 1, 24 * 29 - 1, 24 * 30 - 3, 24 * 30 - 2, 24 * 30 - 1])
    }

    @Test func theNewestStaysWhateverThePolicy() {
        let entries = (0..<5).map { entry($0, hour: Int64($0)) }
        #expect(kept(RetentionPolicy(hourlyCount: 0, dailyCount: 0, weeklyCount: 0), entries) == [4])
        #expect(RetentionPolicy().expired([]) == [])
    }

    @Test func whatAKeptBackupIsBuiltUponStays() {
        let entries = [entry(0, hour: 0), entry(1, hour: 1, base: 0), entry(2, hour: 2, base: 1), entry(3, hour: 3)]
        #expect(kept(RetentionPolicy(hourlyCount: 2, dailyCount: 0, weeklyCount: 0), entries) == [0, 1, 2, 3])
        #expect(kept(RetentionPolicy(hourlyCount: 1, dailyCount: 0, weeklyCount: 0), entries) == [3])
    }

    @Test func aScheduleAsksForFullBackupsAndIncrementsInTheirTime() {
        var schedule = BackupSchedule(interval: .seconds(3600), fullInterval: .seconds(86_400), incrementCountMax: 3)
        func due(_ entries: [BackupFolder.Entry], _ hour: Int64) -> BackupHeader.Kind? {
            schedule.due(after: entries, at: Timestamp(milliseconds: Self.start + hour * Self.hour))
        }
        let entries = [entry(0, hour: 0), entry(1, hour: 1, base: 0)]
        #expect(due([], 0) == .full)
        #expect(due(entries, 1) == nil)
        #expect(due(entries, 2) == .incremental)
        #expect(due(entries, 30) == .full)
        #expect(due(entries, -5) == .full, "a clock that was set back stops backups")
        schedule.incrementCountMax = 1
        #expect(due(entries, 2) == .full)
        #expect(due([entry(1, hour: 1, base: 0)], 2) == .full, "increments go on upon a chain with a missing link")
    }
}
