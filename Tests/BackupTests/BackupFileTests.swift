import Backup
import BackupEncryption
import Foundation
import StrataCore
import StrataTesting
import Testing

@Suite struct BackupFileTests {
    private static let key = String(repeating: "0f", count: 32)

    @Test(arguments: Seeds.ci, [false, true])
    func aChainGivesBackEveryStateThatWasSaved(seed: UInt64, isSealed: Bool) throws {
        let scratch = try Scratch()
        let folder = BackupFolder(path: scratch.path + "/backups")
        let sealer = isSealed ? try AESGCMSealer(keyText: Self.key) : nil
        var random = SeededGenerator(seed: seed)
        var file = PageFile(pageCount: 200, random: &random)
        var states: [(String, [UInt8])] = []
        for number in 1...6 {
            let header = try file.save(to: folder, in: scratch, number: Int64(number), sealer: sealer)
            states.append((header.id, file.bytes))
            file.change(number * 3, random: &random)
            // The file grows and shrinks as databases do.
            if number % 2 == 0 {
                file.pages += PageFile(pageCount: 40, random: &random).pages
            } else {
                file.pages.removeLast(25)
            }
        }
        for (id, bytes) in states { #expect(try assembled(id, of: folder, in: scratch, sealer: sealer) == bytes) }
        let sizes = folder.list().entries.map(\.fileBytes)
        #expect(sizes[1] * 3 < sizes[0], "an increment is not smaller: \(sizes)")
    }

    @Test func aSealedBackupShowsNothingAndOpensWithItsKeyOnly() throws {
        let scratch = try Scratch()
        let folder = BackupFolder(path: scratch.path + "/backups")
        var random = SeededGenerator(seed: 1)
        var file = PageFile(pageCount: 20, random: &random)
        file.pages[3] = Array("a secret that must not be seen".utf8) + [UInt8](repeating: 0, count: 482)
        let sealer = try AESGCMSealer(keyText: Self.key)
        let header = try file.save(to: folder, in: scratch, number: 1, sealer: sealer)
        let data = try Data(contentsOf: URL(filePath: folder.list().entries[0].path))
        #expect(data.range(of: Data("recordCounts".utf8)) == nil && header.sealing == "AES-256-GCM")
        for other in [nil, try AESGCMSealer(keyText: String(repeating: "0e", count: 32))] {
            let error = #expect(throws: StrataError.self) {
                try assembled(header.id, of: folder, in: scratch, sealer: other)
            }
            #expect(error?.code == .invalidArgument && error?.message.contains("key") == true)
        }
        for text in ["", "abc", String(repeating: "zz", count: 32)] {
            #expect(throws: StrataError.self) { try AESGCMSealer(keyText: text) }
        }
        let base64 = Data((0..<32).map { _ in UInt8(0x0f) }).base64EncodedString() + "\n"
        #expect(try assembled(header.id, of: folder, in: scratch, sealer: AESGCMSealer(keyText: base64)) == file.bytes)
    }

    @Test func aMissingLinkAndAForeignBaseAreNamed() throws {
        let scratch = try Scratch()
        let folder = BackupFolder(path: scratch.path + "/backups")
        var random = SeededGenerator(seed: 1)
        var file = PageFile(pageCount: 20, random: &random)
        for number in 1...3 {
            try file.save(to: folder, in: scratch, number: Int64(number))
            file.change(3, random: &random)
        }
        let entries = folder.list().entries
        // A full backup of other data under the id of the first.
        try FileManager.default.removeItem(atPath: entries[0].path)
        #expect(throws: StrataError.self) { try assembled(entries[2].header.id, of: folder, in: scratch) }
        let strangers = BackupFolder(path: scratch.path + "/strangers")
        let stranger = try PageFile(pageCount: 20, random: &random).save(to: strangers, in: scratch, number: 1)
        #expect(stranger.id == entries[0].header.id)
        try FileManager.default.copyItem(atPath: strangers.list().entries[0].path, toPath: entries[0].path)
        let error = #expect(throws: StrataError.self) { try assembled(entries[2].header.id, of: folder, in: scratch) }
        #expect(error?.code == .corrupted)
    }

    /// How many mutations a fuzzing run makes: FUZZ_COUNT, or few.
    private static let mutationCount =
        ProcessInfo.processInfo.environment["FUZZ_COUNT"].flatMap(Int.init) ?? 1500

    @Test(arguments: [false, true]) func whateverIsDoneToABackupIsAnErrorOrNothing(isSealed: Bool) throws {
        let scratch = try Scratch()
        let folder = BackupFolder(path: scratch.path + "/backups")
        let sealer = isSealed ? try AESGCMSealer(keyText: Self.key) : nil
        var random = SeededGenerator(seed: Seeds.ci[0])
        let file = PageFile(pageCount: 12, random: &random)
        let header = try file.save(to: folder, in: scratch, number: 1, sealer: sealer)
        let entry = folder.list().entries[0]
        let good = Array(try Data(contentsOf: URL(filePath: entry.path)))
        var refusedCount = 0
        for step in 0..<Self.mutationCount {
            let bad = SeededMutator.mutated(good, random: &random)
            guard bad != good else { continue }
            try Data(bad).write(to: URL(filePath: entry.path))
            do {
                let reader = try BackupReader(path: entry.path, sealer: sealer)
                var pages: [UInt8] = []
                _ = try reader.read { pages += $1 }
                #expect(pages == file.bytes, "step \(step): damage went unnoticed")
            } catch {
                #expect(error is StrataError, "step \(step): \(error)")
                refusedCount += 1
            }
        }
        #expect(refusedCount > Self.mutationCount / 2)
        #expect(header.pageCount == 12)
    }

    @Test func unfinishedFilesAreRemovedAndNeverListed() throws {
        let scratch = try Scratch()
        let folder = BackupFolder(path: scratch.path + "/backups")
        try folder.prepare()
        let partial = folder.path + "/.partial-1-full-0000000000000001.strata-backup"
        try Data([1, 2, 3]).write(to: URL(filePath: partial))
        try Data([1, 2, 3]).write(to: URL(filePath: folder.path + "/bad.strata-backup"))
        #expect(folder.list().entries.isEmpty && Array(folder.list().unreadable.keys) == ["bad.strata-backup"])
        try folder.prepare()
        #expect(!FileManager.default.fileExists(atPath: partial))
        struct Stop: Error {}
        var random = SeededGenerator(seed: 1)
        let file = scratch.path + "/pages"
        try Data(PageFile(pageCount: 8, random: &random).bytes).write(to: URL(filePath: file))
        let header = BackupHeader(
            id: "0000000000000001", kind: .full, createdAt: Timestamp(milliseconds: 0), change: 1, schemaVersion: 1,
            pageSize: 512, pageCount: 8)
        #expect(throws: Stop.self) {
            _ = try BackupWriter().write(
                header, of: file, baseDigests: [], recordCounts: [:], vectorCount: 0,
                to: folder.path + "/x.strata-backup"
            ) { _, _ in throw Stop() }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["bad.strata-backup"])
    }
}
