import Foundation
import StrataCore
import StrataTesting
import Synchronization
import Testing

@testable import Strata

@Suite struct MemoryReadingTests {
    private static let machine = [
        "/proc/meminfo": "MemTotal:       1000 kB\nMemFree:  100 kB\nMemAvailable:    700 kB\n",
        "/proc/pressure/memory":
            "some avg10=12.50 avg60=1.00 avg300=0.10 total=9\nfull avg10=3.00 avg60=0 avg300=0 total=1\n",
    ]

    private func read(_ files: [String: String]) -> MemoryReading? {
        let all = Self.machine.merging(files) { $1 }
        return MemoryReading.read { all[$0] }
    }

    @Test func withoutALimitTheMachineCounts() {
        let expected = MemoryReading(source: .machine, limitBytes: 1_024_000, usedBytes: 307_200, pressure: 0.125)
        #expect(read([:]) == expected)
        #expect(read(["/proc/self/cgroup": "0::/\n"]) == expected)
        #expect(read(["/proc/pressure/memory": "nonsense"])?.pressure == nil)
        #expect(MemoryReading.read { _ in nil } == nil)
        #expect(MemoryReading.read { _ in "MemTotal: 0 kB\nMemAvailable: 0 kB" } == nil)
    }

    @Test func aLimitOfVersionTwoCountsWhereverItStandsAboveTheProcess() {
        let files = [
            "/proc/self/cgroup": "0::/app/worker\n",
            "/sys/fs/cgroup/app/worker/memory.max": "max\n", "/sys/fs/cgroup/app/worker/memory.current": "5000\n",
            "/sys/fs/cgroup/app/memory.max": "100000\n", "/sys/fs/cgroup/app/memory.current": "90000\n",
            "/sys/fs/cgroup/app/memory.stat": "anon 1\ninactive_file 20000\nactive_file 7\n",
        ]
        #expect(
            read(files)
                == MemoryReading(
                    source: .cgroup2, limitBytes: 100_000, usedBytes: 70_000, pressure: 0.125,
                    groupLimitBytes: 100_000))
    }

    @Test func aLimitOfVersionOneCountsAndNoLimitIsAHugeNumber() {
        var files = [
            "/proc/self/cgroup": "9:cpu,cpuacct:/x\n4:memory:/box\n0::/\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes": "999999999\n",
            "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": "200000\n",
            "/sys/fs/cgroup/memory/box/memory.usage_in_bytes": "100000\n",
            "/sys/fs/cgroup/memory/box/memory.stat": "inactive_file 9\ntotal_inactive_file 10000\n",
        ]
        #expect(
            read(files)
                == MemoryReading(
                    source: .cgroup1, limitBytes: 200_000, usedBytes: 90_000, pressure: 0.125, groupLimitBytes: 200_000)
        )
        files["/sys/fs/cgroup/memory/box/memory.limit_in_bytes"] = "-1"
        #expect(read(files)?.source == .machine)
    }

    @Test func thisMachineCanBeRead() throws {
        let reading = try #require(MemoryReading.now())
        #expect(reading.limitBytes > 1 << 20 && reading.usedBytes > 0 && reading.share > 0 && reading.share <= 1)
    }
}

@Suite struct ResourcePolicyTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func reading(_ percent: Int, pressure: Double? = nil) -> MemoryReading {
        MemoryReading(source: .machine, limitBytes: 100, usedBytes: percent, pressure: pressure)
    }

    @Test func criticalMemoryActsAtOnceEvenWhileCoolingAndDownToTheLeastShareOnly() {
        var policy = ResourcePolicy(ResourceConfiguration())
        var shares: [Double] = []
        for second in 0..<12 {
            let action = policy.next(reading(90), cacheFill: 1, at: start + .seconds(second))
            #expect(action?.trigger == "memory_critical" && action?.unloadsIndexes == true)
            if let share = action?.cacheShare { shares.append(share) }
        }
        #expect(abs((shares.first ?? 0) - 0.7) < 1e-9 && shares.last == 0.05 && shares.count == 9)
        #expect(policy.state.changeCount == 9)
    }

    @Test func waitingForMemoryIsCriticalWhateverTheShare() {
        var policy = ResourcePolicy(ResourceConfiguration())
        #expect(policy.next(reading(10, pressure: 0.2), cacheFill: 0, at: start) == nil)
        #expect(policy.next(reading(10, pressure: 0.21), cacheFill: 0, at: start)?.isCritical == true)
    }

    @Test func pressureShrinksOnceACoolDownAndRoomLetsAFullCacheGrowBack() {
        var policy = ResourcePolicy(ResourceConfiguration())
        #expect(policy.next(reading(80), cacheFill: 0.5, at: start)?.cacheShare == 0.85)
        #expect(policy.next(reading(80), cacheFill: 0.5, at: start + .seconds(299)) == nil)
        for second in 0..<5 { _ = policy.next(reading(40), cacheFill: 0.5, at: start + .seconds(300 + second)) }
        #expect(policy.next(reading(40), cacheFill: 0.8, at: start + .seconds(306)) == nil)
        #expect(policy.next(reading(40), cacheFill: 0.81, at: start + .seconds(307))?.trigger == "memory_available")
        #expect(policy.state.cacheShare == 1)
        #expect(policy.next(reading(40), cacheFill: 1, at: start + .seconds(900)) == nil)
    }

    @Test func betweenTheMarksOnlyANearlyFullCacheGrows() {
        var policy = ResourcePolicy(ResourceConfiguration())
        _ = policy.next(reading(86), cacheFill: 0, at: start)
        for second in 0..<5 { _ = policy.next(reading(55), cacheFill: 0.85, at: start + .seconds(second + 1)) }
        #expect(policy.next(reading(55), cacheFill: 0.85, at: start + .seconds(400)) == nil)
        #expect(policy.next(reading(55), cacheFill: 0.95, at: start + .seconds(401))?.trigger == "usage_growth")
        #expect(abs(policy.state.cacheShare - 0.84) < 1e-9)
    }

    @Test func badSettingsAreRefused() {
        var wrong: [ResourceConfiguration] = Array(repeating: ResourceConfiguration(), count: 4)
        wrong[0].targetShare = 0.9
        wrong[1].interval = .zero
        wrong[2].cacheShareMin = 0
        wrong[3].coolDown = .seconds(-1)
        for configuration in wrong { #expect(throws: StrataError.self) { try configuration.validate() } }
    }
}

@Suite struct ResourceJobTests {
    @Test func underPressureTheCacheShrinksAndIdleIndexesLeaveAndBothComeBack() async throws {
        let (scratch, clock) = (try Scratch(), ManualClock())
        let share = Mutex(50)
        let embedder = SeededEmbedder()
        let engine = try await openEngine(at: scratch.path, embedder: embedder, clock: clock) {
            $0.cache?.residentBytesMax = 100_000
            $0.environment.memoryReading = {
                MemoryReading(source: .cgroup2, limitBytes: 100, usedBytes: share.withLock { $0 }, pressure: nil)
            }
        }
        func cacheBytes() async throws -> Int { try #require(await engine.stats().cache?.residentBytes) }
        for number in 0..<400 { try await engine.remember(NewMemory("note number \(number) of many")) }
        _ = try await engine.recall("note number 7")
        let (fullBytes, indexBytes) = (try await cacheBytes(), try await engine.stats().indexResidentBytes)
        #expect(fullBytes > 80_000 && indexBytes > 0)
        share.withLock { $0 = 95 }
        for _ in 0..<3 {
            clock.advance(by: .seconds(30))
            try await engine.followResources()
        }
        #expect(try await cacheBytes() <= 34_300)
        #expect(try await engine.stats().indexResidentBytes == 0)
        #expect(engine.recentEvents.map(\.code) == Array(repeating: "memory_critical", count: 3))
        #expect(try await engine.stats().resources.changeCount == 3)
        // What was forgotten or stored meanwhile is seen by the index that comes back.
        let id = try await engine.remember("a note that came while the index was away").record.id
        #expect(try await engine.recall("a note that came while the index was away").first?.record.id == id)
        #expect(try await engine.stats().indexResidentBytes > 0)
        share.withLock { $0 = 20 }
        for round in 0..<12 {
            clock.advance(by: .seconds(301))
            for number in 0..<200 { try await engine.remember(NewMemory("note \(round) \(number) of later days")) }
            try await engine.followResources()
        }
        #expect(try await engine.stats().resources.cacheShare == 1)
        #expect(try await cacheBytes() > 80_000)
        try await engine.close()
    }
}
