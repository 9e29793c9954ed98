import Backup
import Foundation
import Strata
import StrataCore
import StrataTesting

/// Starts writers, kills them, and holds the memory against what they were told.
struct Judge {
    /// Something that must never happen.
    struct Verdict: Error, CustomStringConvertible {
        let description: String
    }

    let folder: String
    let seed: UInt64
    private var random: SeededGenerator
    /// What is acknowledged.
    private var texts: [RecordID: String] = [:]
    private var forgotten: Set<RecordID> = []
    private var acknowledgedCount = 0
    private var openCount = 0
    private var backupCount = 0

    init(folder: String, seed: UInt64) {
        self.folder = folder
        self.seed = seed
        random = SeededGenerator(seed: seed)
    }

    mutating func run(killCount: Int) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for kill in 1...killCount {
            let lines = try runWriter(number: kill)
            let open = try replay(lines)
            try await check(open, kill: kill)
            if kill % 10 == 0 || kill == killCount { try await checkBackups(kill: kill) }
            if kill % 100 == 0 || kill == killCount {
                Main.say(
                    """
                    seed \(seed): \(kill) kills, \(acknowledgedCount) acknowledged operations, \(openCount) in flight, \
                    \(texts.count) records, \(forgotten.count) forgotten, \(backupCount) backups restored; lost 0, \
                    resurrected 0
                    """)
            }
        }
    }

    /// Runs a writer until it has said a random number of lines, and a random while longer.
    private mutating func runWriter(number: Int) throws -> [Substring] {
        let writer = Process()
        writer.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        writer.arguments = ["write", folder, String(seed &* 100_000 &+ UInt64(number))]
        let output = Pipe()
        writer.standardOutput = output
        try writer.run()
        // Now and then within the opening, before anything was said.
        let wanted = Int.random(in: 0..<10, using: &random) == 0 ? 0 : Int.random(in: 1...240, using: &random)
        var said = Data()
        var lineCount = 0
        while lineCount < wanted {
            let part = output.fileHandleForReading.availableData
            guard !part.isEmpty else { throw Verdict(description: "writer \(number) ended by itself") }
            said += part
            lineCount = said.count { $0 == UInt8(ascii: "\n") }
        }
        let spins = Int.random(in: 0...(wanted == 0 ? 20_000_000 : 400_000), using: &random)
        for _ in 0..<spins { _ = random.next() }
        kill(writer.processIdentifier, SIGKILL)
        writer.waitUntilExit()
        said += output.fileHandleForReading.readDataToEndOfFile()
        // What comes after the last line end was being written when the writer was killed.
        let whole = said.lastIndex(of: UInt8(ascii: "\n")).map { said[...$0] } ?? Data()
        return String(decoding: whole, as: UTF8.self).split(separator: "\n")
    }

    /// An operation that was begun and not acknowledged: it may have happened or not.
    private struct Open {
        let id: RecordID
        /// The text it would have left; nil for forgetting.
        let text: String?
    }

    private mutating func replay(_ lines: [Substring]) throws -> [RecordID: Open] {
        var open: [Substring: Open] = [:]
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 4)
            if words.first == "ok", let done = open.removeValue(forKey: words[1]) {
                texts[done.id] = done.text
                if done.text == nil { forgotten.insert(done.id) }
                acknowledgedCount += 1
            } else if words.first == "try", let id = RecordID(String(words[3])) {
                open[words[1]] = Open(id: id, text: words.count > 4 ? String(words[4]) : nil)
            }
        }
        openCount += open.count
        return Dictionary(open.values.map { ($0.id, $0) }) { $1 }
    }

    private mutating func check(_ open: [RecordID: Open], kill: Int) async throws {
        let engine = try await Writer.open(folder, seed: seed)
        let found = try await Self.texts(engine)
        try await engine.close()
        for (id, text) in texts where found[id] != text {
            guard let open = open[id], open.text == found[id] else {
                throw Verdict(
                    description: found[id] == nil
                        ? "kill \(kill): record \(id) was acknowledged and is lost"
                        : "kill \(kill): record \(id) has not the text that was acknowledged")
            }
        }
        for id in found.keys {
            if forgotten.contains(id) {
                throw Verdict(description: "kill \(kill): record \(id) was forgotten and is back")
            }
            guard texts[id] != nil || open[id] != nil else {
                throw Verdict(description: "kill \(kill): record \(id) was never stored")
            }
        }
        // What was in flight is decided now.
        for (id, operation) in open where operation.text == nil && found[id] == nil { forgotten.insert(id) }
        texts = found
        let report = await MemoryEngine.diagnose(
            at: folder + "/data", configuration: Self.configuration, verification: .check)
        for check in report.checks where check.status == .failure {
            throw Verdict(description: "kill \(kill): \(check.name): \(check.message)")
        }
    }

    /// Restores the newest backup into a folder of its own: it must be sound, and hold nothing that was forgotten.
    private mutating func checkBackups(kill: Int) async throws {
        let backups = BackupFolder(path: folder + "/backups")
        let listing = backups.list()
        guard listing.unreadable.isEmpty else {
            throw Verdict(description: "kill \(kill): \(listing.unreadable.count) backups are incomplete")
        }
        guard let last = listing.entries.last else { return }
        _ = try await MemoryEngine.verifyBackup(last.header.id, in: backups, scratch: folder)
        let target = folder + "/restored"
        try? FileManager.default.removeItem(atPath: target)
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: folder + "/data", toPath: target + "/data")
        _ = try await MemoryEngine.restore(from: backups, to: target + "/data")
        let engine = try await Writer.open(target, seed: seed)
        let found = try await Self.texts(engine)
        try await engine.close()
        if let id = found.keys.first(where: forgotten.contains) {
            throw Verdict(description: "kill \(kill): record \(id) was forgotten and came back with a backup")
        }
        try FileManager.default.removeItem(atPath: target)
        // A chain that grows for ever would make the run slower and slower.
        if listing.entries.count > 40 { try backups.remove(listing.entries) }
        backupCount += 1
    }

    private static var configuration: EngineConfiguration {
        var configuration = EngineConfiguration()
        configuration.model = .embedder(SeededEmbedder(dimension: 64))
        return configuration
    }

    private static func texts(_ engine: MemoryEngine) async throws -> [RecordID: String] {
        var texts: [RecordID: String] = [:]
        var cursor: String?
        repeat {
            let page = try await engine.list(cursor: cursor, limit: 1000)
            for record in page.records { texts[record.id] = record.text }
            cursor = page.nextCursor
        } while cursor != nil
        return texts
    }
}
