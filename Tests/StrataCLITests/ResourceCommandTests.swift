import Foundation
import StrataCore
import Testing

/// A control group of the memory controller that is removed with the test; version 1 or 2, whichever can be written.
private final class MemoryGroup: Sendable {
    let path: String
    let source: String

    /// A group with a limit, or nil where none can be made: without the rights, or where no controller is mounted.
    init?(limitBytes: Int) {
        let name = "strata-test-\(UUID().uuidString)"
        for (root, file, source) in [
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "cgroup1"), ("/sys/fs/cgroup", "memory.max", "cgroup2"),
        ] where FileManager.default.fileExists(atPath: root + "/cgroup.procs") {
            let path = root + "/" + name
            guard mkdir(path, 0o755) == 0 else { continue }
            if (try? String(limitBytes).write(toFile: path + "/" + file, atomically: false, encoding: .utf8)) != nil {
                (self.path, self.source) = (path, source)
                return
            }
            rmdir(path)
        }
        return nil
    }

    deinit { rmdir(path) }
}

@Suite struct ResourceCommandTests {
    @Test func inAControlGroupItsLimitIsWhatStatsShow() async throws {
        let limitBytes = 192 << 20
        guard let group = MemoryGroup(limitBytes: limitBytes) else {
            print("SKIPPED: no memory control group can be made here, so the limit of a real one is not read")
            return
        }
        let strata = try Strata()
        _ = try await strata.remember("one thing")
        let command = "echo $$ > \(group.path)/cgroup.procs && exec \"$0\" stats --json"
        let child = try strata.child(
            ["-c", command, Strata.executable.path], of: URL(fileURLWithPath: "/bin/sh"))
        try child.start()
        child.closeInput()
        let outcome = try await child.outcome()
        #expect(outcome.status == 0, "\(outcome.err)")
        let reading = try #require(try outcome.json.first?["resources"]?["reading"])
        // The machine is the tightest where it is fuller than the group; the group's limit is read all the same.
        #expect(reading["groupLimitBytes"]?.integer == Int64(limitBytes))
        if reading["source"]?.stringValue != "machine" {
            let used = try #require(reading["usedBytes"]?.integer)
            #expect(reading["source"]?.stringValue == group.source && used > 100_000 && used < limitBytes)
        }
    }
}
