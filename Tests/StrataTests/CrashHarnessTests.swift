import Foundation
import Testing

@Suite struct CrashHarnessTests {
    /// A short run of the harness; `crashharness --kills 500` is the long one.
    @Test(arguments: Seeds.ci.prefix(2))
    func killsAtRandomMomentsLoseNothingAndBringNothingBack(seed: UInt64) async throws {
        let harness = Process()
        harness.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "crashharness")
        let scratch = try Scratch()
        harness.arguments = ["--kills", "10", "--seed", String(seed), "--folder", scratch.path]
        let output = Pipe()
        harness.standardOutput = output
        try harness.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        harness.waitUntilExit()
        #expect(harness.terminationStatus == 0, "\(said)")
        #expect(said.contains("lost 0, resurrected 0"))
    }
}
