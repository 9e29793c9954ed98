import Foundation
import RecordStore
import StrataCore
public import StrataTesting
public import Testing

extension MemoryStoreConformance: CustomTestStringConvertible {
    /// The rule, as the test's report names it.
    public var testDescription: String { description }
}

/// The seeds a test runs with, or the one in SEED, to replay a failure.
enum Seeds {
    static let ci: [UInt64] =
        ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init).map { [$0] } ?? [1, 2, 3, 4, 5]
}

/// Runs a test with the path of a database in a folder of its own, which is gone afterwards.
func withScratch(_ body: (_ database: String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "strata-store-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder + "/memory.sqlite")
}

extension MemoryStore {
    /// Stores a new record alone in a commit.
    func remember(_ number: Int, in namespace: String = "a", onDuplicate policy: DuplicatePolicy = .skip) async throws {
        let record = StoreSample.record(number, "text \(number)", in: namespace, tags: ["t"])
        let results = try await commit(
            [[StoreSample.insert(record, space: StoreSample.space, onDuplicate: policy)]], at: StoreSample.time(1))
        _ = try results[0].get()
    }

    /// The numbers of the records that ``remember(_:in:onDuplicate:)`` stored.
    func numbers(in namespace: String = "a") async throws -> [Int] {
        try await list(in: namespace, matching: nil, after: nil, limit: .max).map { Int($0.record.id.low) }
    }
}
