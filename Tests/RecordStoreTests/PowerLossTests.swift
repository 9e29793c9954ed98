import CFaultVFS
import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import RecordStore

extension DurabilityTests {
    /// What a scripted run was told: what is stored and what is forgotten.
    private struct Told {
        var stored: Set<Int> = []
        var forgotten: Set<Int> = []
        /// What was asked for and not answered: it may have happened or not.
        var open: Set<Int> = []
    }

    /// Stores, updates, forgets and compacts until it is done or the power is out.
    private static func runPowerScript(_ store: SQLiteStore) async -> Told {
        var told = Told()
        func attempt(_ number: Int, _ body: () async throws -> Void) async -> Bool {
            do {
                try await body()
                return true
            } catch {
                told.open.insert(number)
                return false
            }
        }
        for number in 1...14 where power_loss_is_out() == 0 {
            if await attempt(number, { try await store.remember(number) }) { told.stored.insert(number) }
            if number % 4 == 0 {
                let victim = number - 2
                told.stored.remove(victim)
                let isForgotten = await attempt(victim) {
                    _ = try await store.apply(.forget(.ids([StoreSample.id(victim)]), namespace: "a"))
                }
                if isForgotten { told.forgotten.insert(victim) }
            }
            if number % 5 == 0 {
                _ = await attempt(0) {
                    _ = try await store.apply(
                        .update(
                            StoreSample.id(number), namespace: "a", RecordPatch(importance: 0.9), content: nil,
                            ifChange: nil))
                }
            }
            if number == 9 { _ = await attempt(0) { try await store.compact() } }
        }
        return told
    }

    /// Every sync of the script, each with another way of losing what was not synced.
    @Test(arguments: [POWER_LOSS_DROP, POWER_LOSS_MIX, POWER_LOSS_GARBLE])
    func nothingAcknowledgedIsLostAtAnySyncAtWhichThePowerGoes(mode: power_loss_mode) async throws {
        var syncCount = 0
        try await withScratch { path in
            let store = try await Self.openFaulty(path)
            let before = fault_vfs_sync_count()
            let told = await Self.runPowerScript(store)
            #expect(told.open.isEmpty && told.forgotten == [2, 6, 10])
            try await store.close()
            syncCount = Int(fault_vfs_sync_count() - before)
        }
        try #require(syncCount > 18)
        var undoneCount = 0
        for sync in 1...syncCount {
            try await withScratch { path in
                let store = try await Self.openFaulty(path)
                power_loss_record(Int32(sync))
                let told = await Self.runPowerScript(store)
                try? await store.close()
                undoneCount += Int(power_loss_apply(mode, Seeds.ci[0] &* 1000 &+ UInt64(sync)))
                try? FileManager.default.removeItem(atPath: path + "-shm")

                let survivor = try await SQLiteStore.open(at: path)
                let found = Set(try await survivor.numbers())
                #expect(
                    told.stored.subtracting(told.open).isSubset(of: found),
                    "sync \(sync): an acknowledged write is lost")
                #expect(found.isDisjoint(with: told.forgotten), "sync \(sync): a forgotten record is back")
                #expect(found.isSubset(of: told.stored.union(told.open)), "sync \(sync)")
                let findings = try await survivor.verify(terms: VerifyTests.terms)
                #expect(findings == [], "sync \(sync)")
                try await survivor.remember(500)
                #expect(try await survivor.numbers().last == 500)
                try await survivor.close()
            }
        }
        #expect(undoneCount > 0, "no write was ever lost, so nothing was tested")
    }
}
