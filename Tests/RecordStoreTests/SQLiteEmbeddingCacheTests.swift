import Foundation
import StrataCore
import Testing

@testable import RecordStore

struct SQLiteEmbeddingCacheTests {
    /// A folder that goes away with the test.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: "strata-cache-\(UUID().uuidString)").path
        var file: String { path + "/cache.sqlite" }
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func bytes() throws -> Data {
            try FileManager.default.contentsOfDirectory(atPath: path).sorted().reduce(into: Data()) { all, name in
                all += try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
            }
        }
    }

    private static func entry(_ number: Int, role: EmbeddingRole = .document, at seconds: Int = 0)
        -> EmbeddingCacheEntry
    {
        EmbeddingCacheEntry(
            key: EmbeddingCacheKey(
                fingerprint: "model \(number % 2)", role: role, digest: SHA256.digest(of: "text \(number)")),
            embedding: Embedding(
                // An odd dimension and floats that no decimal notation keeps.
                vector: (0..<383).map { 1 / Float(number * 383 + $0 + 3) }, tokenCount: number,
                isTruncated: number % 2 == 0, chunkCount: number + 1),
            madeAt: Timestamp(milliseconds: 1_777_000_000_000 + Int64(seconds) * 1000))
    }

    private func open(_ folder: Folder, bytesMax: Int = 64 << 20) async -> SQLiteEmbeddingCache {
        var limits = EmbeddingCacheLimits()
        limits.diskBytesMax = bytesMax
        return await SQLiteEmbeddingCache.open(at: folder.file, limits: limits)
    }

    private func sorted(_ entries: [EmbeddingCacheEntry]) -> [EmbeddingCacheEntry] {
        entries.sorted { $0.embedding.tokenCount < $1.embedding.tokenCount }
    }

    @Test func entriesComeBackBitForBitAfterReopening() async throws {
        let folder = try Folder()
        let entries = (0..<40).map { Self.entry($0, role: $0 % 3 == 0 ? .query : .document) }
        var cache = await open(folder)
        #expect(await cache.entries(of: entries.map(\.key)).isEmpty)
        await cache.keep(entries)
        await cache.keep([entries[3]])
        #expect(sorted(await cache.entries(of: entries.map(\.key))) == entries)
        await cache.close()
        cache = await open(folder)
        let other = EmbeddingCacheKey(fingerprint: "model 1", role: .query, digest: entries[1].key.digest)
        #expect(sorted(await cache.entries(of: entries.map(\.key) + [other])) == entries)
        let statistics = await cache.statistics()
        #expect(statistics.entryCount == 40 && statistics.resetCount == 0 && statistics.fileBytes > 40 * 1532)
        await cache.close()
        #expect(await cache.entries(of: entries.map(\.key)).isEmpty)
    }

    @Test func removedVectorsLeaveTheFiles() async throws {
        let folder = try Folder()
        let cache = await open(folder)
        let entries = (0..<30).map { Self.entry($0) }
        await cache.keep(entries)
        let secret = VectorBlob.data(entries[7].embedding.vector)
        #expect(try folder.bytes().range(of: secret) != nil)
        try await cache.prepareRemoval()
        try await cache.remove(textsOf: [entries[7].key.digest])
        #expect(try folder.bytes().range(of: secret) == nil)
        #expect(try folder.bytes().range(of: Data(entries[7].key.digest.bytes)) == nil)
        #expect(await cache.entries(of: [entries[7].key]).isEmpty)
        #expect(await cache.entries(of: entries.map(\.key)).count == 29)
        await cache.close()
    }

    @Test func aCrashInTheMidstOfARemovalEmptiesTheCache() async throws {
        let folder = try Folder()
        let entries = (0..<10).map { Self.entry($0) }
        var cache = await open(folder)
        await cache.keep(entries)
        try await cache.prepareRemoval()
        await cache.close()
        cache = await open(folder)
        #expect(await cache.entries(of: entries.map(\.key)).isEmpty)
        #expect(await cache.statistics().resetCount == 1)
        #expect(try folder.bytes().range(of: VectorBlob.data(entries[2].embedding.vector)) == nil)
        await cache.keep(entries)
        #expect(await cache.entries(of: entries.map(\.key)).count == 10)
        await cache.close()
    }

    @Test(arguments: ["junk", "empty", "cut", "other database", "folder", "newer"])
    func aFileThatCannotBeUsedIsMadeAnew(damage: String) async throws {
        let folder = try Folder()
        let url = URL(filePath: folder.file)
        let entries = (0..<200).map { Self.entry($0) }
        var cache = await open(folder)
        await cache.keep(entries)
        await cache.close()
        switch damage {
        case "junk": try Data((0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }).write(to: url)
        case "empty": try Data().write(to: url)
        case "cut": try Data(contentsOf: url).prefix(20_000).write(to: url)
        case "folder":
            try FileManager.default.removeItem(at: url)
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        case "newer":
            var bytes = try Data(contentsOf: url)
            bytes[63] = 9  // The last byte of `user_version`.
            try bytes.write(to: url)
        default:
            try FileManager.default.removeItem(at: url)
            let store = try await SQLiteStore.open(at: folder.file)
            try await store.close()
        }
        cache = await open(folder)
        _ = await cache.entries(of: entries.map(\.key))
        await cache.keep(entries)
        await cache.keep(entries)
        #expect(sorted(await cache.entries(of: entries.map(\.key))) == entries)
        await cache.close()
    }

    @Test(arguments: 0..<20 as Range<Int>)
    func aChangedByteNeverChangesAVector(seed: Int) async throws {
        let folder = try Folder()
        let entries = (0..<60).map { Self.entry($0) }
        var cache = await open(folder)
        await cache.keep(entries)
        await cache.close()
        var bytes = try Data(contentsOf: URL(filePath: folder.file))
        for step in 0..<40 { bytes[4096 + (seed * 7919 + step * 104_729) % (bytes.count - 4096)] ^= 0x41 }
        try bytes.write(to: URL(filePath: folder.file))
        cache = await open(folder)
        for entry in await cache.entries(of: entries.map(\.key)) {
            #expect(entries.contains { $0.key == entry.key && $0.embedding.vector == entry.embedding.vector })
        }
        await cache.keep(entries)
        await cache.close()
    }

    @Test func theOldestLeaveWhenTheFileIsFull() async throws {
        let folder = try Folder()
        let cache = await open(folder, bytesMax: 1 << 20)
        for round in 0..<40 { await cache.keep((0..<50).map { Self.entry(round * 50 + $0, at: round) }) }
        let statistics = await cache.statistics()
        #expect(statistics.entryCount > 300 && statistics.entryCount < 700)
        #expect(statistics.fileBytes < 2 << 20)
        #expect(await cache.entries(of: (1950..<2000).map { Self.entry($0).key }).count == 50)
        #expect(await cache.entries(of: (0..<50).map { Self.entry($0).key }).isEmpty)
        await cache.close()
    }

    @Test func whatIsTooOldLeavesWithLaterWrites() async throws {
        let folder = try Folder()
        let cache = await open(folder)
        await cache.keep((0..<50).map { Self.entry($0) })
        await cache.keep((50..<100).map { Self.entry($0, at: 8 * 86_400) })
        #expect(await cache.statistics().entryCount == 50)
        await cache.close()
    }

    @Test func readersWritersAndRemovalsRunBesideOneAnother() async throws {
        let folder = try Folder()
        let cache = await open(folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for round in 0..<10 {
                        let entries = (0..<8).map { Self.entry(worker * 100 + round * 8 + $0) }
                        await cache.keep(entries)
                        let found = await cache.entries(of: entries.map(\.key))
                        #expect(found.count == 8)
                        try await cache.prepareRemoval()
                        try await cache.remove(textsOf: entries.prefix(4).map(\.key.digest))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await cache.statistics().entryCount == 8 * 10 * 4)
        #expect(await cache.statistics().resetCount == 0)
        await cache.close()
    }
}
