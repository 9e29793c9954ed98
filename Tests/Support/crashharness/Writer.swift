import Backup
import Foundation
import Strata
import StrataCore
import StrataTesting

/// Changes a memory from several tasks at once and says before each operation what it will do, and after it that it was
/// acknowledged.
///
/// Lines: `try NUMBER remember|update ID TEXT`, `try NUMBER forget|other ID`, `ok NUMBER`.
struct Writer {
    let folder: String
    let seed: UInt64
    static let laneCount = 4

    static func open(_ folder: String, seed: UInt64) async throws -> MemoryEngine {
        var configuration = EngineConfiguration()
        configuration.model = .embedder(SeededEmbedder(dimension: 64))
        let bits = SeededBits(seed: seed)
        configuration.environment.randomBits = { bits.next() }
        configuration.nearDuplicates = nil
        return try await MemoryEngine.open(at: folder + "/data", configuration: configuration)
    }

    func run() async throws {
        let engine = try await Self.open(folder, seed: seed)
        var known: [Int: [RecordID]] = [:]
        var cursor: String?
        repeat {
            let page = try await engine.list(cursor: cursor, limit: 1000)
            for record in page.records { known[Int(record.id.low % 4), default: []].append(record.id) }
            cursor = page.nextCursor
        } while cursor != nil
        Main.say("open")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<Self.laneCount {
                let ids = known[lane] ?? []
                group.addTask { try await run(engine, lane: lane, ids: ids) }
            }
            try await group.waitForAll()
        }
    }

    /// A lane changes only records whose id is its own modulo the number of lanes, so that lanes do not disturb one
    /// another.
    private func run(_ engine: MemoryEngine, lane: Int, ids known: [RecordID]) async throws {
        var random = SeededGenerator(seed: seed &* 16 &+ UInt64(lane))
        var ids = known
        var number = lane
        while true {
            number += Self.laneCount
            func say(_ what: String) { Main.say("try \(number) \(what)") }
            let place = ids.isEmpty ? 0 : Int.random(in: 0..<ids.count, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<50 where ids.count < 60, _ where ids.count < 3:
                let low = random.next() & 0x3FFF_FFFF_FFFF_FFFC | 0x8000_0000_0000_0000 | UInt64(lane)
                let id = RecordID(high: random.next() & ~0xF000 | 0x8000, low: low)
                let text = "seed \(seed) lane \(lane) number \(number)"
                say("remember \(id) \(text)")
                try await engine.remember(NewMemory(text, id: id, tags: ["lane \(lane)"]))
                ids.append(id)
            case 0..<75:
                let text = "edited by \(seed) lane \(lane) number \(number)"
                say("update \(ids[place]) \(text)")
                try await engine.update(ids[place], RecordPatch(text: text))
            case 75..<97:
                say("forget \(ids[place])")
                try await engine.forget(.ids([ids[place]]))
                ids.remove(at: place)
            case 97..<99:
                guard lane == 0 else { continue }
                say("other backup")
                _ = try await engine.backUp(to: BackupFolder(path: folder + "/backups"))
            default:
                guard lane == 1 else { continue }
                say("other compact")
                try await engine.compact()
                try await engine.reclaimSpace(changeCountMax: 500)
            }
            Main.say("ok \(number)")
        }
    }
}
