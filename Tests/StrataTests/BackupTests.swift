import Backup
import Foundation
import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct BackupTests {
    private struct Setting {
        let scratch: Scratch
        let clock = ManualClock()
        let folder: BackupFolder

        init() throws {
            scratch = try Scratch()
            folder = BackupFolder(path: scratch.path + "/backups")
        }

        var data: String { scratch.path + "/data" }

        func open(seed: UInt64) async throws -> MemoryEngine {
            try await openEngine(at: data, clock: clock, seed: seed) { $0.nearDuplicates = nil }
        }

        func restore(_ configure: (inout RestoreOptions) -> Void = { _ in }) async throws -> RestoreReceipt {
            var options = RestoreOptions()
            configure(&options)
            return try await MemoryEngine.restore(from: folder, to: data, options: options)
        }
    }

    private func everything(_ engine: MemoryEngine, in namespace: String) async throws -> [RecordID: MemoryRecord] {
        let records = try await engine.list(in: namespace, limit: 1000).records
        return Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0) })
    }

    @Test(arguments: Seeds.ci)
    func everySavedStateComesBackExactly(seed: UInt64) async throws {
        let setting = try Setting()
        var random = SeededGenerator(seed: seed)
        var engine = try await setting.open(seed: seed)
        var states: [(id: String, a: [RecordID: MemoryRecord], b: [RecordID: MemoryRecord])] = []
        for round in 0..<4 {
            for step in 0..<25 {
                setting.clock.advance(by: .seconds(1))
                let namespace = Bool.random(using: &random) ? "a" : "b"
                let known = try await everything(engine, in: namespace).keys.sorted()
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<6:
                    try await engine.remember(
                        NewMemory("seed \(seed) round \(round) step \(step)", tags: ["t\(step % 3)"]), in: namespace)
                case 6..<8:
                    guard let id = known.randomElement(using: &random) else { continue }
                    try await engine.update(
                        id, RecordPatch(text: "edited in \(round) at \(step)", layer: .insights), in: namespace)
                default:
                    guard let id = known.randomElement(using: &random) else { continue }
                    try await engine.forget(.ids([id]), in: namespace)
                }
            }
            let receipt = try await engine.backUp(to: setting.folder)
            #expect(receipt.header.kind == (round == 0 ? .full : .incremental))
            states.append(
                (receipt.header.id, try await everything(engine, in: "a"), try await everything(engine, in: "b")))
        }
        try await engine.close()
        for state in states.reversed() {
            let verified = try await MemoryEngine.verifyBackup(
                state.id, in: setting.folder, scratch: setting.scratch.path)
            #expect(verified.recordCount == state.a.count + state.b.count)
            let receipt = try await setting.restore {
                $0.backupID = state.id
                $0.appliesForgets = false
            }
            #expect(receipt.recordCount == verified.recordCount)
            engine = try await setting.open(seed: seed + 100)
            #expect(try await everything(engine, in: "a") == state.a)
            #expect(try await everything(engine, in: "b") == state.b)
            for record in state.a.values {
                let hits = try await engine.recall(record.text, in: "a", options: RecallOptions(countsUse: false))
                #expect(hits.contains { $0.record.text == record.text })
            }
            try await engine.close()
        }
        let leftovers = try FileManager.default.contentsOfDirectory(atPath: setting.data).filter {
            $0.hasPrefix(".tmp")
        }
        #expect(leftovers.isEmpty)
    }

    @Test func writesGoOnWhileABackupIsMade() async throws {
        let setting = try Setting()
        let engine = try await setting.open(seed: 1)
        for number in 0..<50 { try await engine.remember(NewMemory("before \(number)")) }
        let writing = Task {
            for number in 0..<60 { try await engine.remember(NewMemory("during \(number)")) }
        }
        var receipts: [BackupReceipt] = []
        for _ in 0..<4 {
            setting.clock.advance(by: .seconds(1))
            receipts.append(try await engine.backUp(to: setting.folder))
        }
        try await writing.value
        try await engine.close()
        for receipt in receipts {
            let verified = try await MemoryEngine.verifyBackup(receipt.header.id, in: setting.folder)
            #expect(verified.recordCount == Int(receipt.header.change))
        }
    }

    @Test func whatWasForgottenSinceStaysForgottenUnlessAskedOtherwise() async throws {
        let setting = try Setting()
        var engine = try await setting.open(seed: 1)
        let kept = try await engine.remember("the ferry leaves at nine").record.id
        let secret = try await engine.remember("the code is xylophone").record.id
        try await engine.backUp(to: setting.folder)
        try await engine.forget(.ids([secret]))
        let lastChange = try await engine.stats().store.change
        try await engine.close()
        var receipt = try await setting.restore()
        #expect(receipt.forgottenCount == 1 && receipt.recordCount == 1)
        engine = try await setting.open(seed: 2)
        #expect(try await everything(engine, in: "default").keys.sorted() == [kept])
        let next = try await engine.remember("a later memory").record.change
        #expect(next > lastChange, "a change number was given out twice")
        try await engine.close()
        // The entry was carried over, so a second restore knows of it as well.
        receipt = try await setting.restore()
        #expect(receipt.forgottenCount == 1)
        receipt = try await setting.restore { $0.appliesForgets = false }
        #expect(receipt.recordCount == 2)
    }

    @Test func aRestoreGoesBackToAnyChange() async throws {
        let setting = try Setting()
        var engine = try await setting.open(seed: 1)
        var states: [Int64: [RecordID: MemoryRecord]] = [:]
        func note() async throws {
            setting.clock.advance(by: .seconds(1))
            let state = try await everything(engine, in: "default")
            states[try await engine.stats().store.change] = state
        }
        let first = try await engine.remember(NewMemory("one", tags: ["x"])).record.id
        try await note()
        let second = try await engine.remember("two", in: "default").record.id
        try await note()
        try await engine.backUp(to: setting.folder)
        try await engine.update(first, RecordPatch(text: "one, edited", tags: ["y"], importance: 0.9))
        try await note()
        try await engine.update(second, RecordPatch(layer: .assets, pinned: true))
        try await note()
        try await engine.remember("three")
        try await note()
        try await engine.update(first, RecordPatch(text: "one, edited again"))
        try await note()
        try await engine.backUp(to: setting.folder)
        try await engine.close()
        for (change, state) in states.sorted(by: { $0.key > $1.key }) {
            let receipt = try await setting.restore {
                $0.change = change
                $0.appliesForgets = false
            }
            #expect(receipt.change == change && receipt.recordCount == state.count)
            engine = try await setting.open(seed: 2)
            let found = try await everything(engine, in: "default")
            #expect(Set(found.keys) == Set(state.keys), "at change \(change)")
            for (id, record) in found {
                var expected = try #require(state[id])
                expected.embeddingSpace = record.embeddingSpace
                #expect(record == expected, "at change \(change)")
            }
            try await engine.embedMissing()
            #expect(try await engine.recall("two").first?.record.text == (state[second] == nil ? "one" : "two"))
            try await engine.close()
        }
        await #expect(throws: StrataError.self) { _ = try await setting.restore { $0.change = 999 } }
    }

    @Test func oneNamespaceComesBackBesideTheOthers() async throws {
        let setting = try Setting()
        var engine = try await setting.open(seed: 1)
        try await engine.remember("of a", in: "a")
        try await engine.remember(NewMemory("of b", tags: ["t"]), in: "b")
        try await engine.backUp(to: setting.folder)
        try await engine.remember("later of a", in: "a")
        try await engine.forget(.everything, in: "b")
        try await engine.remember("later of b", in: "b")
        try await engine.close()
        #expect(try await setting.restore { ($0.namespace, $0.appliesForgets) = (("b", "b"), false) }.recordCount == 1)
        #expect(try await setting.restore { $0.namespace = ("a", "copy of a") }.recordCount == 1)
        await #expect(throws: StrataError.self) { _ = try await setting.restore { $0.namespace = ("c", "c") } }
        engine = try await setting.open(seed: 2)
        #expect(Set(try await everything(engine, in: "a").values.map(\.text)) == ["of a", "later of a"])
        #expect(try await everything(engine, in: "b").values.map(\.text) == ["of b"])
        #expect(try await engine.recall("of b", in: "b", options: RecallOptions(signals: .vector)).count == 1)
        #expect(try await everything(engine, in: "copy of a").values.map(\.text) == ["of a"])
        #expect(try await engine.namespaces() == ["a", "b", "copy of a"])
        try await engine.close()
        let report = await MemoryEngine.diagnose(at: setting.data, configuration: .wordsOnly, verification: .check)
        #expect(report.checks.first { $0.name == "verify" }?.status == .ok)
    }

    @Test func damagedInputIsRefusedAndNothingLiveIsTouched() async throws {
        let setting = try Setting()
        var engine = try await setting.open(seed: 1)
        for number in 0..<20 { try await engine.remember(NewMemory("memory \(number)")) }
        let receipt = try await engine.backUp(to: setting.folder)
        try await engine.remember("only in the live memory")
        try await engine.close()
        let good = try Data(contentsOf: URL(filePath: receipt.path))
        let live = try Data(contentsOf: URL(filePath: setting.data + "/strata.sqlite"))
        var random = SeededGenerator(seed: 7)
        for _ in 0..<12 {
            var bad = SeededMutator.mutated(Array(good), random: &random)
            if bad == Array(good) { bad.removeLast() }
            try Data(bad).write(to: URL(filePath: receipt.path))
            await #expect(throws: StrataError.self) { _ = try await setting.restore() }
            await #expect(throws: StrataError.self) {
                _ = try await MemoryEngine.verifyBackup(in: setting.folder)
            }
        }
        #expect(try Data(contentsOf: URL(filePath: setting.data + "/strata.sqlite")) == live)
        engine = try await setting.open(seed: 2)
        #expect(try await everything(engine, in: "default").count == 21)
        await #expect(throws: StrataError.self) { _ = try await setting.restore() }
        try await engine.close()
    }

    @Test func aDamagedDatabaseIsReplacedAndKeptAside() async throws {
        let setting = try Setting()
        var engine = try await setting.open(seed: 1)
        try await engine.remember("saved")
        try await engine.backUp(to: setting.folder)
        try await engine.close()
        let noise = Data((0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        try noise.write(to: URL(filePath: setting.data + "/strata.sqlite"))
        let receipt = try await setting.restore()
        #expect(try Data(contentsOf: URL(filePath: try #require(receipt.previousPath))) == noise)
        engine = try await setting.open(seed: 2)
        #expect(try await everything(engine, in: "default").count == 1)
        try await engine.compact()
        #expect(!FileManager.default.fileExists(atPath: receipt.previousPath ?? ""))
        try await engine.close()
    }

    @Test func backupsAreMadeWhenTheyAreDueAndExpire() async throws {
        let setting = try Setting()
        let engine = try await setting.open(seed: 1)
        try await engine.remember("one")
        let schedule = BackupSchedule(
            incrementCountMax: 6, retention: RetentionPolicy(hourlyCount: 2, dailyCount: 0, weeklyCount: 0))
        #expect(try await engine.backUpIfDue(to: setting.folder, schedule: schedule)?.header.kind == .full)
        #expect(try await engine.backUpIfDue(to: setting.folder, schedule: schedule) == nil)
        for _ in 0..<25 {
            setting.clock.advance(by: .seconds(3600))
            #expect(try await engine.backUpIfDue(to: setting.folder, schedule: schedule) != nil)
        }
        let entries = setting.folder.list().entries
        #expect(entries.count <= 8 && entries.count >= 2, "\(entries.count) backups")
        #expect(try await MemoryEngine.verifyBackup(in: setting.folder).recordCount == 1)
        try await engine.close()
    }
}

extension EngineConfiguration {
    /// Without a model.
    static var wordsOnly: Self {
        var configuration = Self()
        configuration.model = .none
        return configuration
    }
}
