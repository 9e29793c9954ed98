import Foundation
import RecordStore
import StrataCore

/// Stores records 1, 2, 3, … in the database of its first argument, some units a commit, and prints the last number of a
/// commit once it has returned. It ends when it is killed.
@main struct CrashChild {
    static func main() async throws {
        let store = try await SQLiteStore.open(at: CommandLine.arguments[1])
        let space = EmbeddingSpace(model: "crash", revision: "0", dimension: 384)
        var number = 0
        while true {
            let numbers = (1...(1 + number % 5)).map { number + $0 }
            let units = numbers.map { number in
                let record = MemoryRecord(
                    id: RecordID(high: 0x7000, low: UInt64(number)), namespace: "crash", text: "text \(number)",
                    tags: ["tag"], createdAt: Timestamp(milliseconds: Int64(number)))
                let content = RecordContent(
                    digest: SHA256.digest(of: record.text), terms: ["text", "\(number)"],
                    embedding: StoredEmbedding(space: space, vector: [Float](repeating: Float(number), count: 384)))
                return [StoreMutation.insert(record, content, onDuplicate: .skip)]
            }
            let results = try await store.commit(units, at: Timestamp(milliseconds: 0))
            for result in results { _ = try result.get() }
            number += numbers.count
            FileHandle.standardOutput.write(Data("\(number)\n".utf8))
        }
    }
}
