import Foundation
import Strata
import StrataCore
import StrataTesting

/// The seeds a test runs with: fixed ones, or the one in SEED, to replay a failure.
enum Seeds {
    static let ci: [UInt64] =
        ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init).map { [$0] } ?? [1, 2, 3]
}

/// A folder that goes away with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "strata-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// An engine over a seeded embedder and a clock that stands still.
func openEngine(
    at path: String, embedder: SeededEmbedder? = SeededEmbedder(), clock: ManualClock = ManualClock(),
    seed: UInt64 = 1, configure: (inout EngineConfiguration) -> Void = { _ in }
) async throws -> MemoryEngine {
    var configuration = EngineConfiguration()
    configuration.model = embedder.map { .embedder($0) } ?? .none
    let random = SeededBits(seed: seed)
    configuration.environment = EngineEnvironment(
        now: { clock.now }, randomBits: { random.next() }, sleep: { try await clock.sleep(for: $0) })
    configure(&configuration)
    return try await MemoryEngine.open(at: path, configuration: configuration)
}
