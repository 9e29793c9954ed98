import Foundation
import StrataCore
import StrataTesting
import Testing

/// Feeds a reader with damaged copies of whole files.
///
/// FUZZ_SECONDS is the time that each reader gets; a fraction of a second without it. SEED replays a run: the inputs
/// follow from the seed and the step alone.
enum Fuzz {
    static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) ?? 1
    private static let seconds = ProcessInfo.processInfo.environment["FUZZ_SECONDS"].flatMap(Double.init) ?? 0.5
    /// Longer than this for one small input is a hang, on whatever machine.
    private static let slowest = Duration.seconds(20)

    /// Calls `read` with damaged samples until the time is over; it may throw a `StrataError` or whatever `isExpected`
    /// takes, and nothing else.
    static func run(
        _ samples: [[UInt8]], isExpected: (any Error) -> Bool = { $0 is StrataError }, read: ([UInt8]) throws -> Void
    ) throws {
        try #require(!samples.isEmpty)
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var step: UInt64 = 0
        var refusedCount = 0
        while step < 50 || clock.now < end {
            step += 1
            var random = SeededGenerator(seed: seed &* 1_000_000_007 &+ step)
            let sample = samples[Int(step) % samples.count]
            let input = SeededMutator.mutated(sample, random: &random)
            let time = try clock.measure {
                do {
                    try read(input)
                } catch  where isExpected(error) {
                    refusedCount += 1
                }
            }
            #expect(time < slowest, "seed \(seed) step \(step) took \(time)")
        }
        #expect(refusedCount > 0, "no input was refused, so nothing was tested")
    }

    /// A file beside the tests of another target.
    static func fixture(_ path: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: path)
    }
}

/// A folder that goes away with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "strata-fuzz-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
