import Foundation
import StrataCore
import Telemetry

/// A moment so many seconds after a fixed one.
func moment(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 1_777_914_720_000) + .seconds(seconds) }

/// What a child process answered to an input.
struct ToolAnswer {
    let status: Int32
    let text: String

    init(_ executable: String, _ arguments: [String], input: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "strata-tool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files and not pipes: nobody has to read while the child writes.
        let (source, output) = (folder.appending(path: "in"), folder.appending(path: "out"))
        try Data(input.utf8).write(to: source)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: source)
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        status = process.terminationStatus
        text = try String(contentsOf: output, encoding: .utf8)
    }
}

/// Peers that judge what is written; tests that need one that is not there say so and are counted as skipped.
enum Peer {
    static let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// The Python of `Tools/setup --test`, or another one that has prometheus_client.
    static let python: String? = {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["STRATA_HOME"] ?? (environment["HOME"] ?? "") + "/.local/share/strata"
        return [home + "/tools-venv/bin/python", "/usr/bin/python3", "/usr/local/bin/python3"].first { path in
            FileManager.default.isExecutableFile(atPath: path)
                && (try? ToolAnswer(path, ["-c", "import prometheus_client"], input: ""))?.status == 0
        }
    }()

    /// The repository's folder.
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
}
