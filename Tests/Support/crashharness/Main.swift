import Foundation

/// Kills a writer of a memory at random moments and says what was lost.
///
/// ```
/// crashharness [--kills N] [--seed S] [--folder DIR]     one line a hundred kills; exit code 1 when anything was lost
/// crashharness write DIR SEED                            the writer, until it is killed
/// ```
/// A seed decides the operations of every writer and after how many of its lines it is killed; only the moment within
/// the last operation is the machine's.
@main struct Main {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "write", arguments.count == 3, let seed = UInt64(arguments[2]) {
            try await Writer(folder: arguments[1], seed: seed).run()
            return
        }
        func value(_ name: String) -> String? {
            arguments.firstIndex(of: name).flatMap { arguments.indices.contains($0 + 1) ? arguments[$0 + 1] : nil }
        }
        let seed = value("--seed").flatMap(UInt64.init) ?? UInt64.random(in: 1...1_000_000)
        let folder =
            value("--folder") ?? FileManager.default.temporaryDirectory.appending(path: "strata-crash-\(seed)").path
        defer { if value("--folder") == nil { try? FileManager.default.removeItem(atPath: folder) } }
        var judge = Judge(folder: folder, seed: seed)
        do {
            try await judge.run(killCount: value("--kills").flatMap(Int.init) ?? 20)
        } catch let verdict as Judge.Verdict {
            say("FAILED: \(verdict.description); replay with --seed \(seed)")
            exit(1)
        }
    }

    /// Writes a line at once, whatever standard output is.
    static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
