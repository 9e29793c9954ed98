import Backup
import Foundation
import StrataCore
import StrataTesting
import Testing

/// The seeds a test runs with: fixed ones, or the one in SEED, to replay a failure.
enum Seeds {
    static let ci: [UInt64] =
        ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init).map { [$0] } ?? [1, 2, 3]
}

/// A folder that goes away with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "strata-backup-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Pages of a made-up database, and backups of them.
struct PageFile {
    static let pageSize = 512
    var pages: [[UInt8]]

    init(pageCount: Int, random: inout SeededGenerator) {
        pages = (0..<pageCount).map { _ in (0..<Self.pageSize).map { _ in UInt8.random(in: 0...7, using: &random) } }
    }

    var bytes: [UInt8] { Array(pages.joined()) }

    mutating func change(_ count: Int, random: inout SeededGenerator) {
        for _ in 0..<count {
            let index = Int.random(in: 0..<pages.count, using: &random)
            pages[index][Int.random(in: 0..<Self.pageSize, using: &random)] = UInt8.random(in: 8...255, using: &random)
        }
    }

    /// Writes a backup of the pages, upon the newest one of the folder unless `isFull`.
    @discardableResult
    func save(
        to folder: BackupFolder, in scratch: Scratch, number: Int64, isFull: Bool = false,
        sealer: (any ChunkSealer)? = nil
    ) throws -> BackupHeader {
        let file = scratch.path + "/pages"
        try Data(bytes).write(to: URL(filePath: file))
        try folder.prepare()
        var header = BackupHeader(
            id: String(repeating: "0", count: 12) + String(1000 + number), kind: .full,
            createdAt: Timestamp(milliseconds: number * 1000), change: number, schemaVersion: 1,
            pageSize: Self.pageSize, pageCount: pages.count)
        var digests: [UInt8] = []
        if !isFull, let last = folder.list().entries.last {
            let base = try BackupReader(path: last.path, sealer: sealer).read { _, _ in }
            header.kind = .incremental
            (header.baseID, header.baseChange) = (last.header.id, last.header.change)
            header.baseDigest = base.summary.databaseDigest
            digests = base.digests
        }
        return try BackupWriter(sealer: sealer).write(
            header, of: file, baseDigests: digests, recordCounts: ["a": 3], vectorCount: 2, to: folder.file(for: header)
        ) { _, _ in }.header
    }
}

/// Puts a backup together and gives its bytes.
func assembled(
    _ id: String, of folder: BackupFolder, in scratch: Scratch, sealer: (any ChunkSealer)? = nil
) throws -> [UInt8] {
    let target = scratch.path + "/assembled-\(UUID().uuidString)"
    let chain = try BackupChain(try BackupFolder.chain(to: id, in: folder.list().entries), sealer: sealer)
    _ = try chain.assemble(at: target) { _, _ in }
    return Array(try Data(contentsOf: URL(filePath: target)))
}
